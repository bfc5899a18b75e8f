//! What the broker keeps for a client, what is acknowledged when, and messages that are retained or shared.

use std::time::Duration;

use dapr_spi::pubsub::{SubscribeRequest, Verdict};
use dapr_testkit::pubsub::{Act, Collector, message, subscription};

use crate::servers::{open, open_broker, url};

/// A sidecar that is gone without a word leaves nothing acknowledged that was not processed.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_processed_comes_over_the_next_connection() {
    let server = open_broker().await;
    let url = url(&server);
    for qos in ["1", "2"] {
        let fields = [("consumerID", "worker"), ("qos", qos)];
        let topic = format!("orders/{qos}");
        let first = open(&url, &fields).await;
        let collector = Collector::start(&first, subscription(&topic), 4, |seen| match seen.text().as_str() {
            "0" => Act::Done,
            _ => Act::Keep,
        })
        .await;
        let publisher = open(&url, &[("consumerID", "publisher"), ("qos", qos)]).await;
        for number in 0..3 {
            publisher.publish(message(&topic, number.to_string())).await.unwrap();
        }
        collector.wait(3).await;
        // Whoever comes with the same client id takes the session over, as another sidecar after a crash.
        let second = open(&url, &fields).await;
        let taken = Collector::start(&second, subscription(&topic), 4, |_| Act::Done).await;
        taken.wait(2).await;
        taken.nothing_more(2, "what was processed does not come again").await;
        assert_eq!(taken.texts(), ["1", "2"]);
        collector.release(2, Verdict::Done);
        first.close().await;
        taken.close().await;
        second.close().await;
        publisher.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_session_leaves_nothing_behind() {
    let server = open_broker().await;
    let fields = [("consumerID", "passer-by"), ("cleanSession", "true")];
    let (first, publisher) = (open(&url(&server), &fields).await, open(&url(&server), &[]).await);
    assert!(first.redelivery(&subscription("news")).contains("cleanSession"));
    Collector::start(&first, subscription("news"), 4, |_| Act::Done).await.close().await;
    publisher.publish(message("news", "while away")).await.unwrap();
    let collector = Collector::start(&first, subscription("news"), 4, |_| Act::Done).await;
    publisher.publish(message("news", "while here")).await.unwrap();
    collector.wait(1).await;
    assert_eq!(collector.texts(), ["while here"]);
    collector.close().await;
    first.close().await;
    publisher.close().await;
}

/// What is in flight when a subscription ends for good does not stand in the way of others.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_ends_for_good_frees_the_window() {
    let server = open_broker().await;
    let (broker, publisher) = (open(&url(&server), &[("consumerID", "dynamic")]).await, open(&url(&server), &[]).await);
    let metadata = [("unsubscribeOnClose".to_owned(), "true".to_owned())].into();
    let request = SubscribeRequest { topic: "left".into(), metadata, bulk: None };
    let left = Collector::start(&broker, request, 1, |_| Act::Keep).await;
    let stays = Collector::start(&broker, subscription("stays"), 4, |_| Act::Done).await;
    // More than Mosquitto has in flight for one client.
    for number in 0..50 {
        publisher.publish(message("left", number.to_string())).await.unwrap();
    }
    left.wait(1).await;
    left.close_intake().await;
    assert_eq!(left.release(1, Verdict::Done), 1);
    left.close().await;
    publisher.publish(message("stays", "through")).await.unwrap();
    assert_eq!(stays.wait(1).await[0].text(), "through");
    stays.close().await;
    broker.close().await;
    publisher.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retained_message_is_there_for_later_subscribers() {
    let server = open_broker().await;
    let broker = open(&url(&server), &[("consumerID", "later")]).await;
    let mut last = message("state/lamp", "on");
    last.metadata.insert("retain".into(), "true".into());
    broker.publish(last).await.unwrap();
    let collector = Collector::start(&broker, subscription("state/lamp"), 4, |_| Act::Done).await;
    assert_eq!(collector.wait(1).await[0].message.metadata["retained"], "true");
    broker.publish(message("state/lamp", "off")).await.unwrap();
    assert_eq!(collector.wait(2).await[1].message.metadata["retained"], "false");
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_a_shared_subscription_share_its_messages() {
    let server = open_broker().await;
    let one = open(&url(&server), &[("consumerID", "one")]).await;
    let two = open(&url(&server), &[("consumerID", "two")]).await;
    let shared = subscription("$share/group/jobs/+");
    let collectors = [
        Collector::start(&one, shared.clone(), 4, |_| Act::Done).await,
        Collector::start(&two, shared, 4, |_| Act::Done).await,
    ];
    for number in 0..20 {
        one.publish(message("jobs/new", number.to_string())).await.unwrap();
    }
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    let all = || collectors.iter().flat_map(Collector::texts).collect::<std::collections::BTreeSet<_>>();
    while all().len() < 20 && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(all().len(), 20);
    assert!(collectors.iter().all(|collector| !collector.seen().is_empty()), "both members get messages");
    for collector in collectors {
        assert!(collector.seen().iter().all(|seen| seen.message.topic == "jobs/new"));
        collector.close().await;
    }
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quality_0_delivers_and_forgets() {
    let server = open_broker().await;
    let broker = open(&url(&server), &[("consumerID", "fast"), ("qos", "0")]).await;
    assert!(broker.redelivery(&subscription("fast")).contains("lost"));
    let collector = Collector::start(&broker, subscription("fast"), 4, |_| Act::Again).await;
    broker.publish(message("fast", "once")).await.unwrap();
    collector.wait(1).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    collector.nothing_more(1, "a message of quality 0 comes once").await;
    collector.close().await;
    broker.close().await;
}
