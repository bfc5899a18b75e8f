//! Components from resource to ready: deny list, secrets, metadata, start, failure, retry, close.
//!
//! Secret stores start first, since the others may take values from them; then
//! all others start at once. A component that fails takes down only itself where
//! its resource says `ignoreErrors`, and is tried again in the background.
//!
//! A reload brings a component in beside the one that it replaces, swaps it into its building block, and closes the old
//! one when the calls under way have ended ([`farewell`]).

mod book;
mod failure;
mod farewell;
mod middleware;
pub(crate) mod properties;
mod secrets;
mod start;
mod watch;

use std::mem::discriminant;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dapr_api::MetadataRegistry;
use dapr_api::metadata::ComponentStatus;
use dapr_bindings::Bindings;
use dapr_crypto::Providers;
use dapr_kit::backoff::Backoff;
use dapr_kit::task;
use dapr_pubsub::{Brokers, Outbox};
use dapr_resources::component::{Category, DenyList};
use dapr_resources::{Component, Difference, HttpEndpoint};
use dapr_secrets::SecretStores;
use dapr_spi::registry::{Component as Opened, Registry};
use dapr_state::{Identity, Stores};
use dapr_telemetry::metrics::Metrics;
use futures_util::{StreamExt, stream};
use tokio::sync::Notify;

use book::{Book, Kept, Version};
pub(crate) use failure::Failure;
use farewell::Farewells;
pub(crate) use middleware::Links;
use start::Ready;

use crate::{Environment, Mode};

/// Components that start at the same time.
const PARALLELISM: usize = 16;
/// Delays between attempts to start a component that failed.
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);
/// The metadata field that makes a state store that of the actors.
pub(crate) const ACTOR_STATE_STORE: &str = "actorStateStore";

/// What starting a component needs.
pub(crate) struct Context {
    pub(crate) mode: Mode,
    pub(crate) registry: Registry,
    pub(crate) environment: Environment,
    pub(crate) identity: Identity,
    pub(crate) state: Arc<Stores>,
    pub(crate) secrets: Arc<SecretStores>,
    pub(crate) pubsub: Arc<Brokers>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) bindings: Arc<Bindings>,
    pub(crate) crypto: Arc<Providers>,
    pub(crate) links: Arc<Links>,
    pub(crate) metadata: Arc<MetadataRegistry>,
    pub(crate) metrics: Metrics,
}

/// All components of a sidecar. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Components(Arc<Shared>);

struct Shared {
    context: Arc<Context>,
    book: Mutex<Book>,
    /// Held while a component comes in or goes, so that engine, book and metadata agree.
    turn: tokio::sync::Mutex<()>,
    farewells: Farewells,
    /// Something that others are made of is open: a secret store, or middleware.
    appeared: Notify,
}

impl Components {
    pub(crate) fn new(context: Context) -> Self {
        Self(Arc::new(Shared {
            context: Arc::new(context),
            book: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            farewells: Farewells::default(),
            appeared: Notify::new(),
        }))
    }

    /// Starts all components; returns when each is ready or has failed for now.
    ///
    /// # Errors
    /// A component without `ignoreErrors` failed, or two state stores want the actors.
    pub(crate) async fn start(&self, components: Vec<Component>, deny: &DenyList) -> Result<(), Failure> {
        let components: Vec<Component> = components.into_iter().filter(|component| allowed(component, deny)).collect();
        check_actor_stores(&components)?;
        self.bring(components).await
    }

    /// Does what a reload asks for: what is gone first, then what is other or new.
    ///
    /// # Errors
    /// A component without `ignoreErrors` failed.
    pub(crate) async fn apply(&self, difference: Difference<Component>) -> Result<(), Failure> {
        for component in &difference.removed {
            self.remove(component).await;
        }
        let mut coming = difference.changed;
        coming.extend(difference.added);
        let told: Vec<String> = coming.iter().map(dapr_resources::Resource::log_name).collect();
        let outcome = self.bring(coming).await;
        for name in told {
            tracing::info!(target: "dapr.runtime.hotreload", "Component updated: {name}");
        }
        outcome
    }

    /// Starts components that are new, and replaces those that are open. Then what took secrets from one of them, or
    /// waited for it.
    async fn bring(&self, components: Vec<Component>) -> Result<(), Failure> {
        for component in &components {
            self.0.announce(component);
        }
        let (stores, others): (Vec<_>, Vec<_>) = components.into_iter().partition(is_secret_store);
        let has_stores = !stores.is_empty();
        self.start_secret_stores(stores).await?;
        self.bring_at_once(others).await?;
        if has_stores { self.refresh().await } else { Ok(()) }
    }

    async fn bring_at_once(&self, components: Vec<Component>) -> Result<(), Failure> {
        let mut starting =
            stream::iter(components).map(|component| self.0.bring(component)).buffer_unordered(PARALLELISM);
        while let Some(result) = starting.next().await {
            result?;
        }
        Ok(())
    }

    /// Secret stores may take values from one another: each round starts those whose stores are there.
    async fn start_secret_stores(&self, mut waiting: Vec<Component>) -> Result<(), Failure> {
        while !waiting.is_empty() {
            let is_ready = |component: &Component| start::missing_store(component, &self.0.context).is_none();
            let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_ready);
            let (ready, rest) = if ready.is_empty() { (rest, Vec::new()) } else { (ready, rest) };
            for component in ready {
                self.0.bring(component).await?;
            }
            waiting = rest;
        }
        Ok(())
    }

    /// Starts what waited for a secret store that is there now, and opens anew what took a secret that has changed.
    ///
    /// # Errors
    /// A component without `ignoreErrors` failed.
    pub(crate) async fn refresh(&self) -> Result<(), Failure> {
        let (waiting, taking): (Vec<_>, Vec<_>) = {
            let book = lock(&self.0.book);
            let waiting = book.entries().iter().filter(|entry| entry.waits).map(|entry| entry.component.clone());
            let taking = book.entries().iter().filter_map(|entry| {
                let secrets = entry.open.as_ref()?.secrets?;
                Some((entry.component.clone(), secrets))
            });
            (waiting.collect(), taking.collect())
        };
        let mut due: Vec<Component> = waiting;
        due.retain(|component| start::missing_store(component, &self.0.context).is_none());
        for (component, before) in taking {
            if start::secrets_now(&self.0.context, &component).await.is_some_and(|now| now != before) {
                tracing::info!(
                    target: "dapr.runtime.hotreload",
                    "Secrets of component {} have changed; it is opened anew", start::log_name(&component)
                );
                due.push(component);
            }
        }
        self.bring_at_once(due).await
    }

    /// Ends when something has come up of which others are made, so that a [`Components::refresh`] is due, and new
    /// pipelines.
    pub(crate) async fn appeared(&self) {
        self.0.appeared.notified().await;
    }

    /// The files that open secret stores have read.
    pub(crate) fn secret_files(&self) -> Vec<PathBuf> {
        let book = lock(&self.0.book);
        let stores = book.entries().iter().filter_map(|entry| match &entry.open.as_ref()?.opened {
            Opened::SecretStore(store) => Some(store.files().to_vec()),
            _ => None,
        });
        stores.flatten().collect()
    }

    /// Opens the secret stores anew that have read files, since one of those has changed. One that cannot be opened
    /// keeps the secrets that it has.
    pub(crate) async fn read_secret_files(&self) {
        let stores: Vec<Component> = {
            let book = lock(&self.0.book);
            let has_files = |entry: &&book::Entry| {
                let opened = entry.open.as_ref().map(|kept| &kept.opened);
                matches!(opened, Some(Opened::SecretStore(store)) if !store.files().is_empty())
            };
            book.entries().iter().filter(has_files).map(|entry| entry.component.clone()).collect()
        };
        for component in stores {
            match start::start(&self.0.context, &component).await {
                Ok(ready) => {
                    let version = self.0.begin(&component).await;
                    self.0.settle(version, &component, ready).await;
                }
                Err(failure) => tracing::error!(
                    target: "dapr.runtime.hotreload",
                    "The files of secret store {} have changed and cannot be used; it keeps the secrets it has: {}",
                    component.metadata.name, failure.cause()
                ),
            }
        }
    }

    /// Takes a component away: nothing finds it any more. It is closed when the calls under way have ended.
    async fn remove(&self, component: &Component) {
        let name = &component.metadata.name;
        let _turn = self.0.turn.lock().await;
        let Some(entry) = lock(&self.0.book).remove(name) else { return };
        self.0.context.metadata.remove_component(name);
        match entry.open {
            Some(kept) => self.0.part_with(name, kept),
            None => self.0.forget(component),
        }
        tracing::info!(target: "dapr.runtime.hotreload", "Component removed: {}", start::log_name(component));
    }

    /// Puts the secrets of an HTTPEndpoint in. One that cannot be had is reported and left empty.
    pub(crate) async fn resolve_endpoint(&self, endpoint: &mut HttpEndpoint) {
        secrets::resolve_endpoint(&self.0.context, endpoint).await;
    }

    /// Whether all secrets of headers can be had now.
    pub(crate) async fn has_secrets_for(&self, endpoint: &HttpEndpoint) -> bool {
        secrets::are_there(&self.0.context, endpoint).await
    }

    /// Closes all components, those that came last first, and reports who is slow.
    pub(crate) async fn close(&self) {
        let entries = {
            let _turn = self.0.turn.lock().await;
            lock(&self.0.book).drain()
        };
        for book::Entry { component, open, .. } in entries.into_iter().rev() {
            if let Some(Kept { opened, .. }) = open {
                farewell::close(&component.metadata.name, &opened).await;
            }
        }
        self.0.farewells.end_all().await;
    }
}

impl Shared {
    /// Notes a component as starting, so that calls to it are answered with its name. One that replaces another is used
    /// instead of that once it is ready.
    fn announce(&self, component: &Component) {
        self.context.metrics.components.loaded();
        if lock(&self.book).is_open(&component.metadata.name) {
            return;
        }
        let why = format!("component {} is still starting", component.metadata.name);
        set_unready(&self.context, component, &why);
        self.context.metadata.set_component(status_of(component, "starting", String::new(), None));
    }

    async fn begin(&self, component: &Component) -> Version {
        let _turn = self.turn.lock().await;
        lock(&self.book).begin(component)
    }

    /// Opens a component, beside the one that it replaces where that is possible.
    async fn bring(self: &Arc<Self>, component: Component) -> Result<(), Failure> {
        let name = component.metadata.name.clone();
        let version = self.begin(&component).await;
        let failure = match start::start(&self.context, &component).await {
            Ok(ready) => {
                self.settle(version, &component, ready).await;
                return Ok(());
            }
            Err(failure) => failure,
        };
        let old = lock(&self.book).take_open(&name);
        let had_old = old.is_some();
        if let Some(old) = old {
            tracing::info!(target: "dapr.runtime.hotreload", "Closing existing Component to reload: {}", start::log_name(&component));
            self.part_with(&name, old);
            set_unready(&self.context, &component, &failure.to_string());
        }
        // Another one of that name may have held what this one needs: a port, a lock.
        let may_work_now = failure.may_be_in_the_way() && (self.farewells.end(&name).await || had_old);
        if !may_work_now {
            return self.handle(version, component, failure);
        }
        match start::start(&self.context, &component).await {
            Ok(ready) => {
                self.settle(version, &component, ready).await;
                Ok(())
            }
            Err(failure) => self.handle(version, component, failure),
        }
    }

    /// Puts an opened component in its place, unless something newer was begun under its name.
    async fn settle(&self, version: Version, component: &Component, ready: Ready) {
        let _turn = self.turn.lock().await;
        let name = &component.metadata.name;
        let is_current = lock(&self.book).current(name, version).is_some();
        if !is_current {
            return farewell::close(name, &ready.opened).await;
        }
        let secrets = ready.secrets;
        let opened = start::hand_over(&self.context, component, ready);
        let status = status_of(component, "ready", String::new(), Some(&opened));
        self.context.metadata.set_component(status.clone());
        self.context.metrics.components.initialized(&component.spec.component_type);
        let watch = watch::watch(&opened, status, self.context.metadata.clone());
        let kept = Kept { opened, secrets, watch };
        let old = lock(&self.book).current(name, version).and_then(|entry| entry.open.replace(kept));
        if let Some(old) = old {
            self.replaced(component, old);
        }
        let category = component.parsed_type().map(|kind| kind.category);
        if matches!(category, Ok(Category::SecretStores | Category::Middleware)) {
            self.appeared.notify_one();
        }
        tracing::info!(target: "dapr.runtime.processor", "Component loaded: {}", start::log_name(component));
    }

    /// Closes what was replaced. One of the same building block is out of it by then.
    fn replaced(&self, component: &Component, old: Kept) {
        let name = &component.metadata.name;
        let moved = match lock(&self.book).entries().iter().find(|entry| entry.component.metadata.name == *name) {
            Some(book::Entry { open: Some(new), .. }) => discriminant(&new.opened) != discriminant(&old.opened),
            _ => true,
        };
        if moved {
            return self.part_with(name, old);
        }
        drop(old.watch);
        self.farewells.begin(name, old.opened, Box::pin(async {}));
    }

    /// Takes a component out of its building block and closes it when it is not in use any more.
    fn part_with(&self, name: &str, kept: Kept) {
        let Kept { opened, watch, .. } = kept;
        drop(watch);
        let leaving = start::withdraw(self.context.clone(), name.to_owned(), opened.clone());
        self.farewells.begin(name, opened, Box::pin(leaving));
    }

    /// Forgets a component that is not open.
    fn forget(&self, component: &Component) {
        let name = &component.metadata.name;
        match component.parsed_type().map(|kind| kind.category) {
            Ok(Category::State) => self.context.state.remove(name),
            Ok(Category::SecretStores) => self.context.secrets.remove(name),
            Ok(Category::PubSub) => self.context.pubsub.remove(name),
            Ok(Category::Bindings) => {
                let (bindings, name) = (self.context.bindings.clone(), name.clone());
                task::spawn_detached("binding removal", async move { bindings.remove(&name).await });
            }
            _ => {}
        }
    }

    /// Decides what a failure means: the end of the sidecar, or of this component for now.
    fn handle(self: &Arc<Self>, version: Version, component: Component, failure: Failure) -> Result<(), Failure> {
        failed(&self.context, &component, &failure);
        if failure.waits_for_secret_store() {
            tracing::warn!(target: "dapr.runtime.processor", "{failure}");
            if let Some(entry) = lock(&self.book).current(&component.metadata.name, version) {
                entry.waits = true;
            }
            return Ok(());
        }
        let told = failure.in_the_log();
        if !component.spec.ignore_errors {
            tracing::error!(target: "dapr.runtime.processor", "Error processing component, daprd will exit gracefully: {told}");
            return Err(failure);
        }
        tracing::error!(target: "dapr.runtime.processor", "Ignoring error processing component: {told}");
        if failure.may_pass() {
            self.retry(version, component);
        }
        Ok(())
    }

    /// Tries again in the background until it works.
    fn retry(self: &Arc<Self>, version: Version, component: Component) {
        let name = component.metadata.name.clone();
        let shared = self.clone();
        let retry = task::spawn("component retry", async move {
            let mut backoff = Backoff::new(FIRST_RETRY, LAST_RETRY);
            loop {
                tokio::time::sleep(backoff.next_delay()).await;
                match start::start(&shared.context, &component).await {
                    Ok(ready) => return shared.settle(version, &component, ready).await,
                    Err(failure) => failed(&shared.context, &component, &failure),
                }
            }
        });
        if let Some(entry) = lock(&self.book).current(&name, version) {
            entry.retry_with(retry);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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

/// Whether it is the state store of the actors.
pub(crate) fn is_actor_store(component: &Component) -> bool {
    let wants =
        component.spec.item(ACTOR_STATE_STORE).and_then(|item| dapr_spi::metadata::parse_bool(&item.value.text()));
    wants.unwrap_or(false) && component.parsed_type().is_ok_and(|kind| kind.category == Category::State)
}

fn check_actor_stores(components: &[Component]) -> Result<(), Failure> {
    let mut stores = components.iter().filter(|component| is_actor_store(component));
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
        Ok(Category::Crypto) => context.crypto.set_unready(name, why),
        _ => {}
    }
}

fn failed(context: &Context, component: &Component, failure: &Failure) {
    tracing::error!(target: "dapr.runtime.processor", "Failed to init component {}: {}", start::log_name(component), failure.wrapped());
    set_unready(context, component, &failure.to_string());
    context.metadata.set_component(status_of(component, "failed", failure.cause().to_owned(), None));
    context.metrics.components.failed(&component.spec.component_type, failure.metric(), &component.metadata.name);
}
