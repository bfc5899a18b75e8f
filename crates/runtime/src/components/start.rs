//! One component from resource to opened.

use std::sync::Arc;
use std::time::Duration;

use dapr_bindings::Directed;
use dapr_kit::backoff::Backoff;
use dapr_pubsub::{Broker, OutboxConfig};
use dapr_resources::Component;
use dapr_resources::component::template::TemplateContext;
use dapr_resources::component::{Category, env_ref, secrets as references};
use dapr_spi::ErrorKind;
use dapr_spi::metadata::{Properties, error_of};
use dapr_spi::registry::{Component as Opened, Prepared};
use dapr_state::Store;

use super::secrets::Fingerprint;
use super::{Context, Failure, properties, secrets};
use crate::Mode;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// `name (type/version)`, as logs have it.
pub(super) fn log_name(component: &Component) -> String {
    let spec = &component.spec;
    let version = if spec.version.is_empty() { "v1" } else { &spec.version };
    format!("{} ({}/{version})", component.metadata.name, spec.component_type)
}

/// The secret store that the component needs and that is not there.
pub(super) fn missing_store(component: &Component, context: &Context) -> Option<String> {
    let needed = references::references(component, context.mode == Mode::Kubernetes);
    needed.into_iter().map(|reference| reference.store).find(|store| context.secrets.component(store).is_none())
}

/// A component that is open and that its building block does not know yet.
pub(super) struct Ready {
    pub(super) opened: Opened,
    settings: Settings,
    /// Of the secrets that it took; `None` when it takes none.
    pub(super) secrets: Option<Fingerprint>,
}

/// Resolves, checks and opens a component.
pub(super) async fn start(context: &Context, component: &Component) -> Result<Ready, Failure> {
    check_category(component)?;
    let spec = &component.spec;
    let entry = context
        .registry
        .find(&spec.component_type, &spec.version)
        .map_err(|unknown| Failure::create(component, unknown))?;
    let mut resolved = component.clone();
    resolve_environment(context, &mut resolved);
    let label = format!("component {}", component.metadata.name);
    let secrets = match secrets::resolve(context, &mut resolved, &label).await {
        Ok(secrets) => secrets,
        Err(store) => {
            return Err(match store.as_str() {
                references::KUBERNETES_STORE if context.mode == Mode::Kubernetes => Failure::not_inlined(component),
                store => Failure::secret_store(component, store),
            });
        }
    };
    let properties = read_properties(context, &resolved)?;
    for remark in entry.remarks(&properties) {
        tracing::warn!(target: "dapr.runtime.processor", "component {}: {remark}", component.metadata.name);
    }
    let settings = Settings {
        state: state_settings(context, component, &properties)?,
        pubsub: pubsub_settings(context, component, &properties),
        outbox: OutboxConfig::read(&properties),
        binding: dapr_bindings::Settings::read(&component.metadata.name, &properties),
    };
    let prepared = entry.prepare(&properties).map_err(|problems| Failure::settings(component, error_of(&problems)))?;
    let opened = match open(context, component, &prepared).await? {
        Opened::Binding(binding) => Opened::Binding(Directed::limit(binding, &settings.binding)),
        opened => opened,
    };
    Ok(Ready { opened, settings, secrets })
}

/// Of the secrets that the component would take now; `None` when it takes none, or one cannot be had.
pub(super) async fn secrets_now(context: &Context, component: &Component) -> Option<Fingerprint> {
    let mut resolved = component.clone();
    resolve_environment(context, &mut resolved);
    secrets::fingerprint(context, &resolved).await
}

/// Workflows have a category and no components: nothing can be loaded there.
fn check_category(component: &Component) -> Result<(), Failure> {
    let kind = component.parsed_type().map_err(|error| Failure::category(component, error))?;
    match kind.category {
        Category::Workflow | Category::WorkflowBackend => {
            Err(Failure::category(component, format!("incorrect type {}", component.spec.component_type)))
        }
        _ => Ok(()),
    }
}

fn resolve_environment(context: &Context, component: &mut Component) {
    let environment = &context.environment;
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    for problem in env_ref::resolve(component, lookup, environment.get("DAPR_ENV_KEYS")) {
        tracing::warn!(target: "dapr.runtime.processor", "{problem}");
    }
}

fn read_properties(context: &Context, component: &Component) -> Result<Properties, Failure> {
    let template = TemplateContext {
        app_id: &context.identity.app_id,
        namespace: &context.identity.namespace,
        pod_name: context.environment.get("POD_NAME"),
    };
    properties::of(component, &template).map_err(|error| Failure::settings(component, error))
}

fn state_settings(
    context: &Context,
    component: &Component,
    properties: &Properties,
) -> Result<dapr_state::Settings, Failure> {
    let secret_name =
        |field: &str| component.spec.item(field).map(|item| item.secret_key_ref.name.clone()).unwrap_or_default();
    dapr_state::Settings::read(&component.metadata.name, properties, secret_name, &context.identity)
        .map_err(|error| Failure::settings(component, error))
}

fn pubsub_settings(context: &Context, component: &Component, properties: &Properties) -> dapr_pubsub::Settings {
    let namespaced = component.spec.metadata.iter().any(|item| item.value.text().contains("{namespace}"));
    dapr_pubsub::Settings::read(properties, namespaced, &context.identity.namespace)
}

/// Opens the component, trying again while the backend cannot be reached, until `initTimeout` is over.
async fn open(context: &Context, component: &Component, prepared: &Prepared) -> Result<Opened, Failure> {
    let limit = component.spec.init_timeout();
    let about = dapr_spi::Context {
        name: component.metadata.name.clone(),
        app_id: context.identity.app_id.clone(),
        namespace: context.identity.namespace.clone(),
        ..dapr_spi::Context::default()
    };
    let mut last = None;
    let attempts = async {
        let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
        loop {
            match prepared.init(about.clone()).await {
                Err(error) if error.kind() == ErrorKind::Unavailable => last = Some(error.to_string()),
                done => return done,
            }
            tokio::time::sleep(backoff.next_delay()).await;
        }
    };
    match tokio::time::timeout(limit, attempts).await {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(error)) => Err(Failure::init(component, &error)),
        Err(_) => Err(Failure::timeout(component, limit, last)),
    }
}

/// What a Component says to its building block, beside its own settings.
struct Settings {
    state: dapr_state::Settings,
    pubsub: dapr_pubsub::Settings,
    binding: dapr_bindings::Settings,
    outbox: Option<OutboxConfig>,
}

/// Makes the component that of its building block, in the place of one that was open under its name. Every component
/// comes this way: at the start, when it works at last, and by a reload.
pub(super) fn hand_over(context: &Context, component: &Component, ready: Ready) -> Opened {
    let name = &component.metadata.name;
    let Ready { opened, settings, .. } = ready;
    match &opened {
        Opened::State(store) => {
            context.state.insert(Store::new(name, store.clone(), settings.state, context.metrics.clone()));
            context.outbox.set(name, settings.outbox);
        }
        Opened::SecretStore(store) => context.secrets.insert(name, store.clone()),
        Opened::PubSub(broker) => context.pubsub.insert(Broker::new(name, broker.clone(), settings.pubsub)),
        Opened::Binding(binding) => context.bindings.insert(name, binding.clone(), &settings.binding),
        Opened::Crypto(provider) => context.crypto.insert(name, provider.clone()),
        Opened::HttpMiddleware(link) => context.links.insert(name, &component.spec.component_type, link.clone()),
        // Name resolution is a matter of the Configuration; as a resource it is open and has no callers.
        Opened::NameResolver(_) => {}
    }
    opened
}

/// Takes a component out of its building block: calls do not find it any more once this was polled, and nothing new
/// comes from it. Those under way go on; the end tells that what came from it is settled.
pub(super) async fn withdraw(context: Arc<Context>, name: String, opened: Opened) {
    match opened {
        Opened::State(_) => {
            context.outbox.set(&name, None);
            context.state.remove(&name);
        }
        Opened::SecretStore(_) => context.secrets.remove(&name),
        Opened::PubSub(_) => context.pubsub.remove(&name),
        Opened::Binding(_) => context.bindings.remove(&name).await,
        Opened::Crypto(_) => context.crypto.remove(&name),
        Opened::HttpMiddleware(_) => context.links.remove(&name),
        Opened::NameResolver(_) => {}
    }
}
