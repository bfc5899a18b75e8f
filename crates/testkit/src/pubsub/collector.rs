//! A subscriber: takes deliveries, notes them, and settles them as it is told.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use dapr_kit::task::{self, Task};
use dapr_spi::pubsub::{Deliveries, Delivery, Intake, Message, PubSub, SubscribeRequest, Subscription, Verdict};
use tokio::sync::watch;
use tokio::time::timeout;

use super::{QUIET, SOON, bounded};

/// What a [`Collector`] does with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Settles it as processed.
    Done,
    /// Settles it as to be delivered again.
    Again,
    /// Drops it unsettled.
    Drop,
    /// Keeps it until [`Collector::release`].
    Keep,
}

/// A message as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    /// The message.
    pub message: Message,
    /// What it is kept in order with.
    pub order: Option<Bytes>,
    /// Which time a message with this payload came, from 1.
    pub time: usize,
}

impl Seen {
    /// The payload as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.message.data).into_owned()
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.text().chars().take(40).collect();
        write!(f, "{}:{text}", self.message.topic)
    }
}

struct Shared {
    seen: Mutex<Vec<Seen>>,
    kept: Mutex<VecDeque<Delivery>>,
    count: watch::Sender<usize>,
}

/// A running subscription and what came.
pub struct Collector {
    shared: Arc<Shared>,
    ending: watch::Sender<bool>,
    intake: Intake,
    taking: Task<()>,
    subscription: Box<dyn Subscription>,
}

impl Collector {
    /// Subscribes with room for `unsettled` messages.
    ///
    /// # Panics
    /// The broker refuses, or does not answer in time.
    pub async fn start(
        broker: &Arc<dyn PubSub>,
        request: SubscribeRequest,
        unsettled: usize,
        act: impl FnMut(&Seen) -> Act + Send + 'static,
    ) -> Self {
        let (intake, deliveries) = Intake::new(unsettled);
        let topic = request.topic.clone();
        let subscribed = bounded("subscribe", broker.subscribe(request, intake.clone())).await;
        let subscription = subscribed.unwrap_or_else(|error| panic!("subscribe to `{topic}`: {error}"));
        let shared = Arc::new(Shared { seen: Mutex::default(), kept: Mutex::default(), count: watch::Sender::new(0) });
        let (ending, end) = watch::channel(false);
        let taking = task::spawn("suite-collector", take(deliveries, end, shared.clone(), act));
        Self { shared, ending, intake, taking, subscription }
    }

    /// Everything that came until now.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// The payloads of everything that came until now.
    pub fn texts(&self) -> Vec<String> {
        lock(&self.shared.seen).iter().map(Seen::text).collect()
    }

    /// Waits until at least so many messages have come, counted with repetitions.
    ///
    /// # Panics
    /// They have not within the bound.
    pub async fn wait(&self, count: usize) -> Vec<Seen> {
        self.wait_within(count, SOON).await
    }

    /// As [`Collector::wait`], with another bound.
    ///
    /// # Panics
    /// They have not come.
    pub async fn wait_within(&self, count: usize, bound: Duration) -> Vec<Seen> {
        self.wait_until(&format!("{count} messages"), bound, |seen| seen.len() >= count).await
    }

    /// Waits until what came is as it is to be.
    ///
    /// # Panics
    /// It is not within the bound.
    pub async fn wait_until(&self, what: &str, bound: Duration, ready: impl Fn(&[Seen]) -> bool) -> Vec<Seen> {
        let mut changes = self.shared.count.subscribe();
        let waiting = changes.wait_for(|_| ready(&lock(&self.shared.seen)));
        let came = timeout(bound, waiting).await.is_ok();
        let seen = self.seen();
        assert!(came, "expected {what} within {bound:?}; {} came, the last of them {:?}", seen.len(), last(&seen));
        seen
    }

    /// Watches for a moment that nothing more comes than what has.
    ///
    /// # Panics
    /// Something came.
    pub async fn nothing_more(&self, count: usize, why: &str) {
        tokio::time::sleep(QUIET).await;
        let seen = self.seen();
        assert_eq!(seen.len(), count, "{why}; the last that came: {:?}", last(&seen));
    }

    /// Settles up to so many of the oldest messages that were kept; returns how many.
    pub fn release(&self, count: usize, verdict: Verdict) -> usize {
        let kept: Vec<Delivery> = {
            let mut kept = lock(&self.shared.kept);
            let count = count.min(kept.len());
            kept.drain(..count).collect()
        };
        let count = kept.len();
        kept.into_iter().for_each(|delivery| delivery.settle(verdict));
        count
    }

    /// Ends the intake, so that nothing more is pulled. What was pulled already still comes.
    pub async fn close_intake(&self) {
        self.ending.send_replace(true);
        self.intake.closed().await;
    }

    /// Ends the subscription as the engine does: intake, what was pulled, subscription. Messages that were kept must have
    /// been released.
    ///
    /// # Panics
    /// It does not end in time.
    pub async fn close(self) -> Vec<Seen> {
        self.close_intake().await;
        let Self { shared, taking, subscription, .. } = self;
        let ended = bounded("taking what was pulled", taking.join()).await;
        ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        let kept = lock(&shared.kept).len();
        assert_eq!(kept, 0, "a check must release what it kept before it closes the subscription");
        bounded("closing the subscription", subscription.close()).await;
        lock(&shared.seen).clone()
    }
}

async fn take(
    mut deliveries: Deliveries,
    mut end: watch::Receiver<bool>,
    shared: Arc<Shared>,
    mut act: impl FnMut(&Seen) -> Act + Send,
) {
    let mut times = HashMap::new();
    let mut open = true;
    loop {
        let delivery = tokio::select! {
            delivery = deliveries.next() => delivery,
            _ = end.wait_for(|ended| *ended), if open => {
                open = false;
                deliveries.close();
                continue;
            }
        };
        let Some(delivery) = delivery else { return };
        let seen = note(&shared, &mut times, &delivery);
        match act(&seen) {
            Act::Done => delivery.settle(Verdict::Done),
            Act::Again => delivery.settle(Verdict::Again),
            Act::Drop => drop(delivery),
            Act::Keep => lock(&shared.kept).push_back(delivery),
        }
        let count = lock(&shared.seen).len();
        shared.count.send_replace(count);
    }
}

fn note(shared: &Shared, times: &mut HashMap<Bytes, usize>, delivery: &Delivery) -> Seen {
    let time = times.entry(delivery.message.data.clone()).or_default();
    *time += 1;
    let seen = Seen { message: delivery.message.clone(), order: delivery.order.clone(), time: *time };
    lock(&shared.seen).push(seen.clone());
    seen
}

fn last(seen: &[Seen]) -> &[Seen] {
    &seen[seen.len().saturating_sub(10)..]
}

fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
