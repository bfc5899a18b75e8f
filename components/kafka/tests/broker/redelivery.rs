//! Messages that are not processed: order, other keys, and those that are given up.

use std::time::{Duration, Instant};

use dapr_spi::pubsub::{BulkSubscribe, SubscribeRequest};
use dapr_testkit::pubsub::{Act, Collector, Seen, keyed, subscription};

use crate::server::{SOON, open, shared, topic};

/// While a message fails, what has its key and was not delivered yet waits; other keys go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_waits_for_its_message_and_others_do_not() {
    let server = shared().await;
    let broker = open(server.port(), &[("consumerID", "lines"), ("consumeRetryInterval", "50ms")]).await;
    let topic = topic("lines");
    for number in 0..20 {
        for key in ["bad", "good"] {
            broker.publish(keyed(&topic, key, format!("{key} {number:02}"))).await.unwrap();
        }
    }
    // One message at a time is unsettled, so none was delivered before the first of its key failed.
    let act = |seen: &Seen| if seen.text() == "bad 00" && seen.time < 6 { Act::Again } else { Act::Done };
    let collector = Collector::start(&broker, subscription(&topic), 1, act).await;
    let seen = collector.wait(40 + 5).await;
    let texts: Vec<String> = seen.iter().map(Seen::text).collect();
    let bad: Vec<&String> = texts.iter().filter(|text| text.starts_with("bad")).collect();
    assert!(bad.is_sorted(), "nothing overtakes what has the same key: {bad:?}");
    assert_eq!(bad.len(), 25);
    let last_failure = texts.iter().rposition(|text| text == "bad 00").unwrap();
    let good_before = texts[..last_failure].iter().filter(|text| text.starts_with("good")).count();
    assert!(good_before > 0, "other keys go on meanwhile: {texts:?}");
    collector.nothing_more(45, "what was processed does not come again").await;
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_retry_a_message_is_dropped() {
    let server = shared().await;
    let fields = [("consumerID", "dropped"), ("consumeRetryEnabled", "false")];
    let broker = open(server.port(), &fields).await;
    let topic = topic("dropped");
    assert!(broker.redelivery(&subscription(&topic)).contains("dropped"));
    for text in ["bad", "good"] {
        broker.publish(keyed(&topic, "k", text)).await.unwrap();
    }
    let act = |seen: &Seen| if seen.text() == "bad" { Act::Again } else { Act::Done };
    let collector = Collector::start(&broker, subscription(&topic), 1, act).await;
    collector.wait(2).await;
    collector.nothing_more(2, "a message that is dropped does not come again").await;
    collector.close().await;
    broker.close().await;
    let broker = open(server.port(), &fields).await;
    let collector = Collector::start(&broker, subscription(&topic), 1, |_| Act::Done).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    collector.nothing_more(0, "it is committed").await;
    collector.close().await;
    broker.close().await;
}

/// What waits to be delivered again is bounded: a subscriber that processes nothing does not fill the memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_refuses_everything_pulls_no_more_than_it_may() {
    let server = shared().await;
    let broker = open(server.port(), &[("consumerID", "refuses"), ("consumeRetryInterval", "20ms")]).await;
    let topic = topic("refuses");
    for number in 0..1_000 {
        broker.publish(keyed(&topic, &number.to_string(), number.to_string())).await.unwrap();
    }
    let unsettled = broker.limits(&subscription(&topic)).unsettled;
    let started = Instant::now();
    let mut refusing = true;
    let act = move |_: &Seen| {
        refusing &= started.elapsed() < Duration::from_secs(3);
        if refusing { Act::Again } else { Act::Done }
    };
    let collector = Collector::start(&broker, subscription(&topic), unsettled, act).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let distinct = |seen: &[Seen]| seen.iter().filter(|seen| seen.time == 1).count();
    let pulled = distinct(&collector.seen());
    assert!(pulled <= 2 * unsettled, "{pulled} messages were pulled, twice {unsettled} may be");
    collector.wait_until("all messages", SOON, move |seen| distinct(seen) == 1_000).await;
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_subscription_gets_what_failed_together() {
    let server = shared().await;
    let broker = open(server.port(), &[("consumerID", "together"), ("consumeRetryInterval", "300ms")]).await;
    let topic = topic("together");
    let bulk = Some(BulkSubscribe { max_messages: 10, max_wait: Duration::from_millis(100) });
    let request = SubscribeRequest { bulk, ..subscription(&topic) };
    assert_eq!(broker.bulk_defaults().max_messages, 80);
    for number in 0..10 {
        broker.publish(keyed(&topic, "k", format!("{number}"))).await.unwrap();
    }
    let act = |seen: &Seen| if seen.time == 1 { Act::Again } else { Act::Done };
    let collector = Collector::start(&broker, request, 16, act).await;
    let seen = collector.wait(20).await;
    let second: Vec<String> = seen.iter().filter(|seen| seen.time == 2).map(Seen::text).collect();
    assert!(second.is_sorted() && second.len() == 10, "in order: {second:?}");
    collector.close().await;
    broker.close().await;
}
