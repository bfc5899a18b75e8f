//! A broker that goes away and comes back while messages flow.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use dapr_kit::task;
use dapr_spi::pubsub::PubSub;
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::order::assert_first_arrivals_in_order;
use super::{Act, SOON, Seen, Suite, keyed};

const PUBLISHERS: usize = 4;
/// Each publisher must succeed again, and everything must have come, within this time after the broker is back.
const RECOVERY_BOUND: Duration = Duration::from_secs(60);
/// Successes in a row after which a publisher counts as recovered.
const RECOVERED: usize = 5;

impl Suite {
    /// Publishes and receives all the time while `restart` stops the broker, kindly or not, and starts it again.
    ///
    /// The broker must be durable. Every call is answered within 30 s; within 60 s of the restart publishing succeeds again,
    /// and the one subscription has got every acknowledged message, in order per key where that is promised. The component
    /// stays the same all the time.
    ///
    /// # Panics
    /// One of these does not hold.
    pub async fn restart<F: Future<Output = ()>>(&self, restart: impl FnOnce() -> F) {
        let broker = self.open("restart").await;
        let topic = self.topic("restart");
        let collector = self.collect(&broker, &topic, 64, |_| Act::Done).await;
        let back = Arc::new(AtomicBool::new(false));
        let publishers: Vec<_> = (0..PUBLISHERS)
            .map(|index| publish_until_recovered(broker.clone(), topic.clone(), index, back.clone()))
            .map(|publisher| task::spawn("restart-publisher", publisher))
            .collect();
        collector.wait(PUBLISHERS * 10).await;
        restart().await;
        back.store(true, Ordering::SeqCst);
        let mut acknowledged = BTreeSet::new();
        for ended in join_all(publishers.into_iter().map(task::Task::join)).await {
            acknowledged.extend(ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())));
        }
        let missing = |seen: &[Seen]| {
            let came: BTreeSet<String> = seen.iter().map(Seen::text).collect();
            acknowledged.difference(&came).cloned().collect::<Vec<String>>()
        };
        let deadline = Instant::now() + RECOVERY_BOUND;
        while !missing(&collector.seen()).is_empty() && Instant::now() < deadline {
            sleep(Duration::from_millis(50)).await;
        }
        let seen = collector.seen();
        let lost = missing(&seen);
        let (count, lost) = (lost.len(), lost.into_iter().take(10).collect::<Vec<_>>());
        let of = acknowledged.len();
        assert!(
            lost.is_empty(),
            "{count} of {of} acknowledged messages did not come within {RECOVERY_BOUND:?}: {lost:?}"
        );
        if self.quirks.key_order {
            assert_first_arrivals_in_order(&seen);
        }
        collector.close().await;
        self.end(broker).await;
    }
}

/// Publishes one message after the other with a key of its own, each until it is acknowledged; returns those, after some
/// successes in a row since the broker is back.
async fn publish_until_recovered(
    broker: Arc<dyn PubSub>,
    topic: String,
    publisher: usize,
    back: Arc<AtomicBool>,
) -> Vec<String> {
    let key = format!("publisher-{publisher}");
    let mut acknowledged = Vec::new();
    let mut since_back: Option<Instant> = None;
    let mut in_a_row = 0;
    while in_a_row < RECOVERED {
        if back.load(Ordering::SeqCst) {
            let since = *since_back.get_or_insert_with(Instant::now);
            assert!(
                since.elapsed() < RECOVERY_BOUND,
                "publishing must succeed within {RECOVERY_BOUND:?} of the restart"
            );
        }
        let text = format!("{key} {:06}", acknowledged.len());
        let sent = timeout(SOON, broker.publish(keyed(&topic, &key, text.clone()))).await;
        match sent.unwrap_or_else(|_| panic!("publish was not answered within {SOON:?}")) {
            Ok(()) => {
                acknowledged.push(text);
                in_a_row += usize::from(since_back.is_some());
            }
            Err(_) => in_a_row = 0,
        }
        sleep(Duration::from_millis(5)).await;
    }
    acknowledged
}
