//! Members of a group that come and go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use dapr_kit::task;
use dapr_spi::pubsub::{PubSub, Verdict};
use dapr_testkit::pubsub::{Act, Collector, Seen, keyed, subscription};

use crate::server::{SOON, open, shared, topic};

const KEYS: usize = 12;

async fn publish(broker: &Arc<dyn PubSub>, topic: &str, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let key = format!("key-{}", number % KEYS);
        broker.publish(keyed(topic, &key, format!("{key} {number:05}"))).await.unwrap();
    }
}

fn texts(collectors: &[&Collector]) -> Vec<String> {
    collectors.iter().flat_map(|collector| collector.texts()).collect()
}

/// The order of first arrivals of each key at each member.
fn assert_order(seen: &[Seen]) {
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for text in seen.iter().filter(|seen| seen.time == 1).map(Seen::text) {
        let (key, number) = text.split_once(' ').unwrap();
        let before = last.insert(key.to_owned(), number.to_owned());
        assert!(before.as_deref() < Some(number), "{key}: {number} came after {before:?}");
    }
}

async fn rebalances_without_loss(strategy: &str) {
    let server = shared().await;
    let topic = topic("members");
    let fields = [("consumerID", topic.as_str()), ("consumerGroupRebalanceStrategy", strategy)];
    let (one, two) = (open(server.port(), &fields).await, open(server.port(), &fields).await);
    let first = Collector::start(&one, subscription(&topic), 16, |_| Act::Done).await;
    publish(&one, &topic, 0..100).await;
    first.wait(100).await;
    let publishing = task::spawn("publisher", {
        let (one, topic) = (one.clone(), topic.clone());
        async move { publish(&one, &topic, 100..1_500).await }
    });
    let second = Collector::start(&two, subscription(&topic), 16, |_| Act::Done).await;
    second.wait_within(50, SOON).await;
    publishing.join().await.unwrap();
    let deadline = tokio::time::Instant::now() + SOON;
    let all = |texts: Vec<String>| texts.into_iter().collect::<BTreeSet<String>>().len();
    while all(texts(&[&first, &second])) < 1_500 && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(all(texts(&[&first, &second])), 1_500, "every message comes to a member");
    assert_eq!(texts(&[&first, &second]).len(), 1_500, "what is settled before a partition moves does not come again");
    for collector in [&first, &second] {
        assert_order(&collector.seen());
    }
    second.close().await;
    publish(&one, &topic, 1_500..1_600).await;
    let late = |seen: &&Seen| seen.text().rsplit(' ').next().is_some_and(|number| number >= "01500");
    first.wait_until("the rest", SOON, |seen| seen.iter().filter(late).count() == 100).await;
    first.close().await;
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_member_takes_partitions_over() {
    rebalances_without_loss("range").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_member_takes_partitions_over_cooperatively() {
    rebalances_without_loss("sticky").await;
}

/// Messages that are out when their partition has to go are waited for, and when that takes too long they come to the
/// next member; nothing is committed past them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_settled_when_a_partition_goes_comes_to_the_next_member() {
    let server = shared().await;
    let topic = topic("unsettled");
    let fields = [("consumerID", topic.as_str())];
    let (one, two) = (open(server.port(), &fields).await, open(server.port(), &fields).await);
    let stuck = Collector::start(&one, subscription(&topic), 64, |_| Act::Keep).await;
    publish(&one, &topic, 0..40).await;
    stuck.wait(40).await;
    let second = Collector::start(&two, subscription(&topic), 64, |_| Act::Done).await;
    second.wait_within(1, SOON).await;
    // Verdicts on partitions that have gone count no more, the others do.
    while stuck.release(usize::MAX, Verdict::Done) > 0 {}
    let pulled = stuck.close().await;
    publish(&one, &topic, 40..80).await;
    let is_late = |seen: &&Seen| seen.text().rsplit(' ').next().is_some_and(|number| number >= "00040");
    let seen = second.wait_until("the rest", SOON, |seen| seen.iter().filter(is_late).count() == 40).await;
    let early: Vec<&Seen> = seen.iter().filter(|seen| !is_late(seen)).collect();
    let partition = |seen: &Seen| seen.message.metadata["__partition"].clone();
    let moved: BTreeSet<String> = early.iter().map(|seen| partition(seen)).collect();
    let unsettled: BTreeSet<String> =
        pulled.iter().filter(|seen| moved.contains(&partition(seen))).map(Seen::text).collect();
    assert!(!moved.is_empty() && moved.len() < 4, "some partitions moved: {moved:?}");
    assert_eq!(early.iter().map(|seen| seen.text()).collect::<BTreeSet<_>>(), unsettled, "what moved unsettled comes");
    assert_eq!(early.len(), unsettled.len(), "and it comes once");
    second.close().await;
    one.close().await;
    two.close().await;
}
