//! Components from resource to ready: deny list, secrets, metadata, start, failure, retry, close.
//!
//! Secret stores start first, since the others may take values from them; then
//! all others start at once. A component that fails takes down only itself where
//! its resource says `ignoreErrors`, and is tried again in the background.

mod failure;
mod middleware;
pub(crate) mod properties;
mod secrets;
mod start;
mod watch;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dapr_api::MetadataRegistry;
use dapr_api::metadata::ComponentStatus;
use dapr_bindings::Bindings;
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_pubsub::Brokers;
use dapr_resources::component::{Category, DenyList};
use dapr_resources::{Component, HttpEndpoint};
use dapr_secrets::SecretStores;
use dapr_spi::registry::{Component as Opened, Registry};
use dapr_state::{Identity, Stores};
use dapr_telemetry::metrics::Metrics;
use futures_util::{StreamExt, stream};

pub(crate) use failure::Failure;
pub(crate) use middleware::Links;

use crate::{Environment, Mode};

/// Components that start at the same time.
const PARALLELISM: usize = 16;
/// Delays between attempts to start a component that failed.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);
/// How long one component may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The metadata field that makes a state store that of the actors.
const ACTOR_STATE_STORE: &str = "actorStateStore";

/// What starting a component needs.
pub(crate) struct Context {
    pub(crate) mode: Mode,
    pub(crate) registry: Registry,
    pub(crate) environment: Environment,
    pub(crate) identity: Identity,
    pub(crate) state: Arc<Stores>,
    pub(crate) secrets: Arc<SecretStores>,
    pub(crate) pubsub: Arc<Brokers>,
    pub(crate) bindings: Arc<Bindings>,
    pub(crate) links: Arc<Links>,
    pub(crate) metadata: Arc<MetadataRegistry>,
    pub(crate) metrics: Metrics,
}

/// All components of a sidecar.
pub(crate) struct Components {
    context: Arc<Context>,
    opened: Arc<Mutex<Vec<Kept>>>,
    retries: Mutex<Vec<Task<()>>>,
}

/// An opened component, and the task that watches it.
struct Kept {
    name: String,
    opened: Opened,
    _watch: Option<Task<()>>,
}

impl Components {
    pub(crate) fn new(context: Context) -> Self {
        Self { context: Arc::new(context), opened: Arc::default(), retries: Mutex::default() }
    }

    /// Starts all components; returns when each is ready or has failed for now.
    ///
    /// # Errors
    /// A component without `ignoreErrors` failed, or two state stores want the actors.
    pub(crate) async fn start(&self, components: Vec<Component>, deny: &DenyList) -> Result<(), Failure> {
        let components: Vec<Component> = components.into_iter().filter(|component| allowed(component, deny)).collect();
        check_actor_stores(&components)?;
        for component in &components {
            self.announce(component);
        }
        let (stores, others): (Vec<_>, Vec<_>) = components.into_iter().partition(is_secret_store);
        self.start_secret_stores(stores).await?;
        let mut starting =
            stream::iter(others).map(|component| self.start_one(component)).buffer_unordered(PARALLELISM);
        while let Some(result) = starting.next().await {
            result?;
        }
        Ok(())
    }

    /// Secret stores may take values from one another: each round starts those whose stores are there.
    async fn start_secret_stores(&self, mut waiting: Vec<Component>) -> Result<(), Failure> {
        while !waiting.is_empty() {
            let is_ready = |component: &Component| start::missing_store(component, &self.context).is_none();
            let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_ready);
            let (ready, rest) = if ready.is_empty() { (rest, Vec::new()) } else { (ready, rest) };
            for component in ready {
                self.start_one(component).await?;
            }
            waiting = rest;
        }
        Ok(())
    }

    /// Notes a component as starting, so that calls to it are answered with its name.
    fn announce(&self, component: &Component) {
        let why = format!("component {} is still starting", component.metadata.name);
        self.set_unready(component, &why);
        self.context.metadata.set_component(status_of(component, "starting", String::new(), None));
        self.context.metrics.components.loaded();
    }

    fn set_unready(&self, component: &Component, why: &str) {
        set_unready(&self.context, component, why);
    }

    async fn start_one(&self, component: Component) -> Result<(), Failure> {
        match start::start(&self.context, &component).await {
            Ok(opened) => {
                self.keep(&component, opened);
                Ok(())
            }
            Err(failure) => self.handle(component, failure),
        }
    }

    fn keep(&self, component: &Component, opened: Opened) {
        keep(&self.context, &self.opened, component, opened);
    }

    /// Decides what a failure means: the end of the sidecar, or of this component for now.
    fn handle(&self, component: Component, failure: Failure) -> Result<(), Failure> {
        failed(&self.context, &component, &failure);
        if failure.waits_for_secret_store() {
            tracing::warn!(target: "dapr.runtime.processor", "{failure}");
            return Ok(());
        }
        if !component.spec.ignore_errors {
            tracing::error!(target: "dapr.runtime.processor", "Error processing component, daprd will exit gracefully: {failure}");
            return Err(failure);
        }
        tracing::error!(target: "dapr.runtime.processor", "Ignoring error processing component: {failure}");
        if failure.may_pass() {
            self.retry(component);
        }
        Ok(())
    }

    /// Tries again in the background until it works.
    fn retry(&self, component: Component) {
        let (context, opened) = (self.context.clone(), self.opened.clone());
        let retry = task::spawn("component retry", async move {
            let mut backoff = Backoff::new(FIRST_RETRY, LAST_RETRY);
            loop {
                tokio::time::sleep(backoff.next_delay()).await;
                match start::start(&context, &component).await {
                    Ok(component_opened) => return keep(&context, &opened, &component, component_opened),
                    Err(failure) => failed(&context, &component, &failure),
                }
            }
        });
        lock(&self.retries).push(retry);
    }

    /// Whether a message broker is open.
    pub(crate) fn has_pubsub(&self) -> bool {
        lock(&self.opened).iter().any(|kept| matches!(kept.opened, Opened::PubSub(_)))
    }

    /// Puts the secrets of an HTTPEndpoint in. One that cannot be had is reported and left empty.
    pub(crate) async fn resolve_endpoint(&self, endpoint: &mut HttpEndpoint) {
        secrets::resolve_endpoint(&self.context, endpoint).await;
    }

    /// Closes all components, those opened last first, and reports who is slow.
    pub(crate) async fn close(&self) {
        lock(&self.retries).clear();
        let opened = std::mem::take(&mut *lock(&self.opened));
        for Kept { name, opened, .. } in opened.into_iter().rev() {
            if tokio::time::timeout(CLOSE_TIMEOUT, opened.close()).await.is_err() {
                tracing::warn!(target: "dapr.runtime.processor", "component {name} did not close within {CLOSE_TIMEOUT:?}");
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_secret_store(component: &Component) -> bool {
    component.parsed_type().is_ok_and(|kind| kind.category == Category::SecretStores)
}

fn allowed(component: &Component, deny: &DenyList) -> bool {
    let allowed = deny.allows(component);
    if !allowed {
        tracing::warn!(
            target: "dapr.runtime.processor",
            "component {} is left out: its type {} is on the Configuration's deny list",
            component.metadata.name, component.spec.component_type
        );
    }
    allowed
}

fn check_actor_stores(components: &[Component]) -> Result<(), Failure> {
    let is_actor_store = |component: &&Component| {
        let wants =
            component.spec.item(ACTOR_STATE_STORE).and_then(|item| dapr_spi::metadata::parse_bool(&item.value.text()));
        wants.unwrap_or(false) && component.parsed_type().is_ok_and(|kind| kind.category == Category::State)
    };
    let mut stores = components.iter().filter(is_actor_store);
    match (stores.next(), stores.next()) {
        (Some(first), Some(second)) => Err(Failure::two_actor_stores(&first.metadata.name, second)),
        _ => Ok(()),
    }
}

fn status_of(component: &Component, status: &'static str, message: String, opened: Option<&Opened>) -> ComponentStatus {
    ComponentStatus {
        name: component.metadata.name.clone(),
        kind: component.spec.component_type.clone(),
        version: component.spec.version.clone(),
        capabilities: opened.map(Opened::capabilities).unwrap_or_default(),
        status,
        message,
    }
}

fn set_unready(context: &Context, component: &Component, why: &str) {
    let name = &component.metadata.name;
    match component.parsed_type().map(|kind| kind.category) {
        Ok(Category::State) => context.state.set_unready(name, why),
        Ok(Category::SecretStores) => context.secrets.set_unready(name, why),
        Ok(Category::PubSub) => context.pubsub.set_unready(name, why),
        Ok(Category::Bindings) => context.bindings.set_unready(name, why),
        _ => {}
    }
}

fn failed(context: &Context, component: &Component, failure: &Failure) {
    tracing::error!(target: "dapr.runtime.processor", "Failed to init component {}: {failure}", start::log_name(component));
    set_unready(context, component, &failure.to_string());
    context.metadata.set_component(status_of(component, "failed", failure.cause().to_owned(), None));
    context.metrics.components.failed(&component.spec.component_type, failure.metric(), &component.metadata.name);
}

fn keep(context: &Context, kept: &Mutex<Vec<Kept>>, component: &Component, opened: Opened) {
    let ready = status_of(component, "ready", String::new(), Some(&opened));
    context.metadata.set_component(ready.clone());
    context.metrics.components.initialized(&component.spec.component_type);
    let watch = watch::watch(&opened, ready, context.metadata.clone());
    lock(kept).push(Kept { name: component.metadata.name.clone(), opened, _watch: watch });
    tracing::info!(target: "dapr.runtime.processor", "Component loaded: {}", start::log_name(component));
}
