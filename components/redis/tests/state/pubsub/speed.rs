//! How fast, beside a plain client of the same crate that does the same; run by hand:
//! `cargo test --profile release-lite -p dapr-component-redis --test state speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use dapr_spi::pubsub::{Map, Message};
use dapr_testkit::pubsub::{Act, Collector, message, subscription};
use futures_util::{StreamExt, stream};
use redis::aio::MultiplexedConnection;

use super::open;
use crate::servers::{raw, server};

/// Id, names and values.
type Entry = (String, Vec<(String, Vec<u8>)>);

const MESSAGES: usize = 100_000;
const PARALLEL: usize = 64;
const BATCH: usize = 100;
const PAYLOAD: &str =
    r#"{"id":"0123456789","source":"orders","specversion":"1.0","type":"com.dapr.event.sent","data":{"total":5}}"#;

fn rate(what: &str, started: Instant) -> f64 {
    let rate = MESSAGES as f64 / started.elapsed().as_secs_f64();
    eprintln!("{what:>32}: {rate:>9.0}/s");
    rate
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check"]
async fn beside_a_plain_client() {
    let server = server(&[]).await;
    let mut connection = raw(&server).await;
    let broker = open(&server.address().to_string(), "ours", &[("queueDepth", "256")]).await;
    for round in 0..2 {
        let (ours, plain) = (format!("ours{round}"), format!("plain{round}"));
        let started = Instant::now();
        stream::iter(0..MESSAGES).for_each_concurrent(PARALLEL, |_| plain_publish(connection.clone(), &plain)).await;
        let plain_rate = rate("plain publish", started);
        let started = Instant::now();
        let publish = |_| async { broker.publish(message(&ours, PAYLOAD)).await.expect("publish") };
        stream::iter(0..MESSAGES).for_each_concurrent(PARALLEL, publish).await;
        eprintln!("{:>32}: {:.2}", "ratio", rate("publish", started) / plain_rate);

        let started = Instant::now();
        plain_consume(&mut connection, &plain).await;
        let plain_rate = rate("plain consume", started);
        let started = Instant::now();
        let collector = Collector::start(&broker, subscription(&ours), 256, |_| Act::Done).await;
        collector.wait_within(MESSAGES, Duration::from_secs(60)).await;
        eprintln!("{:>32}: {:.2}", "ratio", rate("consume", started) / plain_rate);
        collector.close().await;

        let started = Instant::now();
        for _ in 0..MESSAGES / BATCH {
            let mut commands = redis::pipe();
            for _ in 0..BATCH {
                commands.add_command(plain_append(&plain)).ignore();
            }
            let () = commands.query_async(&mut connection).await.expect("a pipeline");
        }
        let plain_rate = rate("plain bulk publish", started);
        let started = Instant::now();
        for _ in 0..MESSAGES / BATCH {
            let messages: Vec<Message> = (0..BATCH).map(|_| message(&ours, PAYLOAD)).collect();
            assert!(broker.bulk_publish(messages, &Map::new()).await.iter().all(Result::is_ok));
        }
        eprintln!("{:>32}: {:.2}", "ratio", rate("bulk publish", started) / plain_rate);
    }
    broker.close().await;
}

fn plain_append(topic: &str) -> redis::Cmd {
    let mut add = redis::cmd("XADD");
    add.arg(topic).arg("*").arg("data").arg(PAYLOAD).arg("metadata").arg("{}");
    add
}

async fn plain_publish(mut connection: MultiplexedConnection, topic: &str) {
    let _: String = plain_append(topic).query_async(&mut connection).await.expect("XADD");
}

/// Reads and acknowledges 256 at a time.
async fn plain_consume(connection: &mut MultiplexedConnection, topic: &str) {
    let mut create = redis::cmd("XGROUP");
    let () = create.arg("CREATE").arg(topic).arg("plain").arg("0").query_async(connection).await.expect("XGROUP");
    let mut count = 0;
    while count < MESSAGES {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg("plain").arg("plain").arg("COUNT").arg(256).arg("STREAMS").arg(topic).arg(">");
        let reply: Vec<(String, Vec<Entry>)> = read.query_async(connection).await.expect("XREADGROUP");
        let mut acknowledge = redis::cmd("XACK");
        acknowledge.arg(topic).arg("plain");
        for (id, fields) in &reply[0].1 {
            assert_eq!(fields[0].1, PAYLOAD.as_bytes());
            acknowledge.arg(id);
            count += 1;
        }
        let _: u64 = acknowledge.query_async(connection).await.expect("XACK");
    }
}
