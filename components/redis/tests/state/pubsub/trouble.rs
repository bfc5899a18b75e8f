//! Things that go wrong on the server.

use std::time::Duration;

use dapr_spi::registry;
use dapr_testkit::pubsub::{Act, Collector, message, subscription};

use super::open;
use crate::servers::{raw, server};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_is_gone_is_made_again() {
    let server = server(&[]).await;
    let mut raw = raw(&server).await;
    let broker = open(&server.address().to_string(), "group", &[]).await;
    let collector = Collector::start(&broker, subscription("t"), 8, |_| Act::Done).await;
    broker.publish(message("t", "before")).await.expect("publish");
    collector.wait(1).await;
    let () = redis::cmd("FLUSHALL").query_async(&mut raw).await.expect("FLUSHALL");
    broker.publish(message("t", "after")).await.expect("publish");
    assert_eq!(collector.wait(2).await[1].text(), "after");
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pending_message_that_was_trimmed_away_is_forgotten() {
    let server = server(&[]).await;
    let mut raw = raw(&server).await;
    let broker = open(&server.address().to_string(), "group", &[]).await;
    let collector =
        Collector::start(
            &broker,
            subscription("t"),
            8,
            |seen| {
                if seen.text() == "refused" { Act::Again } else { Act::Done }
            },
        )
        .await;
    broker.publish(message("t", "refused")).await.expect("publish");
    collector.wait(1).await;
    let () = redis::cmd("XTRIM").arg("t").arg("MAXLEN").arg(0).query_async(&mut raw).await.expect("XTRIM");
    broker.publish(message("t", "next")).await.expect("publish");
    let next = |seen: &[dapr_testkit::pubsub::Seen]| seen.iter().any(|seen| seen.text() == "next");
    collector.wait_until("the next message", Duration::from_secs(5), next).await;
    let mut left = 1;
    for _ in 0..100 {
        let mut pending = redis::cmd("XPENDING");
        pending.arg("t").arg("group");
        let reply: (u64, redis::Value, redis::Value, redis::Value) =
            pending.query_async(&mut raw).await.expect("XPENDING");
        left = reply.0;
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(left, 0, "nothing stays pending for ever");
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_something_else_is_told() {
    let server = server(&[]).await;
    let mut raw = raw(&server).await;
    let () = redis::cmd("SET").arg("t").arg("x").query_async(&mut raw).await.expect("SET");
    let broker = open(&server.address().to_string(), "group", &[]).await;
    let error = broker.publish(message("t", "x")).await.expect_err("it is no stream").to_string();
    assert!(error.contains("WRONGTYPE"), "{error}");
    let (intake, _deliveries) = dapr_spi::pubsub::Intake::new(1);
    assert!(broker.subscribe(subscription("t"), intake).await.is_err());
    assert!(broker.publish(message("", "x")).await.is_err());
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redelivery_a_refused_message_is_dropped() {
    let server = server(&[]).await;
    let broker = open(&server.address().to_string(), "group", &[("redeliverInterval", "0")]).await;
    assert!(broker.redelivery(&subscription("t")).contains("dropped"));
    let collector = Collector::start(&broker, subscription("t"), 8, |_| Act::Again).await;
    broker.publish(message("t", "x")).await.expect("publish");
    collector.wait(1).await;
    collector.nothing_more(1, "redelivery is turned off").await;
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_at_start_is_told() {
    let pairs = [("redisHost", "127.0.0.1:1"), ("consumerID", "group")];
    let opened = registry::open::<dapr_component_redis::pubsub::Redis>(&pairs).await;
    let error = opened.err().expect("nobody is there");
    assert_eq!(error.kind(), dapr_spi::ErrorKind::Unavailable, "{error}");
}
