//! From a target to its policy.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use dapr_resources::Resiliency;
use dapr_telemetry::metrics::{Metrics, ResiliencyTarget, TargetLabels};

use crate::bounded::Bounded;
use crate::breaker::{Breaker, Settings};
use crate::kinds::{BuiltIn, ComponentType, Direction};
use crate::policy::{Policy, Rules};
use crate::retry::Retry;
use crate::spec::{AppNames, Names, Problem, Spec};

#[cfg(test)]
mod tests;

/// How many targets of a kind are remembered that no resource names. Their number is up to callers.
const UNNAMED_TARGETS: NonZeroUsize = NonZeroUsize::new(1_000).expect("it is not zero");
/// How many breakers an app or actor type has that only default policies apply to.
const UNNAMED_BREAKERS: NonZeroUsize = NonZeroUsize::new(100).expect("it is not zero");
const COMPONENT_BREAKERS: NonZeroUsize = NonZeroUsize::new(5_000).expect("it is not zero");

/// The policies of a runtime. Cheap to clone; all clones see what [`Provider::replace`] puts in.
#[derive(Clone)]
pub struct Provider(Arc<ArcSwap<Lookup>>);

impl Provider {
    /// Merges the resources, the later over the earlier, and returns what was wrong in them. Whatever is wrong is left
    /// out, so a target that names it runs without it.
    pub fn new(resources: &[Resiliency], metrics: &Metrics) -> (Self, Vec<Problem>) {
        let (spec, problems) = Spec::read(resources);
        for resource in resources {
            let metadata = &resource.metadata;
            if !problems.iter().any(|problem| problem.resource == metadata.name) {
                metrics.resiliency.loaded(&metadata.name, &metadata.namespace);
            }
        }
        (Provider(Arc::new(ArcSwap::from_pointee(Lookup::new(spec, metrics.clone())))), problems)
    }

    /// Puts the policies of `other` in the place of these. Calls that already run keep theirs; circuit breakers begin
    /// anew.
    pub fn replace(&self, other: &Provider) {
        self.0.store(other.0.load_full());
    }

    /// The policy of a call to an app, an HTTPEndpoint or a URL. `endpoint` tells apart what has a circuit breaker of
    /// its own at this app: the method, or the base URL of an HTTPEndpoint.
    pub fn app(&self, app_id: &str, endpoint: &str) -> Policy {
        let lookup = self.0.load();
        match lookup.apps.get(app_id) {
            Some(target) => target.policy(endpoint),
            None => lookup.default_app.policy(app_id, endpoint, |defaults| {
                lookup.target("app", "app_", app_id, defaults, Breakers::each(defaults, UNNAMED_BREAKERS))
            }),
        }
    }

    /// Whether a resource names this app as a target. If not, calls get [`BuiltIn::ServiceRetries`].
    pub fn names_app(&self, app_id: &str) -> bool {
        self.0.load().apps.contains_key(app_id)
    }

    /// The policy of finding and locking an actor: retries and the circuit breaker.
    pub fn actor_pre_lock(&self, actor_type: &str, actor_id: &str) -> Policy {
        let lookup = self.0.load();
        match lookup.actors.get(actor_type) {
            Some(actor) => actor.pre_lock.policy(if actor.breaker_by_id { actor_id } else { "" }),
            None => lookup.default_pre_lock.policy(actor_type, "", |defaults| {
                lookup.target("actor", "actor_", actor_type, defaults, Breakers::one(defaults, actor_type))
            }),
        }
    }

    /// The policy of a call to an actor whose lock is held: the timeout.
    pub fn actor_post_lock(&self, actor_type: &str, _actor_id: &str) -> Policy {
        let lookup = self.0.load();
        match lookup.actors.get(actor_type) {
            Some(actor) => actor.post_lock.policy(""),
            None => lookup.default_post_lock.policy(actor_type, "", |defaults| {
                lookup.target("actor", "actor_", actor_type, defaults, Breakers::None)
            }),
        }
    }

    /// The policy of a call to a component.
    pub fn component_outbound(&self, name: &str, kind: ComponentType) -> Policy {
        self.0.load().component(name, kind, Direction::Outbound)
    }

    /// The policy of delivering to the app what comes from a component.
    pub fn component_inbound(&self, name: &str, kind: ComponentType) -> Policy {
        self.0.load().component(name, kind, Direction::Inbound)
    }

    /// How often and when a delivery from a component is tried again, for people; `None` when it is not. Nothing is
    /// counted.
    pub fn describe_inbound_retries(&self, name: &str, kind: ComponentType) -> Option<String> {
        let target = self.0.load().component_target(name, kind, Direction::Inbound)?;
        let retry = target.rules.as_ref()?.retry.as_ref()?;
        (retry.max_retries != Some(0)).then(|| retry.describe())
    }

    /// The policy of a retry that Dapr makes by itself.
    pub fn built_in(&self, built_in: BuiltIn) -> Policy {
        Policy::applied(Arc::clone(&self.0.load().built_in[built_in as usize]), None)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}

struct Lookup {
    spec: Spec,
    metrics: Metrics,
    apps: HashMap<Box<str>, Target>,
    actors: HashMap<Box<str>, Actor>,
    default_app: Defaults,
    default_pre_lock: Defaults,
    default_post_lock: Defaults,
    /// By type, then by direction. Even a component that a resource names is found here, for only a call tells its
    /// type, which metrics want to know.
    components: [[Defaults; Direction::ALL.len()]; ComponentType::ALL.len()],
    /// By policy and component: both directions share one.
    component_breakers: Bounded<Arc<Breaker>>,
    built_in: [Arc<Rules>; BuiltIn::ALL.len()],
}

struct Actor {
    pre_lock: Target,
    post_lock: Target,
    breaker_by_id: bool,
}

impl Lookup {
    fn new(spec: Spec, metrics: Metrics) -> Self {
        let without_timeout = |mut policies: Policies| {
            policies.timeout = None;
            policies
        };
        let only_timeout = |policies: Policies| Policies { timeout: policies.timeout, ..Policies::default() };
        let app = spec.defaults(&["App"]);
        let actor = spec.defaults(&["Actor"]);
        let components = ComponentType::ALL.map(|kind| {
            Direction::ALL.map(|direction| {
                let direction = format!("Component{}", direction.as_str());
                Defaults::new(spec.defaults(&[&format!("{}{direction}", kind.as_str()), &direction, "Component"]))
            })
        });
        let built_in = BuiltIn::ALL.map(|built_in| {
            let retry = spec.retries.get(built_in.name()).cloned();
            Arc::new(Rules { target: built_in.name().into(), timeout: None, retry, metrics: None })
        });
        let mut lookup = Lookup {
            metrics,
            apps: HashMap::new(),
            actors: HashMap::new(),
            default_app: Defaults::new(app),
            default_pre_lock: Defaults::new(without_timeout(actor.clone())),
            default_post_lock: Defaults::new(only_timeout(actor)),
            components,
            component_breakers: Bounded::new(COMPONENT_BREAKERS),
            built_in,
            spec,
        };
        let apps = lookup.spec.apps.iter().map(|(name, AppNames { names, breakers })| {
            let policies = lookup.spec.policies(names);
            let breakers = Breakers::each(&policies, *breakers);
            (name.as_str().into(), lookup.target("app", "app_", name, &policies, breakers))
        });
        lookup.apps = apps.collect();
        let actors = lookup.spec.actors.iter().map(|(name, actor)| {
            let pre_lock = without_timeout(lookup.spec.policies(&actor.names));
            let post_lock = only_timeout(lookup.spec.policies(&actor.names));
            let breakers = match actor.breaker_by_id {
                true => Breakers::each(&pre_lock, actor.breakers),
                false => Breakers::one(&pre_lock, name),
            };
            let pre_lock = lookup.target("actor", "actor_", name, &pre_lock, breakers);
            let post_lock = lookup.target("actor", "actor_", name, &post_lock, Breakers::None);
            (name.as_str().into(), Actor { pre_lock, post_lock, breaker_by_id: actor.breaker_by_id })
        });
        lookup.actors = actors.collect();
        lookup
    }

    fn component(&self, name: &str, kind: ComponentType, direction: Direction) -> Policy {
        self.component_target(name, kind, direction).map_or_else(Policy::none, |target| target.policy(""))
    }

    fn component_target(&self, name: &str, kind: ComponentType, direction: Direction) -> Option<Arc<Target>> {
        let defaults = &self.components[kind as usize][direction as usize];
        let build = |policies: &Policies, breaker: &str| {
            let breakers = match &policies.breaker {
                Some(settings) => {
                    let key = format!("{breaker} {name}");
                    let make = || Breaker::new(format!("component {name}"), Arc::clone(settings));
                    Breakers::One(self.component_breakers.get_or_insert(&key, make))
                }
                None => Breakers::None,
            };
            let metrics = self.series(&format!("{}_{name}", kind.as_str()), direction == Direction::Inbound);
            Target::new(format!("component {name}"), policies, breakers, metrics)
        };
        match self.spec.components.get(name) {
            Some(named) => {
                let names = match direction {
                    Direction::Inbound => &named.inbound,
                    Direction::Outbound => &named.outbound,
                };
                if *names == Names::default() {
                    return None;
                }
                let build = || Arc::new(build(&self.spec.policies(names), &names.breaker));
                Some(defaults.targets.get_or_insert(name, build))
            }
            None => defaults.target(name, |policies| build(policies, &policies.breaker_name)),
        }
    }

    fn target(&self, kind: &str, prefix: &str, name: &str, policies: &Policies, breakers: Breakers) -> Target {
        Target::new(format!("{kind} {name}"), policies, breakers, self.series(&format!("{prefix}{name}"), false))
    }

    fn series(&self, target: &str, inbound: bool) -> ResiliencyTarget {
        let labels = TargetLabels { name: &self.spec.name, namespace: &self.spec.namespace, inbound, target };
        self.metrics.resiliency.target(labels)
    }
}

/// Policies, found by their names.
#[derive(Clone, Default)]
struct Policies {
    timeout: Option<Duration>,
    retry: Option<Arc<Retry>>,
    breaker: Option<Arc<Settings>>,
    /// Tells breakers of different policies apart.
    breaker_name: String,
}

impl Spec {
    fn policies(&self, names: &Names) -> Policies {
        Policies {
            // A timeout of zero is none.
            timeout: self.timeouts.get(&names.timeout).copied().filter(|limit| !limit.is_zero()),
            retry: self.retries.get(&names.retry).cloned(),
            breaker: self.breakers.get(&names.breaker).cloned(),
            breaker_name: names.breaker.clone(),
        }
    }

    /// The policies of a target that no resource names: of each kind the one for the most specific of `levels`, or
    /// else for everything.
    fn defaults(&self, levels: &[&str]) -> Policies {
        fn find<V>(policies: &HashMap<String, V>, levels: &[&str], kind: &str) -> String {
            let levels = levels.iter().chain([&""]).map(|level| format!("Default{level}{kind}Policy"));
            levels.into_iter().find(|name| policies.contains_key(name)).unwrap_or_default()
        }
        self.policies(&Names {
            timeout: find(&self.timeouts, levels, "Timeout"),
            retry: find(&self.retries, levels, "Retry"),
            breaker: find(&self.breakers, levels, "CircuitBreaker"),
        })
    }
}

/// The default policies of one kind of target, and the targets they were applied to.
struct Defaults {
    /// `None` if there is none, which spares the look at `targets`.
    policies: Option<Policies>,
    targets: Bounded<Arc<Target>>,
}

impl Defaults {
    fn new(policies: Policies) -> Self {
        let any = policies.timeout.is_some() || policies.retry.is_some() || policies.breaker.is_some();
        Defaults { policies: any.then_some(policies), targets: Bounded::new(UNNAMED_TARGETS) }
    }

    fn policy(&self, name: &str, breaker: &str, make: impl FnOnce(&Policies) -> Target) -> Policy {
        self.target(name, make).map_or_else(Policy::none, |target| target.policy(breaker))
    }

    fn target(&self, name: &str, make: impl FnOnce(&Policies) -> Target) -> Option<Arc<Target>> {
        let policies = self.policies.as_ref()?;
        Some(self.targets.get_or_insert(name, || Arc::new(make(policies))))
    }
}

/// One target and its breakers. Without rules nothing applies to it.
struct Target {
    rules: Option<Arc<Rules>>,
    breakers: Breakers,
}

enum Breakers {
    None,
    One(Arc<Breaker>),
    /// One for each endpoint or actor.
    Each {
        settings: Arc<Settings>,
        known: Bounded<Arc<Breaker>>,
    },
}

impl Breakers {
    fn one(policies: &Policies, name: &str) -> Self {
        match &policies.breaker {
            Some(settings) => Breakers::One(Breaker::new(name, Arc::clone(settings))),
            None => Breakers::None,
        }
    }

    fn each(policies: &Policies, limit: NonZeroUsize) -> Self {
        match &policies.breaker {
            Some(settings) => Breakers::Each { settings: Arc::clone(settings), known: Bounded::new(limit) },
            None => Breakers::None,
        }
    }
}

impl Target {
    fn new(name: String, policies: &Policies, breakers: Breakers, metrics: ResiliencyTarget) -> Self {
        let Policies { timeout, retry, breaker, .. } = policies;
        let any = timeout.is_some() || retry.is_some() || breaker.is_some();
        let rules = || Rules { target: name.into(), timeout: *timeout, retry: retry.clone(), metrics: Some(metrics) };
        Target { rules: any.then(|| Arc::new(rules())), breakers }
    }

    fn policy(&self, breaker: &str) -> Policy {
        let Some(rules) = &self.rules else { return Policy::none() };
        let breaker = match &self.breakers {
            Breakers::None => None,
            Breakers::One(breaker) => Some(Arc::clone(breaker)),
            Breakers::Each { settings, known } => {
                let make = || Breaker::new(format!("{}, {breaker}", rules.target), Arc::clone(settings));
                Some(known.get_or_insert(breaker, make))
            }
        };
        Policy::applied(Arc::clone(rules), breaker)
    }
}
