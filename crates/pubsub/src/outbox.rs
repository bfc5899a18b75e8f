//! The transactional outbox: what a transaction writes is published, and what it does not write is not.
//!
//! Before a transaction the events of its writes go to an internal topic, each with the name of a marker; the markers are
//! written in the transaction itself. The sidecar reads its internal topic, and publishes an event for good when its
//! marker is there ([`relay`]). So whenever a sidecar dies, the broker still has the event, and the store knows whether
//! it counts.

mod event;
mod ledger;
mod relay;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use bytes::Bytes;
use dapr_errors::{Error, Result, table};
use dapr_spi::ErrorKind;
use dapr_spi::metadata::{Properties, parse_bool};
use dapr_spi::state::{Map, Operation, Options, SetRequest, Value};
use dapr_state::{Store, Stores};
use dapr_telemetry::trace::Context;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::watch;
use tokio::time::{Duration, timeout};

use crate::{Broker, Brokers, Publisher};

use ledger::{Fate, Ledger};
use relay::Relay;

/// What the key of a marker begins with.
const MARKER: &str = "outbox-";
/// Events of one transaction that go to the internal topic at a time.
const PARALLELISM: usize = 64;
/// How long the internal topic may take to have the events of a transaction.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a stop waits for the events at hand before it goes on.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a transaction waits for the first reader of the internal topic.
const READER_TIMEOUT: Duration = Duration::from_secs(5);

/// What the metadata of a state store say about its outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `outboxPublishPubsub`: where events go in the end.
    pub publish_pubsub: String,
    /// `outboxPublishTopic`.
    pub publish_topic: String,
    /// `outboxPubsub`: the broker of the internal topic; by default the same.
    pub pubsub: String,
    /// `outboxDiscardWhenMissingState`: an event without a marker is forgotten rather than delivered again.
    pub discards: bool,
}

impl Config {
    /// Reads the metadata of a state store; `None` when it has no outbox.
    pub fn read(properties: &Properties) -> Option<Self> {
        let text = |name: &str| properties.get(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let publish_pubsub = text("outboxPublishPubsub")?;
        Some(Self {
            publish_topic: text("outboxPublishTopic")?,
            pubsub: text("outboxPubsub").unwrap_or_else(|| publish_pubsub.clone()),
            discards: text("outboxDiscardWhenMissingState").and_then(|text| parse_bool(&text)).unwrap_or(false),
            publish_pubsub,
        })
    }
}

/// What the outboxes of a sidecar need.
pub struct Settings {
    /// The application.
    pub app_id: String,
    /// Its namespace; may be empty.
    pub namespace: String,
    /// Publishes.
    pub publisher: Arc<Publisher>,
    /// The brokers.
    pub brokers: Arc<Brokers>,
    /// The stores with the markers.
    pub stores: Arc<Stores>,
}

/// The outboxes of all state stores of a sidecar.
pub struct Outbox {
    shared: Arc<Shared>,
    known: ArcSwap<HashMap<String, Arc<Known>>>,
    relays: Mutex<Relays>,
}

/// The outbox of one store.
struct Known {
    config: Config,
    /// Turns true when the internal topic is read for the first time. Before, some brokers would forget what they get.
    read: watch::Sender<bool>,
    /// Whether no event is at hand.
    idle: watch::Sender<bool>,
}

/// What transactions and relays share.
struct Shared {
    settings: Settings,
    ledger: Ledger,
}

#[derive(Default)]
struct Relays {
    started: bool,
    running: HashMap<String, Relay>,
}

/// One write of a transaction that has an event.
struct Event {
    marker: String,
    data: Bytes,
}

impl Shared {
    /// The name of the topic between the two halves.
    fn internal_topic(&self, config: &Config) -> String {
        format!("{}{}{}outbox", self.settings.namespace, self.settings.app_id, config.publish_topic)
    }
}

impl Outbox {
    /// No store has an outbox yet.
    pub fn new(settings: Settings) -> Self {
        let shared = Arc::new(Shared { settings, ledger: Ledger::default() });
        Self { shared, known: ArcSwap::default(), relays: Mutex::default() }
    }

    /// A state store was opened, with or without an outbox, or it is gone (`None`).
    pub fn set(&self, store: &str, config: Option<Config>) {
        let mut relays = self.relays();
        let known = self.known.load();
        if known.get(store).map(|known| &known.config) == config.as_ref() {
            return;
        }
        let mut changed = HashMap::clone(&known);
        relays.running.remove(store);
        match config {
            None => drop(changed.remove(store)),
            Some(config) => {
                let known = Arc::new(Known { config, read: watch::Sender::new(false), idle: watch::Sender::new(true) });
                if relays.started {
                    relays.running.insert(store.to_owned(), self.relay(store, &known));
                }
                changed.insert(store.to_owned(), known);
            }
        }
        self.known.store(Arc::new(changed));
    }

    /// Begins to read the internal topics, once the components are there.
    pub fn start(&self) {
        let mut relays = self.relays();
        if std::mem::replace(&mut relays.started, true) {
            return;
        }
        for (store, known) in self.known.load().iter() {
            relays.running.insert(store.clone(), self.relay(store, known));
        }
    }

    /// Waits some seconds until the events that were read are published, while others may come. Brokers without memory
    /// still have their subscribers then.
    pub async fn settle(&self) {
        let idle = self.known.load().values().map(|known| known.idle.subscribe()).collect::<Vec<_>>();
        let all = idle.into_iter().map(|mut idle| async move { idle.wait_for(|idle| *idle).await.is_ok() });
        let _ = timeout(IDLE_TIMEOUT, futures_util::future::join_all(all)).await;
    }

    /// Reads no further and publishes what was read. What is not published after some seconds goes back to its broker.
    pub async fn stop(&self) {
        let running = {
            let mut relays = self.relays();
            relays.started = false;
            std::mem::take(&mut relays.running)
        };
        futures_util::future::join_all(running.into_values().map(Relay::stop)).await;
    }

    fn relay(&self, store: &str, known: &Arc<Known>) -> Relay {
        Relay::start(self.shared.clone(), store.to_owned(), known.clone())
    }

    fn relays(&self) -> MutexGuard<'_, Relays> {
        self.relays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Performs a transaction on a store, and publishes what it writes if the store has an outbox. `content_types` are
    /// those that the items name beside their metadata, in the order of the operations; it may be shorter.
    ///
    /// # Errors
    /// The transaction was not performed.
    pub async fn transact(
        &self,
        store: &Store,
        operations: Vec<Operation>,
        content_types: &[Option<String>],
        metadata: Map,
        trace: Option<&Context>,
    ) -> Result<()> {
        let Some(known) = self.known.load().get(store.name()).cloned() else {
            return store.transact(operations, metadata).await;
        };
        store.check_transactional()?;
        if operations.is_empty() {
            return Ok(());
        }
        self.wait_for_reader(&known).await.map_err(|cause| self.error(&cause))?;
        Box::pin(self.with_outbox(store, &known.config, operations, content_types, metadata, trace)).await
    }

    async fn with_outbox(
        &self,
        store: &Store,
        config: &Config,
        operations: Vec<Operation>,
        content_types: &[Option<String>],
        metadata: Map,
        trace: Option<&Context>,
    ) -> Result<()> {
        let operations = store.prepare(operations).await?;
        let (mut operations, events) = event::split(operations, content_types, &self.shared, config, trace);
        operations.extend(events.iter().map(|event| Operation::Upsert(marker(&event.marker))));
        store.check_size(operations.len()).await?;
        let transaction = self.shared.ledger.open(events.iter().map(|event| event.marker.clone()));
        if let Err(cause) = self.publish(config, events).await {
            transaction.end(Fate::RolledBack);
            return Err(self.error(&cause));
        }
        let done = store.commit(operations, metadata).await;
        transaction.end(match &done {
            Ok(()) => Fate::Committed,
            Err(failure) if is_certain(failure.kind()) => Fate::RolledBack,
            Err(_) => Fate::Unknown,
        });
        done.map_err(|failure| Store::transaction_error(&failure))
    }

    fn error(&self, cause: &str) -> Error {
        let error = Error::new(&table::PUBLISH_OUTBOX, &[&cause]);
        error.with_metadata("appID", self.shared.settings.app_id.as_str()).with_metadata("error", cause)
    }

    /// Events are given to the internal topic when it is read, and from then on whether it is or not.
    async fn wait_for_reader(&self, known: &Known) -> std::result::Result<(), String> {
        if *known.read.borrow() {
            return Ok(());
        }
        let mut read = known.read.subscribe();
        match timeout(READER_TIMEOUT, read.wait_for(|read| *read)).await {
            Ok(_) => Ok(()),
            Err(_) => Err(format!(
                "the internal topic {} of pubsub {} could not be subscribed to; the log says why",
                self.shared.internal_topic(&known.config),
                known.config.pubsub
            )),
        }
    }

    /// Gives the events to the internal topic.
    async fn publish(&self, config: &Config, events: Vec<Event>) -> std::result::Result<(), String> {
        let settings = &self.shared.settings;
        let broker = settings.brokers.find(&config.pubsub).map_err(|error| error.to_string())?;
        self.check_scope(config)?;
        let topic = self.shared.internal_topic(config);
        let publish = |event: Event| publish_internal(&settings.publisher, &broker, &topic, event.data);
        let all = stream::iter(events).map(publish).buffered(PARALLELISM).try_collect::<()>();
        timeout(PUBLISH_TIMEOUT, all).await.unwrap_or_else(|_| {
            Err(format!(
                "pubsub {} did not take the events of the transaction within {PUBLISH_TIMEOUT:?}",
                config.pubsub
            ))
        })
    }

    /// An event that the application may not publish would never arrive; so its transaction is refused.
    fn check_scope(&self, config: &Config) -> std::result::Result<(), String> {
        let settings = &self.shared.settings;
        let Some(broker) = settings.brokers.ready(&config.publish_pubsub) else { return Ok(()) };
        if broker.scopes().may_publish(&settings.app_id, &config.publish_topic) {
            return Ok(());
        }
        Err(format!("topic {} is not allowed for app id {}", config.publish_topic, settings.app_id))
    }
}

async fn publish_internal(
    publisher: &Publisher,
    broker: &Arc<Broker>,
    topic: &str,
    data: Bytes,
) -> std::result::Result<(), String> {
    publisher.publish_own(broker, topic, data).await
}

/// Whether such a failure means that nothing was written.
fn is_certain(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::EtagMismatch | ErrorKind::EtagInvalid | ErrorKind::Invalid | ErrorKind::Unsupported)
}

/// The record that says that a transaction was performed.
fn marker(key: &str) -> SetRequest {
    SetRequest {
        key: key.to_owned(),
        value: Value::Json(Bytes::from_static(b"\"0\"")),
        etag: None,
        metadata: Map::new(),
        options: Options::default(),
    }
}

#[cfg(test)]
mod tests;
