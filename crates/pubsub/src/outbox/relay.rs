//! From the internal topic to the application's: the second half of an outbox.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_spi::pubsub::{Deliveries, Delivery, Intake, Map, SubscribeRequest, Subscription, Verdict};
use dapr_spi::state::{Consistency, DeleteRequest, GetRequest, StateStore};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::ledger::Fate;
use super::{Config, Known, MARKER, Shared};
use crate::dispatcher::{Call, Dispatcher, Rules};
use crate::envelope::{self, Envelope};

/// Messages that are held at least: as many as one transaction has, or the first half would wait for the second.
const UNSETTLED: usize = 1024;
/// Pauses between looks for a marker. Together they are the time that a transaction elsewhere may take.
const LOOKS: [u64; 9] = [20, 50, 100, 200, 400, 800, 1_500, 3_000, 5_000];
/// Delays between attempts to subscribe.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(15);
/// How often the removal of a marker is tried.
const REMOVALS: u32 = 3;
/// How long the events at hand may take when the relay ends.
const DRAIN: Duration = Duration::from_secs(15);
/// How long a broker may take to leave.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads the internal topic of one store. Dropped, it drains in the background.
pub(super) struct Relay {
    stop: watch::Sender<bool>,
    task: Option<Task<()>>,
}

impl Relay {
    pub(super) fn start(shared: Arc<Shared>, store: String, known: Arc<Known>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let topic = shared.internal_topic(&known.config);
        let reader = Reader { shared, store, known, topic };
        let task = task::spawn("outbox", async move { reader.run(stopping).await });
        Self { stop, task: Some(task) }
    }

    /// Ends it, and waits for the events at hand.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            let _ = task.join().await;
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            task::spawn_detached("outbox that ends", async move {
                let _ = task.join().await;
            });
        }
    }
}

struct Reader {
    shared: Arc<Shared>,
    store: String,
    known: Arc<Known>,
    topic: String,
}

/// An open subscription to the internal topic.
struct Opened {
    deliveries: Deliveries,
    handle: Box<dyn Subscription>,
    concurrency: usize,
}

impl Reader {
    /// Subscribes again whenever the broker has let go.
    async fn run(&self, mut stopping: watch::Receiver<bool>) {
        loop {
            let opened = tokio::select! {
                opened = self.open() => opened,
                _ = stopping.wait_for(|stopping| *stopping) => return,
            };
            self.known.read.send_replace(true);
            self.read(opened, &mut stopping).await;
            if *stopping.borrow() {
                return;
            }
        }
    }

    async fn open(&self) -> Opened {
        let mut backoff = Backoff::new(FIRST_RETRY, LAST_RETRY);
        let mut said = String::new();
        loop {
            let problem = match self.try_open().await {
                Ok(opened) => return opened,
                Err(problem) => problem,
            };
            if said != problem {
                tracing::warn!(target: "dapr.outbox", "could not subscribe to internal outbox topic: {problem}; trying again until it works");
                said = problem;
            }
            sleep(backoff.next_delay()).await;
        }
    }

    async fn try_open(&self) -> Result<Opened, String> {
        let name = &self.known.config.pubsub;
        let broker =
            self.shared.settings.brokers.ready(name).ok_or_else(|| format!("outbox pubsub {name} not loaded"))?;
        let request = SubscribeRequest { topic: broker.topic(&self.topic), ..SubscribeRequest::default() };
        let limits = broker.component().limits(&request);
        let (intake, deliveries) = Intake::new(limits.unsettled.max(UNSETTLED));
        let handle = broker.component().subscribe(request, intake).await.map_err(|error| error.to_string())?;
        Ok(Opened { deliveries, handle, concurrency: limits.concurrency })
    }

    /// Relays until the broker lets go, or the relay shall stop; then what was read is relayed, too.
    async fn read(&self, opened: Opened, stopping: &mut watch::Receiver<bool>) {
        let Opened { mut deliveries, handle, concurrency } = opened;
        let mut dispatcher = Dispatcher::new(Rules { calls: concurrency, batch: 1, wait: Duration::ZERO });
        let mut calls = FuturesUnordered::new();
        let (mut is_open, mut deadline) = (true, None);
        while is_open || !dispatcher.is_idle() {
            while let Some(call) = dispatcher.start(now()) {
                calls.push(self.relay(call));
            }
            let is_idle = dispatcher.is_idle() && deliveries.is_empty();
            self.known.idle.send_if_modified(|idle| std::mem::replace(idle, is_idle) != is_idle);
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping), if deadline.is_none() => {
                    deadline = Some(Instant::now() + DRAIN);
                    deliveries.close();
                }
                Some(keys) = calls.next(), if !calls.is_empty() => dispatcher.finished(keys, now()),
                next = deliveries.next(), if is_open => match next {
                    Some(delivery) => {
                        let mut next = Some(delivery);
                        while let Some(delivery) = next {
                            dispatcher.arrived(delivery.order.clone(), delivery, now());
                            next = deliveries.try_next();
                        }
                    }
                    None => is_open = false,
                },
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => break,
            }
        }
        self.known.idle.send_replace(true);
        drop(calls);
        drop(dispatcher);
        drop(deliveries);
        if timeout(CLOSE_TIMEOUT, handle.close()).await.is_err() {
            tracing::warn!(
                target: "dapr.outbox",
                "pubsub {} did not close the internal outbox topic within {CLOSE_TIMEOUT:?}", self.known.config.pubsub
            );
        }
    }

    async fn relay(&self, call: Call<Delivery>) -> Vec<Bytes> {
        for delivery in call.messages {
            self.relay_one(delivery).await;
        }
        call.keys
    }

    async fn relay_one(&self, delivery: Delivery) {
        let Some((event, marker)) = event_of(&delivery) else {
            // Whoever wrote it was no sidecar: it would come again for ever.
            tracing::error!(
                target: "dapr.outbox",
                "a message of the internal topic {} is no outbox event and is dropped", self.topic
            );
            return delivery.settle(Verdict::Done);
        };
        match self.shared.ledger.fate(&marker).await {
            Fate::Committed => {}
            Fate::RolledBack | Fate::Relayed => return delivery.settle(Verdict::Done),
            Fate::Open | Fate::Unknown => {
                if let Err(problem) = self.find(&marker).await {
                    return self.refuse(delivery, &problem);
                }
            }
        }
        let Config { publish_pubsub, publish_topic, .. } = &self.known.config;
        let fields = [("pubsubname", publish_pubsub.as_str()), ("topic", publish_topic.as_str())];
        let data = envelope::with_fields(&event, fields.into_iter());
        let publisher = &self.shared.settings.publisher;
        if let Err(error) = publisher.publish_raw(publish_pubsub, publish_topic, data, Map::new(), None).await {
            tracing::error!(
                target: "dapr.outbox",
                "failed to publish outbox topic to pubsub {publish_pubsub}: {error}, rejecting for later processing"
            );
            return delivery.settle(Verdict::Again);
        }
        // First the broker learns it, then the marker goes: the other way round, an event that comes once more would
        // wait for a marker that nobody writes.
        self.shared.ledger.relayed(&marker);
        delivery.settle(Verdict::Done);
        self.remove(&marker).await;
    }

    /// The end of a message whose marker is not there.
    fn refuse(&self, delivery: Delivery, problem: &str) {
        let Config { publish_pubsub, discards, .. } = &self.known.config;
        let (what, verdict) = match discards {
            true => ("discarding message", Verdict::Done),
            false => ("rejecting for later processing", Verdict::Again),
        };
        tracing::error!(
            target: "dapr.outbox",
            "failed to publish outbox topic to pubsub {publish_pubsub}: {problem}, {what}"
        );
        delivery.settle(verdict);
    }

    fn component(&self) -> Result<Arc<dyn StateStore>, String> {
        let store = self.shared.settings.stores.find(&self.store);
        store.map(|store| store.component().clone()).map_err(|error| format!("cannot get outbox state: {error}"))
    }

    /// Waits for a marker.
    async fn find(&self, marker: &str) -> Result<(), String> {
        let mut pauses = LOOKS.into_iter();
        loop {
            let problem = match self.look(marker).await {
                Ok(true) => return Ok(()),
                Ok(false) => format!(
                    "cannot publish outbox message to topic {} with pubsub {}: outbox state not found",
                    self.known.config.publish_topic, self.known.config.publish_pubsub
                ),
                Err(problem) => problem,
            };
            let Some(pause) = pauses.next() else { return Err(problem) };
            sleep(Duration::from_millis(pause)).await;
        }
    }

    async fn look(&self, marker: &str) -> Result<bool, String> {
        let request = GetRequest { key: marker.to_owned(), metadata: Map::new(), consistency: Consistency::Strong };
        let found = self.component()?.get(request).await.map_err(|error| error.to_string())?;
        Ok(found.data.is_some_and(|data| !data.is_empty()))
    }

    async fn remove(&self, marker: &str) {
        let mut backoff = Backoff::new(FIRST_RETRY, LAST_RETRY);
        for attempt in 1..=REMOVALS {
            let request = DeleteRequest { key: marker.to_owned(), ..DeleteRequest::default() };
            let removed = match self.component() {
                Ok(component) => component.delete(request).await.map_err(|error| error.to_string()),
                Err(problem) => Err(problem),
            };
            let Err(problem) = removed else { return };
            if attempt == REMOVALS {
                tracing::warn!(
                    target: "dapr.outbox",
                    "the record `{marker}` of state store {} is left behind: {problem}", self.store
                );
                return;
            }
            sleep(backoff.next_delay()).await;
        }
    }
}

/// One delivery, as a running relay takes it.
#[cfg(test)]
pub(super) async fn relay_for_test(shared: &Arc<Shared>, store: &str, known: &Arc<Known>, delivery: Delivery) {
    let (shared, known, store) = (shared.clone(), known.clone(), store.to_owned());
    Reader { topic: shared.internal_topic(&known.config), shared, store, known }.relay_one(delivery).await;
}

/// The event of a message, and the marker that it names.
fn event_of(delivery: &Delivery) -> Option<(Envelope, String)> {
    let event = Envelope::read(delivery.message.data.clone()).ok()?;
    let marker = event.id().filter(|id| id.starts_with(MARKER))?.into_owned();
    Some((event, marker))
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}
