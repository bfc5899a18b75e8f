//! Throughput at the trait beside a plain client of the same crate with the same settings. Run with `--release`:
//! `cargo test --release -p dapr-component-kafka --test broker speed -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dapr_spi::pubsub::{Intake, Map, Message, PubSub, Verdict};
use dapr_testkit::pubsub::{keyed, subscription};
use futures_util::{StreamExt, stream};
use rdkafka::ClientConfig;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::message::{Header, Message as _, OwnedHeaders, OwnedMessage};
use rdkafka::producer::{FutureProducer, FutureRecord};

use crate::server::{open, shared, topic};

const MESSAGES: usize = 200_000;
const CONCURRENCY: usize = 500;
const BYTES: usize = 300;

/// When something began, and how much time on a processor this program had used by then.
struct Begun(Instant, Duration);

impl Begun {
    fn now() -> Self {
        Self(Instant::now(), processor_time())
    }

    /// Messages a second, and microseconds of a processor for each; other programs disturb only the first.
    fn rate(&self) -> String {
        let rate = MESSAGES as f64 / self.0.elapsed().as_secs_f64();
        let cost = (processor_time() - self.1).as_secs_f64() * 1e6 / MESSAGES as f64;
        format!("{rate:.0}/s ({cost:.1} us)")
    }
}

fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[11..=12].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

async fn ours(broker: &Arc<dyn PubSub>, topic: &str) -> String {
    let begun = Begun::now();
    let publish = |number: usize| async move {
        broker.publish(keyed(topic, &(number % 100).to_string(), vec![b'x'; BYTES])).await.unwrap();
    };
    stream::iter(0..MESSAGES).map(publish).buffer_unordered(CONCURRENCY).collect::<Vec<()>>().await;
    begun.rate()
}

async fn ours_in_bulk(broker: &Arc<dyn PubSub>, topic: &str) -> String {
    let begun = Begun::now();
    let publish = |_| async move {
        let message = |number: usize| keyed(topic, &number.to_string(), vec![b'x'; BYTES]);
        let messages: Vec<Message> = (0..100).map(message).collect();
        assert!(broker.bulk_publish(messages, &Map::new()).await.iter().all(Result::is_ok));
    };
    stream::iter(0..MESSAGES / 100).map(publish).buffer_unordered(10).collect::<Vec<()>>().await;
    begun.rate()
}

async fn plain(port: u16, topic: &str) -> String {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", format!("127.0.0.1:{port}"))
        .set("enable.idempotence", "true")
        .set("queue.buffering.max.ms", "0.5")
        .set("partitioner", "fnv1a_random")
        .create()
        .unwrap();
    let begun = Begun::now();
    let producer = &producer;
    let publish = |number: usize| async move {
        let (key, payload) = ((number % 100).to_string(), vec![b'x'; BYTES]);
        // A message of ours has its metadata as headers.
        let headers = OwnedHeaders::new().insert(Header { key: "partitionKey", value: Some(&key) });
        let record = FutureRecord::to(topic).key(&key).payload(&payload).headers(headers);
        producer.send(record, Duration::from_secs(15)).await.unwrap();
    };
    stream::iter(0..MESSAGES).map(publish).buffer_unordered(CONCURRENCY).collect::<Vec<()>>().await;
    begun.rate()
}

async fn ours_received(broker: &Arc<dyn PubSub>, topic: &str) -> String {
    let (intake, mut deliveries) = Intake::new(128);
    let subscribed = broker.subscribe(subscription(topic), intake).await.unwrap();
    let first = deliveries.next().await.unwrap();
    let begun = Begun::now();
    first.settle(Verdict::Done);
    for _ in 1..MESSAGES {
        deliveries.next().await.unwrap().settle(Verdict::Done);
    }
    let rate = begun.rate();
    deliveries.close();
    subscribed.close().await;
    rate
}

async fn plain_received(port: u16, topic: &str, group: &str) -> String {
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", format!("127.0.0.1:{port}"))
        .set("group.id", format!("plain-{group}"))
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.offset.store", "false")
        .set("fetch.queue.backoff.ms", "2")
        .set("queued.min.messages", "2000")
        .set("queued.max.messages.kbytes", "4096")
        .create()
        .unwrap();
    consumer.subscribe(&[topic]).unwrap();
    // What is received goes to another task, as ours does, with as much room.
    let (sender, mut receiver) = tokio::sync::mpsc::channel(128);
    let taking = dapr_kit::task::spawn("taker", async move {
        let mut bytes = 0;
        while let Some(message) = receiver.recv().await {
            let message: OwnedMessage = message;
            bytes += message.payload().unwrap_or_default().len();
        }
        bytes
    });
    let mut begun = Begun::now();
    for number in 0..MESSAGES {
        let message = consumer.recv().await.unwrap();
        if number == 0 {
            begun = Begun::now();
        }
        sender.send(message.detach()).await.unwrap();
        consumer.store_offset_from_message(&message).unwrap();
    }
    drop(sender);
    assert_eq!(taking.join().await.unwrap(), MESSAGES * BYTES);
    let rate = begun.rate();
    consumer.commit_consumer_state(CommitMode::Sync).unwrap();
    rate
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn publishing_beside_a_plain_client() {
    let server = shared().await;
    let broker = open(server.port(), &[]).await;
    for round in 0..6 {
        let (one, other) = (topic("speed"), topic("speed-plain"));
        // Who comes second has it easier, since the server has just done the same.
        let (ours, plain) = match round % 2 {
            0 => {
                let ours = ours(&broker, &one).await;
                (ours, plain(server.port(), &other).await)
            }
            _ => {
                let plain = plain(server.port(), &other).await;
                (ours(&broker, &one).await, plain)
            }
        };
        let bulk = ours_in_bulk(&broker, &topic("speed-bulk")).await;
        println!("round {round}: published {ours}, plain {plain}; in bulk of 100 {bulk}");
    }
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn receiving_beside_a_plain_client() {
    let server = shared().await;
    let topic = topic("speed");
    let broker = open(server.port(), &[]).await;
    ours_in_bulk(&broker, &topic).await;
    broker.close().await;
    for round in 0..3 {
        let group = format!("speed-{round}");
        let broker = open(server.port(), &[("consumerID", &group)]).await;
        let (ours, plain) = (ours_received(&broker, &topic).await, plain_received(server.port(), &topic, &group).await);
        println!("round {round}: received {ours}, plain {plain}");
        broker.close().await;
    }
}
