//! Brokers that are away or refuse, and settings that cannot work.

use std::time::{Duration, Instant};

use dapr_spi::ErrorKind;
use dapr_testkit::process::free_port;
use dapr_testkit::pubsub::{Act, Collector, message, subscription};

use crate::server::{SOON, open, topic, try_open};

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_at_the_start_is_named() {
    let begun = Instant::now();
    let Err(error) = try_open(free_port(), &[("metadataTimeout", "2s")]).await else { panic!("nobody is there") };
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("Connection refused"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_are_refused_before_anything_is_dialled() {
    for (field, value, expected) in [
        ("authType", "", "authType"),
        ("authType", "awsiam", "AWS IAM"),
        ("authType", "password", "saslUsername"),
        ("authType", "oidc", "oidcTokenEndpoint"),
        ("authType", "certificate", "caCert"),
        ("initialOffset", "middle", "initialOffset"),
    ] {
        let Err(error) = try_open(1, &[(field, value)]).await else { panic!("{field}: {value}") };
        assert!(error.to_string().contains(expected), "{field}: {value}: {error}");
    }
}

/// The component stays, says what is wrong, and works again by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_goes_away_is_reported_and_comes_back() {
    let mut server = dapr_testkit::kafka::start().await.unwrap();
    let broker = open(server.port(), &[("metadataTimeout", "2s")]).await;
    let topic = topic("away");
    broker.publish(message(&topic, "before")).await.unwrap();
    let collector = Collector::start(&broker, subscription(&topic), 4, |_| Act::Done).await;
    collector.wait(1).await;
    server.kill();
    let error = broker.publish(message(&topic, "meanwhile")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains(&topic) && error.to_string().contains("refused"), "{error}");
    assert_eq!(broker.ping().await.unwrap_err().kind(), ErrorKind::Unavailable);
    server.resume().await.unwrap();
    let begun = Instant::now();
    while broker.publish(message(&topic, "after")).await.is_err() {
        assert!(begun.elapsed() < SOON, "publishing does not recover");
    }
    let came = |seen: &[dapr_testkit::pubsub::Seen]| seen.iter().any(|seen| seen.text() == "after");
    collector.wait_until("what was published afterwards", SOON, came).await;
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_may_not_be_made_is_reported() {
    let properties = "auto.create.topics.enable=false\n";
    let server = dapr_testkit::kafka::start_with("PLAINTEXT", properties, &[], &[]).await.unwrap();
    let broker = open(server.port(), &[]).await;
    let error = broker.publish(message("nowhere", "x")).await.unwrap_err();
    assert!(error.to_string().contains("nowhere") && error.to_string().contains("topic"), "{error}");
    broker.close().await;
}
