//! Throughput at the trait beside a plain client of the same crate with the same settings. Run with `--release`:
//! `cargo test --release -p dapr-component-kafka --test broker speed -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dapr_spi::pubsub::{Intake, Map, Message, PubSub, Verdict};
use dapr_testkit::pubsub::{keyed, subscription};
use futures_util::{StreamExt, stream};
use rdkafka::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::message::Message as _;
use rdkafka::producer::{FutureProducer, FutureRecord};

use crate::server::{open, shared, topic};

const MESSAGES: usize = 200_000;
const CONCURRENCY: usize = 500;
const BYTES: usize = 300;

fn rate(begun: Instant) -> f64 {
    MESSAGES as f64 / begun.elapsed().as_secs_f64()
}

async fn ours(broker: &Arc<dyn PubSub>, topic: &str) -> f64 {
    let begun = Instant::now();
    let publish = |number: usize| async move {
        broker.publish(keyed(topic, &(number % 100).to_string(), vec![b'x'; BYTES])).await.unwrap();
    };
    stream::iter(0..MESSAGES).map(publish).buffer_unordered(CONCURRENCY).collect::<Vec<()>>().await;
    rate(begun)
}

async fn ours_in_bulk(broker: &Arc<dyn PubSub>, topic: &str) -> f64 {
    let begun = Instant::now();
    let publish = |_| async move {
        let message = |number: usize| keyed(topic, &number.to_string(), vec![b'x'; BYTES]);
        let messages: Vec<Message> = (0..100).map(message).collect();
        assert!(broker.bulk_publish(messages, &Map::new()).await.iter().all(Result::is_ok));
    };
    stream::iter(0..MESSAGES / 100).map(publish).buffer_unordered(10).collect::<Vec<()>>().await;
    rate(begun)
}

async fn plain(port: u16, topic: &str) -> f64 {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", format!("127.0.0.1:{port}"))
        .set("enable.idempotence", "true")
        .set("queue.buffering.max.ms", "0.5")
        .set("partitioner", "fnv1a_random")
        .create()
        .unwrap();
    let begun = Instant::now();
    let producer = &producer;
    let publish = |number: usize| async move {
        let (key, payload) = ((number % 100).to_string(), vec![b'x'; BYTES]);
        let record = FutureRecord::to(topic).key(&key).payload(&payload);
        producer.send(record, Duration::from_secs(15)).await.unwrap();
    };
    stream::iter(0..MESSAGES).map(publish).buffer_unordered(CONCURRENCY).collect::<Vec<()>>().await;
    rate(begun)
}

async fn ours_received(broker: &Arc<dyn PubSub>, topic: &str) -> f64 {
    let (intake, mut deliveries) = Intake::new(128);
    let subscribed = broker.subscribe(subscription(topic), intake).await.unwrap();
    let first = deliveries.next().await.unwrap();
    let begun = Instant::now();
    first.settle(Verdict::Done);
    for _ in 1..MESSAGES {
        deliveries.next().await.unwrap().settle(Verdict::Done);
    }
    let rate = rate(begun);
    deliveries.close();
    subscribed.close().await;
    rate
}

async fn plain_received(port: u16, topic: &str) -> f64 {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", format!("127.0.0.1:{port}"))
        .set("group.id", "plain")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.offset.store", "false")
        .set("queued.min.messages", "256")
        .set("queued.max.messages.kbytes", "4096")
        .create()
        .unwrap();
    consumer.subscribe(&[topic]).unwrap();
    let mut begun = Instant::now();
    let mut bytes = 0;
    for number in 0..MESSAGES {
        let message = consumer.recv().await.unwrap();
        bytes += message.detach().payload().unwrap_or_default().len();
        if number == 0 {
            begun = Instant::now();
        }
        consumer.store_offset_from_message(&message).unwrap();
    }
    let rate = rate(begun);
    assert_eq!(bytes, MESSAGES * BYTES);
    consumer.commit_consumer_state(CommitMode::Sync).unwrap();
    rate
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn beside_a_plain_client() {
    let server = shared().await;
    let broker = open(server.port(), &[("consumerID", "speed")]).await;
    for round in 0..3 {
        let (topic, other) = (topic("speed"), topic("speed-bulk"));
        let published = (ours(&broker, &topic).await, plain(server.port(), &other).await);
        let bulk = ours_in_bulk(&broker, &crate::server::topic("bulk")).await;
        let received = (ours_received(&broker, &topic).await, plain_received(server.port(), &topic).await);
        println!(
            "round {round}: published {:.0}/s, plain {:.0}/s; in bulk of 100 {bulk:.0}/s; received {:.0}/s, plain {:.0}/s",
            published.0, published.1, received.0, received.1
        );
    }
    broker.close().await;
}
