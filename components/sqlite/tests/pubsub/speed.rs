//! How fast `pubsub.sqlite` is: `cargo test --release -p dapr-component-sqlite --test pubsub speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use dapr_testkit::pubsub::{Act, Collector, message, subscription};
use futures_util::{StreamExt, stream};

use crate::common::open;

const MESSAGES: usize = 20_000;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn speed() {
    let dir = tempfile::tempdir().expect("a directory");
    let broker = open(dir.path().join("events.db"), "group".into()).await;
    let collector = Collector::start(&broker, subscription("t"), 128, |_| Act::Done).await;
    let start = Instant::now();
    let publishing = stream::iter(0..MESSAGES)
        .map(|number| broker.publish(message("t", format!("{{\"number\":{number}}}"))))
        .buffer_unordered(64)
        .for_each(|sent| async { sent.expect("publish") });
    publishing.await;
    let published = start.elapsed();
    collector.wait_within(MESSAGES, Duration::from_secs(60)).await;
    let consumed = start.elapsed();
    eprintln!(
        "{MESSAGES} messages: published in {published:?} ({:.0}/s), consumed in {consumed:?} ({:.0}/s)",
        MESSAGES as f64 / published.as_secs_f64(),
        MESSAGES as f64 / consumed.as_secs_f64()
    );
    let before = cpu();
    tokio::time::sleep(Duration::from_secs(5)).await;
    eprintln!("idle CPU in 5 s: {} ticks of 10 ms", cpu() - before);
    collector.close().await;
    broker.close().await;
}

/// Ticks of this process.
fn cpu() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("stat");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    fields[11].parse::<u64>().unwrap_or(0) + fields[12].parse::<u64>().unwrap_or(0)
}
