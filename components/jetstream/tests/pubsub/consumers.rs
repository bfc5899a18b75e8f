//! Where consumers begin, who may use them, and when a message comes again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::pull;
use dapr_spi::pubsub::{Intake, PubSub, Verdict};
use dapr_spi::{Error, ErrorKind};
use dapr_testkit::pubsub::{Act, Collector, Seen, message, subscription};
use futures_util::future::join_all;

use crate::servers::{STREAM, open_with, plain, shared, start};
use crate::wire::info;

async fn publish(broker: &Arc<dyn PubSub>, topic: &str, texts: &[&str]) {
    for text in texts {
        broker.publish(message(topic, *text)).await.expect("publish");
    }
}

async fn refusal(broker: &Arc<dyn PubSub>, topic: &str) -> Error {
    let (intake, _deliveries) = Intake::new(1);
    let refused = broker.subscribe(subscription(topic), intake).await;
    refused.map(|_| ()).expect_err("the subscription must be refused")
}

async fn take(broker: &Arc<dyn PubSub>, topic: &str, act: impl FnMut(&Seen) -> Act + Send + 'static) -> Collector {
    Collector::start(broker, subscription(topic), 64, act).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_without_a_name_begins_as_the_policy_says() {
    let topic = "suite.begin";
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
    let (past, future) = ((now - 60).to_string(), (now + 60).to_string());
    for (fields, expected) in [
        (vec![], "1 2 3 4"),
        (vec![("deliverPolicy", "new")], "4"),
        (vec![("deliverPolicy", "last")], "3 4"),
        (vec![("deliverPolicy", "sequence"), ("startSequence", "2")], "2 3 4"),
        (vec![("deliverPolicy", "time"), ("startTime", past.as_str())], "1 2 3 4"),
        (vec![("deliverPolicy", "time"), ("startTime", future.as_str())], "4"),
    ] {
        let server = start().await;
        let broker = open_with(&server, &fields).await;
        publish(&broker, topic, &["1", "2", "3"]).await;
        let collector = take(&broker, topic, |_| Act::Done).await;
        publish(&broker, topic, &["4"]).await;
        let count = expected.split_whitespace().count();
        collector.wait(count).await;
        collector.nothing_more(count, "nothing else comes").await;
        assert_eq!(collector.texts().join(" "), expected, "{fields:?}");
        collector.close().await;
        broker.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_consumer_has_one_subscriber_unless_a_group_shares_it() {
    let server = shared().await;
    let fields = [("durableName", "lone")];
    let (one, two) = (open_with(&server, &fields).await, open_with(&server, &fields).await);
    let collector = take(&one, "suite.lone", |_| Act::Done).await;
    let error = refusal(&two, "suite.lone").await;
    assert!(error.kind() == ErrorKind::Unavailable && error.to_string().contains("queueGroupName"), "{error}");
    collector.close().await;
    let collector = take(&two, "suite.lone", |_| Act::Done).await;
    publish(&one, "suite.lone", &["x"]).await;
    collector.wait(1).await;
    collector.close().await;
    let group = open_with(&server, &[("durableName", "lone"), ("queueGroupName", "g")]).await;
    let error = refusal(&group, "suite.lone").await.to_string();
    assert!(error.contains("no queue group") && error.contains("`g`"), "{error}");
    for broker in [one, two, group] {
        broker.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_that_begin_at_the_same_time_one_has_the_consumer_or_the_group_has_it() {
    let server = shared().await;
    for round in 0..20 {
        let (topic, name) = (format!("suite.race{round}"), format!("race{round}"));
        let group = [("durableName", name.as_str()), ("queueGroupName", "g")];
        let grouped = round % 2 == 0;
        let fields = if grouped { &group[..] } else { &group[..1] };
        let brokers = [open_with(&server, fields).await, open_with(&server, fields).await];
        let (intake, _deliveries) = Intake::new(1);
        let both = brokers.each_ref().map(|broker| broker.subscribe(subscription(&topic), intake.clone()));
        let (subscribed, errors): (Vec<_>, Vec<_>) = join_all(both).await.into_iter().partition(Result::is_ok);
        let errors: Vec<String> = errors.into_iter().filter_map(Result::err).map(|error| error.to_string()).collect();
        assert_eq!(errors.is_empty(), grouped, "round {round}: {errors:?}");
        for subscription in subscribed.into_iter().flatten() {
            subscription.close().await;
        }
        for broker in brokers {
            broker.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_consumer_of_another_kind_is_left_alone() {
    let server = shared().await;
    let broker = open_with(&server, &[("durableName", "kinds")]).await;
    take(&broker, "suite.kinds", |_| Act::Done).await.close().await;
    let error = refusal(&broker, "suite.kinds.other").await.to_string();
    assert!(error.contains("takes `suite.kinds`") && error.contains("kinds-{topic}"), "{error}");
    let other = open_with(&server, &[("durableName", "kinds"), ("ackPolicy", "all")]).await;
    let error = refusal(&other, "suite.kinds").await.to_string();
    assert!(error.contains("ackPolicy"), "{error}");
    let config = pull::Config { durable_name: Some("pulled".into()), ..pull::Config::default() };
    plain(&server).await.create_consumer_on_stream(config, STREAM).await.expect("a pull consumer");
    let pulled = open_with(&server, &[("durableName", "pulled")]).await;
    let error = refusal(&pulled, "suite.kinds").await.to_string();
    assert!(error.contains("is a pull consumer"), "{error}");
    for broker in [broker, other, pulled] {
        broker.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_consumer_follows_the_settings() {
    let server = shared().await;
    let broker = open_with(&server, &[("durableName", "changes"), ("ackWait", "9s")]).await;
    take(&broker, "suite.changes", |_| Act::Done).await.close().await;
    broker.close().await;
    let fields = [("durableName", "changes"), ("backOff", "2s, 3s"), ("maxDeliver", "5"), ("maxAckPending", "11")];
    let broker = open_with(&server, &fields).await;
    take(&broker, "suite.changes", |_| Act::Done).await.close().await;
    let config = info(&server, "changes").await.expect("the consumer").config;
    assert_eq!(config.backoff, [Duration::from_secs(2), Duration::from_secs(3)]);
    assert_eq!((config.max_deliver, config.max_ack_pending), (5, 11));
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_worked_on_for_long_does_not_come_again() {
    let server = shared().await;
    let broker = open_with(&server, &[("ackWait", "400ms"), ("durableName", "long")]).await;
    let collector = Collector::start(&broker, subscription("suite.long"), 1, |_| Act::Keep).await;
    // The second one waits for room all the time, and is worked on after it.
    publish(&broker, "suite.long", &["1", "2"]).await;
    collector.wait(1).await;
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    assert_eq!(collector.release(1, Verdict::Done), 1);
    collector.wait(2).await;
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    assert_eq!(collector.release(1, Verdict::Done), 1);
    tokio::time::sleep(Duration::from_millis(600)).await;
    collector.nothing_more(2, "each comes once").await;
    let found = info(&server, "long").await.expect("the consumer");
    assert_eq!((found.num_ack_pending, found.num_redelivered), (0, 0));
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_rests_and_comes_only_so_often() {
    let server = shared().await;
    let broker = open_with(&server, &[("backOff", "100ms, 700ms"), ("maxDeliver", "3")]).await;
    let started = Instant::now();
    let collector = take(&broker, "suite.often", |_| Act::Again).await;
    publish(&broker, "suite.often", &["x"]).await;
    collector.wait(3).await;
    assert!(started.elapsed() >= Duration::from_millis(800), "it rests 100 and then 700 ms");
    tokio::time::sleep(Duration::from_millis(800)).await;
    collector.nothing_more(3, "`maxDeliver` is 3").await;
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_acknowledgements_a_slow_subscriber_still_gets_everything() {
    const MESSAGES: usize = 5_000;
    let server = shared().await;
    let broker = open_with(&server, &[("ackPolicy", "none")]).await;
    let batch: Vec<_> = (0..MESSAGES).map(|number| message("suite.none", format!("{number:05} {:<512}", ""))).collect();
    let results = broker.bulk_publish(batch, &Default::default()).await;
    assert!(results.iter().all(Result::is_ok));
    let collector = Collector::start(&broker, subscription("suite.none"), 4, |_| Act::Keep).await;
    collector.wait(4).await;
    collector.nothing_more(4, "there is room for no more").await;
    while collector.seen().len() < MESSAGES {
        let before = collector.seen().len();
        let released = collector.release(4, Verdict::Done);
        collector.wait((before + released).min(MESSAGES)).await;
    }
    assert!(collector.texts().is_sorted());
    collector.release(4, Verdict::Done);
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_without_a_name_goes_on_where_it_was_when_the_server_restarts() {
    let mut server = start().await;
    let broker = open_with(&server, &[("concurrency", "parallel")]).await;
    let keep = |seen: &Seen| if seen.text() == "kept" { Act::Keep } else { Act::Done };
    let collector = take(&broker, "suite.nameless", keep).await;
    publish(&broker, "suite.nameless", &["1", "kept", "3"]).await;
    collector.wait(3).await;
    server.kill();
    server.resume().await.expect("a second start");
    // Published by another client, since ours may still be on its way back.
    let context = plain(&server).await;
    context.publish("suite.nameless", "4".into()).await.expect("publish").await.expect("an acknowledgement");
    let came = |seen: &[Seen]| seen.iter().any(|seen| seen.text() == "4");
    collector.wait_until("the message after the restart", Duration::from_secs(30), came).await;
    let texts = collector.texts();
    let times = |text: &str| texts.iter().filter(|other| *other == text).count();
    assert_eq!((times("1"), times("kept")), (1, 1), "what was processed, or is, does not come again: {texts:?}");
    collector.release(1, Verdict::Done);
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_consumer_that_is_deleted_is_made_again() {
    let server = start().await;
    let broker = open_with(&server, &[("durableName", "deleted")]).await;
    let collector = take(&broker, "suite.deleted", |_| Act::Done).await;
    publish(&broker, "suite.deleted", &["1", "2"]).await;
    collector.wait(2).await;
    plain(&server).await.delete_consumer_from_stream("deleted", STREAM).await.expect("delete");
    publish(&broker, "suite.deleted", &["3"]).await;
    collector.wait(3).await;
    assert_eq!(collector.texts(), ["1", "2", "3"], "it goes on where it was");
    collector.close().await;
    broker.close().await;
}
