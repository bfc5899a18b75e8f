//! What is told when something is wrong.

use std::time::{Duration, Instant};

use dapr_spi::pubsub::{Intake, SubscribeRequest};
use dapr_spi::{Error, ErrorKind};
use dapr_testkit::process::free_port;
use dapr_testkit::pubsub::{message, subscription};

use crate::servers::{KEPT, Rabbit, open};

async fn refused(url: &str, fields: &[(&str, &str)]) -> Error {
    open(url, fields).await.err().unwrap_or_else(|| panic!("{url} must be refused"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_at_start_is_named_and_may_come_later() {
    let port = free_port();
    let started = Instant::now();
    let error = refused(&format!("amqp://user:hunter2@127.0.0.1:{port}"), &[]).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = error.to_string();
    assert!(text.contains(&format!("127.0.0.1:{port}")) && !text.contains("hunter2"), "{text}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused_says_so() {
    let rabbit = Rabbit::shared().await;
    let text = refused(&format!("amqp://guest:hunter2@{}", rabbit.broker.server.address()), &[]).await.to_string();
    assert!(text.contains("ACCESS_REFUSED") && text.contains("password") && !text.contains("hunter2"), "{text}");
    let text = refused(&format!("{}/no-such-vhost", rabbit.url()), &[]).await.to_string();
    assert!(text.contains("no-such-vhost"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_or_queue_with_other_settings_is_refused_with_advice() {
    let rabbit = Rabbit::shared().await;
    let first = rabbit.open(KEPT).await;
    first.publish(message("settled", "1")).await.unwrap();
    let other = rabbit.open(&[("exchangeKind", "topic"), ("deletedWhenUnused", "false")]).await;
    let error = other.publish(message("settled", "2")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    let text = error.to_string();
    assert!(text.contains("`settled`") && text.contains("other settings"), "{text}");
    let (intake, _deliveries) = Intake::new(1);
    let error = other.subscribe(subscription("settled"), intake).await.err().expect("a refusal");
    assert!(error.to_string().contains("other settings"), "{error}");
    other.publish(message("another", "3")).await.expect("one topic's trouble is not another's");
    first.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_cannot_work_is_refused() {
    let rabbit = Rabbit::shared().await;
    let broker = rabbit.open(&[]).await;
    for (name, value) in [("queueType", "stream"), ("queueType", "quorum"), ("maxPriority", "high")] {
        let metadata = [(name.to_owned(), value.to_owned())].into();
        let (intake, _deliveries) = Intake::new(1);
        let request = SubscribeRequest { topic: "wrong".into(), metadata, bulk: None };
        let error = broker.subscribe(request, intake).await.err().expect("a refusal");
        assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains(name), "{error}");
    }
    broker.close().await;
}

/// While the server is away, a message waits for a bounded time, and is then refused with the reason.
#[tokio::test(flavor = "multi_thread")]
async fn publishing_without_a_server_ends_with_a_clear_error() {
    let mut rabbit = Rabbit::start().await;
    let broker = rabbit.open(KEPT).await;
    broker.publish(message("away", "1")).await.unwrap();
    rabbit.broker.server.kill();
    let started = Instant::now();
    let error = broker.publish(message("away", "2")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("connect"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(broker.ping().await.is_err());
    broker.close().await;
}
