//! Throughput at the trait against the plain client of the crate whose packets it uses, with the same quality of service
//! and as many messages in flight. Run it alone:
//! `cargo test --release -p dapr-component-mqtt -- --ignored --nocapture throughput`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dapr_kit::task;
use dapr_testkit::process::Server;
use dapr_testkit::pubsub::{Act, Collector, message, subscription};
use futures_util::{StreamExt, stream};
use rumqttc::{AckMode, AsyncClient, Event, MqttOptions, Packet, PublishOptions, QoS};

use crate::servers::{broker, open, url};

const MESSAGES: usize = 20_000;
const IN_FLIGHT: usize = 64;
const UNSETTLED: usize = 128;
const ROUNDS: usize = 3;
const PAYLOAD: [u8; 1024] = [b'x'; 1024];

/// One client publishes and subscribes, and acknowledges each message itself.
async fn plain(server: &Server) -> Duration {
    let mut options = MqttOptions::new("plain", ("127.0.0.1", server.port()));
    options.set_clean_session(false).set_ack_mode(AckMode::Manual).set_inflight(u16::try_from(IN_FLIGHT).unwrap());
    let (client, mut eventloop) = AsyncClient::builder(options).capacity(IN_FLIGHT).build();
    client.subscribe("plain", QoS::AtLeastOnce).await.unwrap();
    while !matches!(eventloop.poll().await.unwrap(), Event::Incoming(Packet::SubAck(_))) {}
    let publisher = client.clone();
    let started = Instant::now();
    let publishing = task::spawn("plain-publisher", async move {
        for _ in 0..MESSAGES {
            publisher.publish("plain", PAYLOAD, PublishOptions::new(QoS::AtLeastOnce)).await.unwrap();
        }
    });
    let (mut came, mut confirmed) = (0, 0);
    while came < MESSAGES || confirmed < MESSAGES {
        match eventloop.poll().await.unwrap() {
            Event::Incoming(Packet::Publish(publish)) => {
                client.try_ack(&publish).unwrap();
                came += 1;
            }
            Event::Incoming(Packet::PubAck(_)) => confirmed += 1,
            _ => {}
        }
    }
    publishing.join().await.unwrap();
    started.elapsed()
}

async fn component(server: &Server) -> Duration {
    let broker = open(&url(server), &[("consumerID", "measure")]).await;
    let collector = Collector::start(&broker, subscription("measured"), UNSETTLED, |_| Act::Done).await;
    let started = Instant::now();
    let publisher = Arc::clone(&broker);
    stream::iter(0..MESSAGES)
        .map(|_| publisher.publish(message("measured", PAYLOAD)))
        .buffered(IN_FLIGHT)
        .for_each(async |sent| sent.unwrap())
        .await;
    collector.wait_within(MESSAGES, Duration::from_secs(120)).await;
    let took = started.elapsed();
    collector.close().await;
    broker.close().await;
    took
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn throughput() {
    let server = broker("allow_anonymous true\nmax_inflight_messages 128").await;
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        best = (best.0.min(plain(&server).await), best.1.min(component(&server).await));
    }
    let rate = |took: Duration| MESSAGES as f64 / took.as_secs_f64();
    let (plain, ours) = (rate(best.0), rate(best.1));
    eprintln!("plain client {plain:.0}/s, component {ours:.0}/s: {:.0} %", 100.0 * ours / plain);
    assert!(ours > 0.7 * plain, "the component must be within 30 % of a plain client");
}
