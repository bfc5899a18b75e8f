//! What goes wrong, and what is said about it.

use std::time::{Duration, Instant};

use dapr_component_jetstream::JetStream;
use dapr_spi::pubsub::{Intake, PubSub};
use dapr_spi::{ErrorKind, registry};
use dapr_testkit::process::{Server, Spec, free_port};
use dapr_testkit::pubsub::{Act, Collector, message, subscription};

use crate::servers::{open_with, shared, start, start_bare};

async fn refusal(broker: &dyn PubSub, topic: &str) -> String {
    let (intake, _deliveries) = Intake::new(1);
    let refused = broker.subscribe(subscription(topic), intake).await;
    refused.map(|_| ()).expect_err("the subscription must be refused").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_of_no_stream_says_what_to_create() {
    let server = shared().await;
    let broker = open_with(&server, &[]).await;
    let error = broker.publish(message("elsewhere", "x")).await.expect_err("publish").to_string();
    assert!(error.contains("nats stream add EVENTS --subjects 'elsewhere'"), "{error}");
    let error = refusal(&*broker, "elsewhere").await;
    assert!(error.contains("nats stream add EVENTS --subjects 'elsewhere'"), "{error}");
    let named = open_with(&server, &[("streamName", "NOWHERE")]).await;
    let error = refusal(&*named, "elsewhere").await;
    assert!(error.contains("nats stream add NOWHERE --subjects 'elsewhere'"), "{error}");
    broker.close().await;
    named.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_are_no_subjects_are_refused() {
    let server = shared().await;
    let broker = open_with(&server, &[]).await;
    for topic in ["", "suite.*", "suite.>", "suite..a", "suite. a", "suite.a\r\nPUB x 0\r\n"] {
        let error = broker.publish(message(topic, "x")).await.expect_err(topic);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{topic}: {error}");
    }
    for topic in ["", "suite..a", "suite. a"] {
        refusal(&*broker, topic).await;
    }
    let error = broker.publish(message("suite.large", vec![b'x'; 2 << 20])).await.expect_err("a large message");
    assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains("max_payload"), "{error}");
    broker.publish(message("suite.small", "x")).await.expect("the connection is still good");
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_jetstream_says_so() {
    let spec = Spec::new("nats-server", ["-a", "127.0.0.1", "-p", "{port}"]);
    let server = Server::start(spec).await.expect("nats-server");
    let broker = open_with(&server, &[]).await;
    let error = refusal(&*broker, "suite.a").await;
    assert!(error.contains("nats-server -js"), "{error}");
    let error = broker.ping().await.expect_err("ping").to_string();
    assert!(error.contains("nats-server -js"), "{error}");
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_at_start_is_unavailable() {
    let url = format!("nats://127.0.0.1:{}", free_port());
    let error = registry::open::<JetStream>(&[("natsURL", &url)]).await.map(|_| ()).expect_err("open");
    assert!(
        error.kind() == ErrorKind::Unavailable && error.to_string().contains("cannot connect to 127.0.0.1"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_fails_calls_in_time_and_nothing_hangs() {
    let server = start().await;
    let broker = open_with(&server, &[("durableName", "frozen")]).await;
    let collector = Collector::start(&broker, subscription("suite.frozen"), 4, |_| Act::Done).await;
    server.freeze();
    let started = Instant::now();
    let error = broker.publish(message("suite.frozen", "x")).await.expect_err("publish");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let error = broker.ping().await.expect_err("ping");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(started.elapsed() < Duration::from_secs(20));
    server.thaw();
    broker.publish(message("suite.frozen", "after")).await.expect("publish");
    collector
        .wait_until("the message after it", Duration::from_secs(30), |seen| {
            seen.iter().any(|seen| seen.text() == "after")
        })
        .await;
    server.freeze();
    let started = Instant::now();
    collector.close().await;
    broker.close().await;
    assert!(started.elapsed() < Duration::from_secs(15), "closing hangs on nothing");
    server.thaw();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_refuses_is_told() {
    let server = start_bare(&[]).await;
    crate::servers::make_stream(&server, "SUITE", "suite.>").await;
    let broker = open_with(&server, &[("replicas", "5")]).await;
    let error = refusal(&*broker, "suite.a").await;
    assert!(error.contains("is refused") && error.contains("replicas"), "{error}");
    broker.close().await;
}
