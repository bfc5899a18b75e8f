//! The queue that everything exported waits in: bounded in items and bytes, emptied in batches by one task.
//!
//! Callers never wait: what does not fit is dropped and counted. A collector that is away is asked again with
//! growing pauses; a batch is given up after a minute. One log line in half a minute tells what is lost.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use super::client::Failure;

#[cfg(test)]
mod tests;

/// More bytes than this are not kept, however few the items.
const MAX_BYTES: usize = 8 << 20;
/// How long a batch is tried.
const PATIENCE: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Between two log lines about the same exporter.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// What a queue holds at most, and when it is emptied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Items; more are dropped.
    pub(crate) items: usize,
    /// Items that go in one request.
    pub(crate) batch: usize,
    /// How long the first item of a batch waits for others.
    pub(crate) delay: Duration,
}

impl Limits {
    /// OpenTelemetry's defaults for a batch processor, and its variables: `{prefix}_MAX_QUEUE_SIZE` and so on. A
    /// value that is no positive number counts as absent; a batch is never larger than the queue.
    pub(crate) fn of(prefix: &str, delay: Duration, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| -> Option<u32> {
            variable(&format!("{prefix}_{name}"))?.parse().ok().filter(|number| *number > 0)
        };
        let count = |name, default: usize| number(name).map_or(default, |number| number.min(1 << 20) as usize);
        let items = count("MAX_QUEUE_SIZE", 2048);
        Limits {
            items,
            batch: count("MAX_EXPORT_BATCH_SIZE", 512).min(items),
            delay: number("SCHEDULE_DELAY").map_or(delay, |ms| Duration::from_millis(ms.into())),
        }
    }
}

/// Something with a size.
pub(crate) trait Weigh {
    /// Roughly the bytes that it takes in memory.
    fn bytes(&self) -> usize;
}

impl<T: Weigh> Weigh for Arc<T> {
    fn bytes(&self) -> usize {
        T::bytes(self)
    }
}

/// Sends batches somewhere.
pub(crate) trait Export<T>: Send + 'static {
    /// Where to, for messages.
    fn target(&self) -> &str;

    /// Sends a batch, and returns how many items of it were rejected.
    fn export(&mut self, batch: &[T]) -> impl Future<Output = Result<u64, Failure>> + Send;
}

/// The queue and the task that empties it, which ends with the queue.
pub(crate) struct Queue<T> {
    shared: Arc<Shared<T>>,
    worker: Mutex<Option<Task<()>>>,
}

struct Shared<T> {
    limits: Limits,
    /// What the items are called in messages.
    noun: &'static str,
    waiting: Mutex<Waiting<T>>,
    wake: Notify,
    dropped: AtomicU64,
}

struct Waiting<T> {
    items: VecDeque<T>,
    bytes: usize,
    stopping: bool,
}

impl<T: Weigh + Send + Sync + 'static> Queue<T> {
    /// Starts the task. Must be called inside a Tokio runtime.
    pub(crate) fn start(noun: &'static str, limits: Limits, exporter: impl Export<T>) -> Self {
        let waiting = Mutex::new(Waiting { items: VecDeque::new(), bytes: 0, stopping: false });
        let shared = Arc::new(Shared { limits, noun, waiting, wake: Notify::new(), dropped: AtomicU64::new(0) });
        let worker = task::spawn("telemetry export", run(shared.clone(), exporter));
        Queue { shared, worker: Mutex::new(Some(worker)) }
    }

    /// Takes an item, or drops it when there is no room.
    pub(crate) fn push(&self, item: T) {
        let bytes = item.bytes();
        let mut waiting = self.shared.waiting();
        let limits = &self.shared.limits;
        if waiting.stopping || waiting.items.len() >= limits.items || waiting.bytes + bytes > MAX_BYTES {
            drop(waiting);
            self.shared.dropped.fetch_add(1, Relaxed);
            return;
        }
        waiting.bytes += bytes;
        waiting.items.push_back(item);
        let count = waiting.items.len();
        drop(waiting);
        if count == 1 || count == limits.batch {
            self.shared.wake.notify_one();
        }
    }

    /// Items that were not exported.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Relaxed)
    }

    /// Exports what waits, each batch once, and ends the task; what is left after `deadline` is lost.
    pub(crate) async fn stop(&self, deadline: Duration) {
        self.shared.waiting().stopping = true;
        self.shared.wake.notify_one();
        let worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(worker) = worker else { return };
        let ended = timeout(deadline, worker.join()).await;
        let left = self.shared.waiting().items.len() as u64;
        if ended.is_err() || left > 0 {
            self.shared.dropped.fetch_add(left, Relaxed);
            tracing::warn!(target: "dapr.runtime.trace", "stopped before all {} were exported; {left} are lost", self.shared.noun);
        }
    }
}

impl<T> Shared<T> {
    fn waiting(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when `count` items wait, or when the queue stops.
    async fn filled(&self, count: usize) {
        loop {
            // A permit is kept when nobody waits, so nothing is missed between the look and the wait.
            let wake = self.wake.notified();
            {
                let waiting = self.waiting();
                if waiting.stopping || waiting.items.len() >= count {
                    return;
                }
            }
            wake.await;
        }
    }

    /// Returns when the queue stops.
    async fn stopped(&self) {
        self.filled(usize::MAX).await;
    }
}

impl<T: Weigh> Shared<T> {
    fn take(&self) -> (Vec<T>, bool) {
        let mut waiting = self.waiting();
        let count = waiting.items.len().min(self.limits.batch);
        let batch: Vec<T> = waiting.items.drain(..count).collect();
        waiting.bytes -= batch.iter().map(Weigh::bytes).sum::<usize>();
        // The room for a burst is given back.
        let keep = self.limits.batch;
        waiting.items.shrink_to(keep);
        (batch, waiting.stopping)
    }
}

async fn run<T: Weigh + Send + Sync, E: Export<T>>(shared: Arc<Shared<T>>, mut exporter: E) {
    let mut report = Report { last: None, told: 0, is_failing: false };
    loop {
        shared.filled(1).await;
        // Either the batch is full or its first item has waited long enough.
        let _ = timeout(shared.limits.delay, shared.filled(shared.limits.batch)).await;
        let (batch, stopping) = shared.take();
        if !batch.is_empty() {
            deliver(&shared, &mut exporter, &batch, &mut report).await;
        } else if stopping {
            return;
        }
    }
}

async fn deliver<T: Weigh + Send + Sync, E: Export<T>>(
    shared: &Shared<T>,
    exporter: &mut E,
    batch: &[T],
    report: &mut Report,
) {
    let give_up = Instant::now() + PATIENCE;
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let failure = match exporter.export(batch).await {
            Ok(rejected) => {
                shared.dropped.fetch_add(rejected, Relaxed);
                return report.success(shared, exporter.target());
            }
            Err(failure) => failure,
        };
        let pause = backoff.next_delay();
        let stopping = shared.waiting().stopping;
        if stopping || !failure.may_retry || Instant::now() + pause > give_up {
            shared.dropped.fetch_add(batch.len() as u64, Relaxed);
            return report.failure(shared, exporter.target(), &failure);
        }
        report.failure(shared, exporter.target(), &failure);
        let _ = timeout(pause, shared.stopped()).await;
    }
}

/// Tells of failures, but rarely.
struct Report {
    last: Option<Instant>,
    /// Of the dropped ones.
    told: u64,
    is_failing: bool,
}

impl Report {
    fn failure<T>(&mut self, shared: &Shared<T>, target: &str, failure: &Failure) {
        self.is_failing = true;
        if self.is_due() {
            let dropped = self.tell(shared);
            tracing::warn!(
                target: "dapr.runtime.trace",
                "{} cannot be exported to {target}: {}; {dropped} were dropped so far",
                shared.noun,
                failure.reason
            );
        }
    }

    fn success<T>(&mut self, shared: &Shared<T>, target: &str) {
        let dropped = shared.dropped.load(Relaxed);
        if std::mem::take(&mut self.is_failing) {
            self.tell(shared);
            tracing::info!(target: "dapr.runtime.trace", "{} are exported to {target} again; {dropped} were dropped so far", shared.noun);
        } else if dropped > self.told && self.is_due() {
            self.tell(shared);
            tracing::warn!(
                target: "dapr.runtime.trace",
                "more {} than {target} takes; {dropped} were dropped so far",
                shared.noun
            );
        }
    }

    fn is_due(&self) -> bool {
        self.last.is_none_or(|last| last.elapsed() >= BETWEEN_LINES)
    }

    fn tell<T>(&mut self, shared: &Shared<T>) -> u64 {
        self.last = Some(Instant::now());
        self.told = shared.dropped.load(Relaxed);
        self.told
    }
}
