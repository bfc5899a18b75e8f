//! How much a subscription pulls, and what a slow consumer does to others.

use std::collections::BTreeSet;
use std::sync::Arc;

use dapr_kit::task;
use dapr_spi::pubsub::{Map, PubSub, Verdict};

use super::{Act, SOON, Seen, Suite, bounded, message};

const MESSAGES: usize = 50;
const UNSETTLED: usize = 4;
/// A backlog that would be seen if somebody kept it in memory.
const BACKLOG: usize = 2_048;
const BACKLOG_BYTES: usize = 16 << 10;

impl Suite {
    /// No more than the limit is unsettled at any time, every free slot is used, and each message comes once.
    pub(super) async fn concurrency(&self) {
        let broker = self.open("concurrency").await;
        let topic = self.topic("concurrency");
        let collector = self.collect(&broker, &topic, UNSETTLED, |_| Act::Keep).await;
        let publishing = task::spawn("suite-publisher", self.clone().publish_numbers(broker.clone(), topic.clone()));
        if !self.quirks.volatile {
            let published = tokio::time::timeout(SOON, publishing.join()).await;
            published.expect("a slow consumer must not block a publisher").expect("publish");
        } else {
            task::spawn_detached("suite-publisher", async move { publishing.join().await.expect("publish") });
        }
        for settled in 0..=MESSAGES - UNSETTLED {
            collector.wait(settled + UNSETTLED).await;
            if settled == 0 {
                let why = format!("with {UNSETTLED} messages unsettled, nothing more may be pulled");
                collector.nothing_more(UNSETTLED, &why).await;
            }
            assert_eq!(collector.seen().len(), settled + UNSETTLED, "a settled message frees one slot");
            assert_eq!(collector.release(1, Verdict::Done), 1);
        }
        collector.release(UNSETTLED, Verdict::Done);
        collector.nothing_more(MESSAGES, "each message comes once").await;
        let numbers: BTreeSet<String> = collector.texts().into_iter().collect();
        assert_eq!(numbers.len(), MESSAGES, "every message comes");
        collector.close().await;
        self.end(broker).await;
    }

    async fn publish_numbers(self, broker: Arc<dyn PubSub>, topic: String) {
        for number in 0..MESSAGES {
            self.publish(&broker, &topic, format!("{number:03}")).await;
        }
    }

    /// A consumer that does not get on costs a bounded amount of memory, and holds up nobody else.
    pub(super) async fn slow_consumer(&self) {
        let broker = self.open("slow").await;
        let (topic, other) = (self.topic("slow"), self.topic("slow-other"));
        let slow = self.collect(&broker, &topic, UNSETTLED, |_| Act::Keep).await;
        let quick = self.collect(&broker, &other, UNSETTLED, |_| Act::Done).await;
        let before = resident_bytes();
        for _ in 0..BACKLOG / 64 {
            let batch = (0..64).map(|_| message(&topic, vec![b'x'; BACKLOG_BYTES])).collect();
            let results = bounded("publish", broker.bulk_publish(batch, &Map::new())).await;
            assert!(results.iter().all(Result::is_ok), "a slow consumer must not fail a publisher");
        }
        slow.wait(UNSETTLED).await;
        for number in 0..10 {
            self.publish(&broker, &other, number.to_string()).await;
        }
        if !self.quirks.shared_window {
            quick.wait(10).await;
        }
        slow.nothing_more(UNSETTLED, "a slow consumer gets no more than it has room for").await;
        let grown = resident_bytes().saturating_sub(before);
        let bound = BACKLOG * BACKLOG_BYTES * 3 / 4;
        assert!(
            grown < bound,
            "{grown} bytes more after a backlog of {}: it must not be kept",
            BACKLOG * BACKLOG_BYTES
        );
        slow.close_intake().await;
        slow.wait_until("what was pulled", SOON, |seen: &[Seen]| seen.len() >= UNSETTLED).await;
        while slow.release(usize::MAX, Verdict::Done) > 0 {}
        slow.close().await;
        quick.close().await;
        self.end(broker).await;
    }
}

/// Memory of this process that is in RAM.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: usize = statm.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    pages * 4096
}
