//! One subscription: reads while there is room, takes over what dead sidecars had, acknowledges in batches.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_spi::pubsub::{Delivery, Intake, Slot, Subscription, Verdict};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::commands::{Consumer, Trouble};
use super::entries::{Entry, after};
use super::ledger::{Id, Ledger};
use super::metadata::Redelivery;

/// Messages of one read, claim or acknowledgement.
const AT_ONCE: usize = 256;
/// How long a read waits, so that a subscription that ends does not wait for longer.
const WAIT: Duration = Duration::from_secs(1);
/// How long the last words of a subscription may take.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// A consumer of ours that was not heard of for so long, and has nothing pending, is removed.
const DEAD: Duration = Duration::from_secs(3_600);
/// How long an acknowledgement waits for others.
const GATHER: Duration = Duration::from_millis(1);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);
const METADATA_KEY: &str = "partitionKey";

/// What the tasks of a subscription share.
pub(super) struct Worker {
    pub(super) consumer: Consumer,
    pub(super) ledger: Arc<Ledger>,
    pub(super) intake: Intake,
    pub(super) redelivery: Option<Redelivery>,
    pub(super) closed: watch::Receiver<bool>,
}

/// A running subscription.
pub(super) struct Subscribed {
    worker: Arc<Worker>,
    reading: Task<()>,
    acknowledging: Task<()>,
    ending: watch::Sender<bool>,
}

impl Subscribed {
    pub(super) fn start(worker: Worker) -> Self {
        let worker = Arc::new(worker);
        let (ending, end) = watch::channel(false);
        let reading = task::spawn("redis subscription", worker.clone().read());
        let acknowledging = task::spawn("redis acknowledgement", worker.clone().acknowledge(end));
        Self { worker, reading, acknowledging, ending }
    }
}

#[async_trait]
impl Subscription for Subscribed {
    async fn close(self: Box<Self>) {
        let Self { worker, reading, acknowledging, ending } = *self;
        let last_words = async {
            let _ = reading.join().await;
            ending.send_replace(true);
            let _ = acknowledging.join().await;
            worker.leave().await;
        };
        if timeout(LAST_WORDS, last_words).await.is_err() {
            let topic = &worker.consumer.topic;
            tracing::warn!("pubsub.redis: the server does not answer; messages of `{topic}` may come again");
        }
        worker.consumer.close().await;
    }
}

impl Worker {
    async fn read(self: Arc<Self>) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
        // An answer that was lost may have held messages; they are this consumer's, and pending.
        let mut lost = false;
        let mut reclaim = Instant::now();
        let mut clean = Instant::now();
        loop {
            let slots = self.intake.reserve_many(self.ledger.unsettled(), AT_ONCE).await;
            if slots.is_empty() || *self.closed.borrow() {
                return;
            }
            if Instant::now() >= clean {
                self.remove_dead_peers().await;
                clean = Instant::now() + DEAD;
            }
            match self.turn(slots, &mut lost, &mut reclaim).await {
                Ok(()) => backoff.reset(),
                Err(Trouble::NoGroup) => {
                    let Consumer { topic, group, .. } = &self.consumer;
                    tracing::warn!("pubsub.redis: the server has lost group `{group}` of `{topic}`; it is made again");
                    if let Err(error) = self.consumer.create_group().await {
                        tracing::warn!("pubsub.redis: cannot make group `{group}` of `{topic}`: {error}");
                    }
                    sleep(backoff.next_delay()).await;
                }
                Err(Trouble::Other(error)) => {
                    if *self.closed.borrow() {
                        return;
                    }
                    lost = true;
                    tracing::warn!("pubsub.redis: cannot read from `{}`: {error}", self.consumer.topic);
                    tokio::select! {
                        () = sleep(backoff.next_delay()) => {}
                        () = self.intake.closed() => {}
                    }
                }
            }
        }
    }

    /// One round: what was lost, what was refused, what others left, what is new.
    async fn turn(&self, slots: Vec<Slot>, lost: &mut bool, reclaim: &mut Instant) -> Result<(), Trouble> {
        let mut slots = slots.into_iter();
        if *lost {
            self.recover(&mut slots).await?;
            *lost = slots.len() == 0;
        }
        if let Some(redelivery) = self.redelivery {
            self.redeliver(redelivery, &mut slots).await.inspect_err(|_| *lost = true)?;
            if Instant::now() >= *reclaim && slots.len() > 0 {
                self.reclaim(redelivery, &mut slots).await.inspect_err(|_| *lost = true)?;
                // With no slot left there may be more.
                *reclaim = Instant::now() + if slots.len() == 0 { Duration::ZERO } else { redelivery.interval };
            }
        }
        if slots.len() == 0 {
            return Ok(());
        }
        let mut closed = self.closed.clone();
        let entries = tokio::select! {
            entries = self.consumer.read_new(slots.len(), self.wait(*reclaim)) => entries?,
            _ = closed.wait_for(|closed| *closed) => return Ok(()),
        };
        self.put(entries, &mut slots);
        Ok(())
    }

    /// How long a read may wait.
    fn wait(&self, reclaim: Instant) -> Duration {
        let Some(redelivery) = self.redelivery else { return WAIT };
        let refused = self.ledger.next_refused(redelivery.interval);
        let due = refused.map_or(reclaim, |refused| refused.min(reclaim));
        due.saturating_duration_since(Instant::now()).min(WAIT).min(redelivery.interval)
    }

    /// Delivers what is pending for this consumer and not known here.
    async fn recover(&self, slots: &mut impl ExactSizeIterator<Item = Slot>) -> Result<(), Trouble> {
        let mut last = "0".to_owned();
        while slots.len() > 0 {
            let entries = self.consumer.read_own(&last, slots.len()).await?;
            let Some(end) = entries.last() else { return Ok(()) };
            last.clone_from(&end.id);
            let unknown = entries.into_iter().filter(|entry| !self.ledger.knows(&entry.id)).collect();
            self.put(unknown, slots);
        }
        Ok(())
    }

    /// Delivers again what was refused some time ago, unless somebody else has it now.
    async fn redeliver(
        &self,
        redelivery: Redelivery,
        slots: &mut impl ExactSizeIterator<Item = Slot>,
    ) -> Result<(), Trouble> {
        let ids = self.ledger.take_refused(redelivery.interval, slots.len());
        // The server's clock counts from the delivery, or the last word about it, so the time is over there, too.
        let idle = redelivery.interval.min(redelivery.timeout) / 2;
        match self.consumer.claim(&ids, idle).await {
            Ok(entries) => {
                self.remove_gone(&ids, &entries).await?;
                self.put(entries, slots);
                Ok(())
            }
            Err(trouble) => {
                self.ledger.refuse_again(ids, redelivery.interval);
                Err(trouble)
            }
        }
    }

    /// Takes over messages whose sidecars were not heard of for a time.
    async fn reclaim(
        &self,
        redelivery: Redelivery,
        slots: &mut impl ExactSizeIterator<Item = Slot>,
    ) -> Result<(), Trouble> {
        let mut first = "-".to_owned();
        while slots.len() > 0 {
            let pending = self.consumer.pending(&first, AT_ONCE).await?;
            let Some(last) = pending.last() else { return Ok(()) };
            first = after(&last.id);
            let complete = pending.len() < AT_ONCE;
            let idle = pending.into_iter().filter(|one| one.idle >= redelivery.timeout);
            let ids: Vec<Id> =
                idle.filter(|one| !self.ledger.knows(&one.id)).map(|one| one.id.into()).take(slots.len()).collect();
            let entries = self.consumer.claim(&ids, redelivery.timeout).await?;
            self.remove_gone(&ids, &entries).await?;
            self.put(entries, slots);
            if complete {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Entries that were trimmed away while they were pending would stay so for ever on older servers.
    async fn remove_gone(&self, asked: &[Id], got: &[Entry]) -> Result<(), Trouble> {
        for id in asked.iter().filter(|id| !got.iter().any(|entry| *entry.id == ***id)) {
            if !self.consumer.exists(id).await? {
                let topic = &self.consumer.topic;
                tracing::warn!("pubsub.redis: message {id} of `{topic}` was trimmed away before it was processed");
                self.consumer.acknowledge(std::slice::from_ref(id)).await.map_err(Trouble::Other)?;
            }
        }
        Ok(())
    }

    fn put(&self, entries: Vec<Entry>, slots: &mut impl ExactSizeIterator<Item = Slot>) {
        for entry in entries {
            let id: Id = entry.id.into();
            if !self.ledger.deliver(&id) {
                continue;
            }
            let Some(message) = entry.message else {
                self.ledger.settle(id, Verdict::Done);
                continue;
            };
            let Some(slot) = slots.next() else { return self.ledger.settle(id, Verdict::Again) };
            let order = message.metadata.get(METADATA_KEY).filter(|key| !key.is_empty());
            let order = order.map(|key| bytes::Bytes::copy_from_slice(key.as_bytes()));
            let (ledger, drops) = (self.ledger.clone(), self.redelivery.is_none());
            let dropped = drops.then(|| message.topic.clone());
            let settle = move |verdict| {
                if let (Some(topic), Verdict::Again) = (&dropped, verdict) {
                    tracing::error!("pubsub.redis: a message of `{topic}` is dropped: redelivery is turned off");
                    return ledger.settle(id, Verdict::Done);
                }
                ledger.settle(id, verdict);
            };
            self.intake.put(slot, Delivery::new(message, order, settle));
        }
    }

    /// Acknowledges as verdicts come, all that came during a round trip in the next one, until the end.
    async fn acknowledge(self: Arc<Self>, mut end: watch::Receiver<bool>) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
        let interval = self.redelivery.map_or(DEAD, |redelivery| redelivery.timeout / 3);
        let mut keep = Instant::now() + interval;
        loop {
            let ended = tokio::select! {
                () = self.ledger.acknowledge.notified() => false,
                () = sleep_until(keep) => false,
                _ = end.wait_for(|end| *end) => true,
            };
            if !ended {
                // Nobody waits for it, and many travel together.
                sleep(GATHER).await;
            }
            if Instant::now() >= keep {
                self.keep().await;
                keep = Instant::now() + interval;
            }
            while let Err(error) = self.acknowledge_some().await {
                tracing::warn!("pubsub.redis: cannot acknowledge messages of `{}`: {error}", self.consumer.topic);
                if *self.closed.borrow() {
                    return;
                }
                sleep(backoff.next_delay()).await;
            }
            backoff.reset();
            if ended {
                return;
            }
        }
    }

    async fn acknowledge_some(&self) -> dapr_spi::Result<()> {
        loop {
            let ids = self.ledger.take_done(AT_ONCE);
            if ids.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.consumer.acknowledge(&ids).await {
                self.ledger.put_back(ids);
                return Err(error);
            }
            self.ledger.forget(&ids);
        }
    }

    /// The application may take longer than the time after which others take over.
    async fn keep(&self) {
        for ids in self.ledger.delivered().chunks(AT_ONCE) {
            if let Err(error) = self.consumer.keep(ids).await {
                tracing::debug!("pubsub.redis: cannot keep messages of `{}`: {error}", self.consumer.topic);
            }
        }
    }

    /// Hands back what is not settled, and goes.
    async fn leave(&self) {
        let timeout = self.redelivery.map_or(Duration::ZERO, |redelivery| redelivery.timeout);
        let mut last = "0".to_owned();
        loop {
            let Ok(entries) = self.consumer.read_own(&last, AT_ONCE).await else { return };
            let Some(end) = entries.last() else { break };
            last.clone_from(&end.id);
            let ids: Vec<Id> = entries.into_iter().map(|entry| entry.id.into()).collect();
            if let Err(error) = self.consumer.hand_back(&ids, timeout).await {
                tracing::debug!("pubsub.redis: cannot hand back messages of `{}`: {error}", self.consumer.topic);
                return;
            }
        }
        // Removing a consumer would remove what it has pending, too.
        if last == "0"
            && let Err(error) = self.consumer.remove(&self.consumer.name).await
        {
            tracing::debug!("pubsub.redis: cannot remove the consumer of `{}`: {error}", self.consumer.topic);
        }
    }

    async fn remove_dead_peers(&self) {
        let Ok(peers) = self.consumer.peers().await else { return };
        let prefix = format!("{}-", self.consumer.group);
        for (name, pending, idle) in peers {
            if name.starts_with(&prefix) && name != self.consumer.name && pending == 0 && idle > DEAD {
                let _ = self.consumer.remove(&name).await;
            }
        }
    }
}
