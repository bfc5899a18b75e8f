//! TLS, and the user from the client certificate.

use dapr_spi::pubsub::PubSub;
use dapr_testkit::pubsub::{Act, Collector, message, subscription};

use crate::servers::{Papers, Rabbit, open};

async fn works(broker: &std::sync::Arc<dyn PubSub>, topic: &str) {
    let collector = Collector::start(broker, subscription(topic), 1, |_| Act::Done).await;
    broker.publish(message(topic, "over TLS")).await.unwrap();
    assert_eq!(collector.wait(1).await[0].text(), "over TLS");
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_checked_against_the_given_authority() {
    let rabbit = Rabbit::shared().await;
    let url = format!("amqps://guest:guest@localhost:{}", rabbit.tls_port);
    let broker = open(&url, &[("caCert", &rabbit.papers.ca)]).await.unwrap();
    works(&broker, "tls").await;
    let others = Papers::new();
    let text = open(&url, &[("caCert", &others.ca)]).await.err().expect("another authority").to_string();
    assert!(text.contains("certificate"), "{text}");
    assert!(open(&url, &[]).await.is_err(), "the system does not know the authority");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_may_come_from_the_client_certificate() {
    let rabbit = Rabbit::shared().await;
    let url = format!("amqps://nobody:wrong@localhost:{}", rabbit.tls_port);
    let Papers { ca, client_cert, client_key, .. } = &rabbit.papers;
    let mut fields = vec![("caCert", ca.as_str()), ("clientCert", client_cert), ("clientKey", client_key)];
    assert!(open(&url, &fields).await.is_err(), "without `saslExternal` the password counts");
    fields.push(("saslExternal", "true"));
    works(&open(&url, &fields).await.unwrap(), "external").await;
}
