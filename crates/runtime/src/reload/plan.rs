//! What a change of resources asks for: events in, actions out.
//!
//! It knows what the source wants and what is loaded, and it touches neither. Whoever asks for the [`Actions`] does all of
//! them; then what is loaded is what was wanted.

use std::collections::BTreeSet;

use dapr_resources::component::{Category, DenyList};
use dapr_resources::{
    Component, Configuration, ConfigurationSpec, Desired, Difference, HttpEndpoint, Loaded, Resiliency, Resource,
    Subscription,
};

use crate::components::is_actor_store;

#[cfg(test)]
mod tests;

/// What a source tells of one kind.
#[derive(Clone, Debug)]
pub(crate) enum Change<R> {
    /// These are all; those whose names follow are there and cannot be read now.
    All(Vec<R>, Vec<String>),
    /// One is new or has changed.
    Put(R),
    /// One is gone.
    Removed(R),
}

/// What a source tells.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Component(Change<Component>),
    HttpEndpoint(Box<Change<HttpEndpoint>>),
    Resiliency(Change<Resiliency>),
    Subscription(Change<Subscription>),
    /// The Configuration of this sidecar.
    Configuration(Box<Configuration>),
}

/// Who sees which resources.
pub(crate) struct Rules {
    pub(crate) app_id: String,
    /// Absent where the source has looked at namespaces already.
    pub(crate) namespace: Option<String>,
}

/// Whether the sidecar starts over for a Configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reconfigure {
    /// It is exchanged while calls run.
    InPlace(Box<Configuration>),
    /// What has changed is fixed for as long as the sidecar runs.
    StartOver,
}

/// What is to be done, in this order; absent where nothing has changed.
#[derive(Debug)]
pub(crate) struct Actions {
    pub(crate) configuration: Option<Reconfigure>,
    pub(crate) resiliencies: Option<Vec<Resiliency>>,
    pub(crate) components: Difference<Component>,
    pub(crate) http_endpoints: Option<Vec<HttpEndpoint>>,
    pub(crate) subscriptions: Option<Vec<Subscription>>,
}

/// What is wanted, and what is loaded.
pub(crate) struct Plan {
    rules: Rules,
    deny: DenyList,
    configuration: Configuration,
    wanted_configuration: Configuration,
    components: Kind<Component>,
    http_endpoints: Kind<HttpEndpoint>,
    resiliencies: Kind<Resiliency>,
    subscriptions: Kind<Subscription>,
    /// Files of a resources directory; they are told of, and have no effect.
    configurations: Kind<Configuration>,
    /// Actor state stores that wait for the one there is to go.
    waiting_actor_stores: BTreeSet<String>,
}

struct Kind<R> {
    wanted: Desired<R>,
    loaded: Vec<R>,
}

impl<R: Resource> Kind<R> {
    fn new(resources: &[R], sees: impl Fn(&R) -> bool) -> Self {
        let loaded = resources.iter().filter(|resource| sees(resource)).cloned().collect();
        Self { wanted: Desired::new(resources.to_vec()), loaded }
    }

    fn take(&mut self, change: Change<R>) {
        match change {
            Change::All(all, unreadable) => {
                self.wanted.replace(all, |hidden| unreadable.contains(&hidden.metadata().name));
            }
            Change::Put(resource) => self.wanted.put(resource),
            Change::Removed(resource) => self.wanted.remove(&resource.metadata().name),
        }
    }

    /// As [`Kind::exchange`], where the order does not matter and what comes is put last; of one name the last counts.
    fn exchange_each(&mut self) -> Option<Vec<R>> {
        let mut wanted: Vec<R> = Vec::new();
        for resource in self.wanted.all() {
            wanted.retain(|earlier| earlier.metadata().name != resource.metadata().name);
            wanted.push(resource.clone());
        }
        let difference = Difference::between(&self.loaded, &wanted);
        if difference.is_empty() {
            return None;
        }
        tell(&difference, "reloading in place");
        let Difference { changed, added, .. } = difference;
        self.loaded.retain(|loaded| wanted.contains(loaded));
        self.loaded.extend(changed.into_iter().chain(added));
        Some(self.loaded.clone())
    }

    /// All that is wanted, when it is not what is loaded.
    fn exchange(&mut self, sees: impl Fn(&R) -> bool) -> Option<Vec<R>> {
        let wanted: Vec<R> = self.wanted.all().iter().filter(|resource| sees(resource)).cloned().collect();
        if wanted == self.loaded {
            return None;
        }
        tell(&Difference::between(&self.loaded, &wanted), "reloading in place");
        self.loaded.clone_from(&wanted);
        Some(wanted)
    }
}

fn tell<R: Resource>(difference: &Difference<R>, consequence: &str) {
    let kind = R::KIND.name();
    let Difference { removed, changed, added } = difference;
    for (resources, what) in [(removed, "DELETED"), (changed, "UPDATED"), (added, "CREATED")] {
        for resource in resources {
            tracing::info!(
                target: "dapr.runtime.hotreload",
                "Received {kind} {what} event: {} - {consequence}", resource.log_name()
            );
        }
    }
}

impl Plan {
    /// Begins with what a sidecar starts with.
    pub(crate) fn new(rules: Rules, resources: &Loaded, configuration: Configuration) -> Self {
        let deny = DenyList::new(&configuration.spec.components.deny);
        let sees_component = |component: &Component| rules.see(component) && deny.allows(component);
        Self {
            components: Kind::new(&resources.components, sees_component),
            http_endpoints: Kind::new(&resources.http_endpoints, |endpoint| rules.see(endpoint)),
            resiliencies: Kind::new(&resources.resiliencies, |resiliency| rules.see(resiliency)),
            subscriptions: Kind::new(&resources.subscriptions, |_| true),
            configurations: Kind::new(&resources.configurations, |_| true),
            wanted_configuration: configuration.clone(),
            waiting_actor_stores: BTreeSet::new(),
            configuration,
            deny,
            rules,
        }
    }

    /// Takes what a source tells.
    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::Component(change) => self.components.take(change),
            Event::HttpEndpoint(change) => self.http_endpoints.take(*change),
            Event::Resiliency(change) => self.resiliencies.take(change),
            Event::Subscription(change) => self.subscriptions.take(change),
            Event::Configuration(configuration) => self.wanted_configuration = *configuration,
        }
    }

    /// Takes what directories have now. What stood in a file that cannot be read is still wanted.
    pub(crate) fn take_files(&mut self, loaded: Loaded) {
        let Self { components, http_endpoints, resiliencies, subscriptions, configurations, .. } = self;
        let broken = Loaded { broken: loaded.broken.clone(), ..Loaded::default() };
        components.wanted.replace(loaded.components, |hidden| broken.may_hide(hidden));
        http_endpoints.wanted.replace(loaded.http_endpoints, |hidden| broken.may_hide(hidden));
        resiliencies.wanted.replace(loaded.resiliencies, |hidden| broken.may_hide(hidden));
        subscriptions.wanted.replace(loaded.subscriptions, |hidden| broken.may_hide(hidden));
        configurations.wanted.replace(loaded.configurations, |hidden| broken.may_hide(hidden));
    }

    /// What is to be done for what is loaded to be what is wanted.
    pub(crate) fn actions(&mut self) -> Actions {
        let configuration = self.reconfigure();
        let difference = Difference::between(&self.configurations.loaded, self.configurations.wanted.all());
        tell(&difference, "it has no effect in a resources directory; name its file with --config");
        self.configurations.loaded = self.configurations.wanted.all().to_vec();
        let components = self.wanted_components();
        let difference = Difference::between(&self.components.loaded, &components);
        self.components.loaded = components;
        let Self { rules, http_endpoints, resiliencies, subscriptions, .. } = self;
        Actions {
            configuration,
            resiliencies: resiliencies.exchange(|resiliency| rules.see(resiliency)),
            components: difference,
            http_endpoints: http_endpoints.exchange(|endpoint| rules.see(endpoint)),
            subscriptions: subscriptions.exchange_each(),
        }
    }

    /// The Configuration that holds.
    pub(crate) fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The HTTPEndpoints that are loaded.
    pub(crate) fn http_endpoints(&self) -> &[HttpEndpoint] {
        &self.http_endpoints.loaded
    }

    fn reconfigure(&mut self) -> Option<Reconfigure> {
        if self.wanted_configuration == self.configuration {
            return None;
        }
        let (before, now) = (&self.configuration.spec, &self.wanted_configuration.spec);
        let starts_over = needs_a_start(before, now);
        let consequence = if starts_over { "triggering SIGHUP reload" } else { "reloading in place" };
        let name = &self.wanted_configuration.metadata.name;
        tracing::info!(
            target: "dapr.runtime.hotreload",
            "Received Configuration UPDATED event: {name} - {consequence}"
        );
        self.configuration = self.wanted_configuration.clone();
        self.deny = DenyList::new(&self.configuration.spec.components.deny);
        Some(if starts_over {
            Reconfigure::StartOver
        } else {
            Reconfigure::InPlace(Box::new(self.configuration.clone()))
        })
    }

    /// Those that this app may see and that the Configuration allows, with one actor state store at most: the one that is
    /// loaded, as long as it is wanted.
    fn wanted_components(&mut self) -> Vec<Component> {
        let seen = self.components.wanted.all().iter();
        let mut wanted: Vec<Component> =
            seen.filter(|component| self.rules.see(*component) && self.deny.allows(component)).cloned().collect();
        let name = |component: &Component| component.metadata.name.clone();
        let stores: Vec<String> = wanted.iter().filter(|component| is_marked(component)).map(name).collect();
        let loaded = self.components.loaded.iter().find(|component| is_marked(component)).map(name);
        let keeper = loaded.filter(|loaded| stores.contains(loaded)).or_else(|| stores.first().cloned());
        let Some(keeper) = keeper else {
            self.waiting_actor_stores.clear();
            return wanted;
        };
        let waits = |component: &Component| is_marked(component) && component.metadata.name != keeper;
        let waiting: Vec<&Component> = wanted.iter().filter(|component| waits(component)).collect();
        for component in &waiting {
            if !self.waiting_actor_stores.contains(&component.metadata.name) {
                tracing::error!(
                    target: "dapr.runtime.hotreload",
                    "Skipping hot reload of {}: {keeper} is already the actor state store, only one actor state store is \
                     allowed. The component will be applied if {keeper} is removed",
                    component.log_name()
                );
            }
        }
        self.waiting_actor_stores = waiting.into_iter().map(name).collect();
        wanted.retain(|component| !waits(component));
        wanted
    }
}

impl Rules {
    fn see<R: Resource>(&self, resource: &R) -> bool {
        resource.in_namespace(self.namespace.as_deref()) && resource.in_scope(&self.app_id)
    }
}

/// Whether a component wants the actors. One whose wish is a secret may.
fn is_marked(component: &Component) -> bool {
    let is_state = component.parsed_type().is_ok_and(|kind| kind.category == Category::State);
    let item = component.spec.item(crate::components::ACTOR_STATE_STORE);
    is_state && (is_actor_store(component) || item.is_some_and(|item| !item.secret_key_ref.is_absent()))
}

/// Whether something has changed beyond what is exchanged while calls run: middleware, access rules, secret scopes, and
/// which components are denied.
fn needs_a_start(before: &ConfigurationSpec, now: &ConfigurationSpec) -> bool {
    let fixed = |spec: &ConfigurationSpec| ConfigurationSpec {
        app_http_pipeline: Default::default(),
        http_pipeline: Default::default(),
        secrets: Default::default(),
        access_control: Default::default(),
        components: Default::default(),
        ..spec.clone()
    };
    fixed(before) != fixed(now)
}
