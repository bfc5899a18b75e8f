//! How fast, beside a plain client of the same crate that does the same; run by hand:
//! `cargo test --profile release-lite -p dapr-component-redis --test state speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use dapr_spi::pubsub::{Intake, Map, Message, Verdict};
use dapr_testkit::pubsub::{message, subscription};
use futures_util::{StreamExt, stream};
use redis::aio::MultiplexedConnection;
use tokio::time::timeout;

use super::open;
use crate::servers::{raw, server};

/// Id, names and values.
type Entry = (String, Vec<(String, Vec<u8>)>);

const MESSAGES: usize = 50_000;
const PARALLEL: usize = 64;
const BATCH: usize = 100;
const PAYLOAD: &str =
    r#"{"id":"0123456789","source":"orders","specversion":"1.0","type":"com.dapr.event.sent","data":{"total":5}}"#;

/// Messages per second, and the CPU time of this process for each.
struct Rate {
    per_second: f64,
    microseconds: f64,
}

struct Watch(Instant, f64);

impl Watch {
    fn start() -> Self {
        Self(Instant::now(), cpu_seconds())
    }

    fn stop(self) -> Rate {
        let count = MESSAGES as f64;
        Rate {
            per_second: count / self.0.elapsed().as_secs_f64(),
            microseconds: (cpu_seconds() - self.1) * 1e6 / count,
        }
    }
}

fn compare(what: &str, ours: &Rate, plain: &Rate) {
    let Rate { per_second, microseconds } = ours;
    eprintln!(
        "{what:>8}: {per_second:>7.0}/s with {microseconds:.1} us CPU, plain {:>7.0}/s with {:.1} us, ratio {:.2}",
        plain.per_second,
        plain.microseconds,
        per_second / plain.per_second
    );
}

/// CPU time of this process.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("stat");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields[index].parse::<f64>().unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a check"]
async fn beside_a_plain_client() {
    let server = server(&[]).await;
    let mut connection = raw(&server).await;
    let broker = open(&server.address().to_string(), "ours", &[("queueDepth", "512")]).await;
    for round in 0..5 {
        let (ours, plain) = (format!("ours{round}"), format!("plain{round}"));
        let watch = Watch::start();
        stream::iter(0..MESSAGES).for_each_concurrent(PARALLEL, |_| plain_publish(connection.clone(), &plain)).await;
        let plain_rate = watch.stop();
        let watch = Watch::start();
        let publish = |_| async { broker.publish(message(&ours, PAYLOAD)).await.expect("publish") };
        stream::iter(0..MESSAGES).for_each_concurrent(PARALLEL, publish).await;
        compare("publish", &watch.stop(), &plain_rate);

        let watch = Watch::start();
        plain_consume(&mut connection, &plain).await;
        let plain_rate = watch.stop();
        let watch = Watch::start();
        let (intake, mut deliveries) = Intake::new(512);
        let running = broker.subscribe(subscription(&ours), intake).await.expect("subscribe");
        for _ in 0..MESSAGES {
            let delivery = timeout(Duration::from_secs(30), deliveries.next()).await.expect("soon").expect("a message");
            assert_eq!(&delivery.message.data[..], PAYLOAD.as_bytes());
            delivery.settle(Verdict::Done);
        }
        compare("consume", &watch.stop(), &plain_rate);
        deliveries.close();
        running.close().await;

        let watch = Watch::start();
        for _ in 0..MESSAGES / BATCH {
            let mut commands = redis::pipe();
            for _ in 0..BATCH {
                commands.add_command(plain_append(&plain)).ignore();
            }
            let () = commands.query_async(&mut connection).await.expect("a pipeline");
        }
        let plain_rate = watch.stop();
        let watch = Watch::start();
        for _ in 0..MESSAGES / BATCH {
            let messages: Vec<Message> = (0..BATCH).map(|_| message(&ours, PAYLOAD)).collect();
            assert!(broker.bulk_publish(messages, &Map::new()).await.iter().all(Result::is_ok));
        }
        compare("bulk", &watch.stop(), &plain_rate);
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
