//! What is told when something is wrong.

use std::time::{Duration, Instant};

use dapr_spi::ErrorKind;
use dapr_spi::pubsub::Intake;
use dapr_testkit::process::free_port;
use dapr_testkit::pubsub::{message, subscription};

use crate::servers::{broker, open, open_broker, try_open, url};

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_down_at_start_is_named_and_may_come_later() {
    let port = free_port();
    let error = try_open(&format!("tcp://user:hunter2@127.0.0.1:{port}"), &[]).await.err().expect("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = error.to_string();
    assert!(text.contains(&format!("127.0.0.1:{port}")) && !text.contains("hunter2"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused_says_so() {
    let server = broker("allow_anonymous false").await;
    let text = try_open(&format!("tcp://user:hunter2@{}", server.address()), &[]).await.err().unwrap().to_string();
    assert!(text.contains("user and password") && !text.contains("hunter2"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_topics_are_refused_and_harm_nobody() {
    let server = open_broker().await;
    let broker = open(&url(&server), &[]).await;
    for topic in ["", "a/+", "a/#", "a\0"] {
        assert_eq!(broker.publish(message(topic, "x")).await.unwrap_err().kind(), ErrorKind::Invalid, "{topic:?}");
    }
    for topic in ["", "a/#/b", "a+", "$share/only"] {
        let (intake, _deliveries) = Intake::new(1);
        let refused = broker.subscribe(subscription(topic), intake).await.err().expect("a refusal");
        assert_eq!(refused.kind(), ErrorKind::Invalid, "{topic:?}");
    }
    broker.publish(message("fine", "x")).await.unwrap();
    broker.ping().await.unwrap();
    broker.close().await;
}

/// While the broker is away, a message waits for a bounded time, and is then refused with the reason.
#[tokio::test(flavor = "multi_thread")]
async fn publishing_without_a_broker_ends_with_a_clear_error() {
    let mut server = open_broker().await;
    let broker = open(&url(&server), &[]).await;
    broker.publish(message("away", "1")).await.unwrap();
    server.kill();
    let started = Instant::now();
    let error = broker.publish(message("away", "2")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("connect"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(broker.ping().await.is_err());
    broker.close().await;
}

/// What answers is no broker.
#[tokio::test(flavor = "multi_thread")]
async fn another_protocol_is_told_from_a_broker() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answering = async {
        use tokio::io::AsyncWriteExt;
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        std::future::pending::<()>().await;
    };
    let url = format!("tcp://{address}");
    let opened = tokio::select! { opened = try_open(&url, &[]) => opened, () = answering => unreachable!() };
    assert!(opened.err().expect("no broker").to_string().contains("cannot connect"));
}
