//! The file stays bounded, and other processes are woken.

use std::path::Path;
use std::time::{Duration, Instant};

use dapr_spi::pubsub::{Map, Verdict};
use dapr_testkit::pubsub::{Act, Collector, Seen, keyed, message, subscription};

use crate::common::{open, open_with};

fn count(file: &Path, table: &str) -> u32 {
    let connection = rusqlite::Connection::open(file).expect("open");
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("count")
}

async fn wait_for_count(file: &Path, table: &str, expected: u32) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while count(file, table) != expected {
        assert!(
            Instant::now() < deadline,
            "`{table}` must have {expected} rows within 10 s, it has {}",
            count(file, table)
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_all_groups_have_settled_is_removed() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.db");
    let (one, two) = (open(file.clone(), "one".into()).await, open(file.clone(), "two".into()).await);
    let quick = Collector::start(&one, subscription("t"), 8, |_| Act::Done).await;
    let slow = Collector::start(&two, subscription("t"), 8, |_| Act::Keep).await;
    let messages = (0..500).map(|number| message("t", format!("{number}"))).collect();
    assert!(one.bulk_publish(messages, &Map::new()).await.iter().all(Result::is_ok));
    quick.wait(500).await;
    slow.wait(8).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(count(&file, "pubsub"), 500, "one group has not settled them");
    while slow.seen().len() < 500 {
        slow.release(usize::MAX, Verdict::Done);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    slow.release(usize::MAX, Verdict::Done);
    wait_for_count(&file, "pubsub", 0).await;
    wait_for_count(&file, "pubsub_leases", 0).await;
    quick.close().await;
    slow.close().await;
    one.close().await;
    two.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_file_refuses_until_there_is_room() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.db");
    let pairs = [("connectionString", &*file.to_string_lossy()), ("consumerID", "g"), ("maxSize", "2Mi")];
    let broker = open_with(&pairs).await;
    let away = Collector::start(&broker, subscription("t"), 8, |_| Act::Done).await;
    away.close().await;
    let large = || message("t", vec![b'x'; 50_000]);
    let mut accepted = 0;
    let refusal = loop {
        match broker.publish(large()).await {
            Ok(()) => accepted += 1,
            Err(error) => break error.to_string(),
        }
        assert!(accepted < 100, "the file must be bounded");
    };
    assert!(refusal.contains("maxSize"), "{refusal}");
    assert!(accepted > 20, "there is room for some, found {accepted}");
    let back = Collector::start(&broker, subscription("t"), 8, |_| Act::Done).await;
    back.wait(accepted).await;
    wait_for_count(&file, "pubsub", 0).await;
    broker.publish(large()).await.expect("there is room again");
    back.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_without_subscribers_does_not_fill_the_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.db");
    let pairs = [("connectionString", &*file.to_string_lossy()), ("consumerID", "g"), ("maxSize", "2Mi")];
    let broker = open_with(&pairs).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut accepted = 0;
    while accepted < 100 {
        assert!(Instant::now() < deadline, "publishing must go on, {accepted} were accepted");
        match broker.publish(message("nobody", vec![b'x'; 50_000])).await {
            Ok(()) => accepted += 1,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_may_start_at_the_oldest_message() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.db");
    let pairs = [("connectionString", &*file.to_string_lossy()), ("consumerID", "g"), ("initialOffset", "oldest")];
    let broker = open_with(&pairs).await;
    broker.publish(message("dead", "before")).await.expect("publish");
    let late = Collector::start(&broker, subscription("dead"), 8, |_| Act::Done).await;
    late.wait(1).await;
    late.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_component_is_woken_at_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.db");
    let (near, far) = (open(file.clone(), "near".into()).await, open(file.clone(), "far".into()).await);
    let collector = Collector::start(&far, subscription("t"), 8, |_| Act::Done).await;
    let mut waits = Vec::new();
    for number in 0..20 {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let start = Instant::now();
        near.publish(message("t", number.to_string())).await.expect("publish");
        collector.wait(number + 1).await;
        waits.push(start.elapsed());
    }
    waits.sort();
    assert!(waits[10] < Duration::from_millis(250), "it looks by itself only once a second: {waits:?}");
    collector.close().await;
    near.close().await;
    far.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_with_one_sidecar_at_a_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("events.db");
    let brokers = [open(file.clone(), "group".into()).await, open(file.clone(), "group".into()).await];
    let one = Collector::start(&brokers[0], subscription("t"), 2, |_| Act::Keep).await;
    let two = Collector::start(&brokers[1], subscription("t"), 2, |_| Act::Keep).await;
    let messages = (0..20).map(|number| keyed("t", "key", format!("{number:03}"))).collect();
    assert!(brokers[0].bulk_publish(messages, &Map::new()).await.iter().all(Result::is_ok));
    brokers[0].publish(keyed("t", "other", "other")).await.expect("publish");
    let mut came: Vec<String> = Vec::new();
    let mut known = [0, 0];
    let deadline = Instant::now() + Duration::from_secs(20);
    while came.len() < 20 {
        assert!(Instant::now() < deadline, "20 messages must come, found {came:?}");
        tokio::time::sleep(Duration::from_millis(30)).await;
        let new = [one.seen().split_off(known[0]), two.seen().split_off(known[1])];
        let of_key = new.each_ref().map(|seen| texts_of_key(seen));
        assert!(of_key.iter().any(Vec::is_empty), "two sidecars have messages of one key: {of_key:?}");
        came.extend(of_key.into_iter().flatten());
        for (index, collector) in [&one, &two].into_iter().enumerate() {
            known[index] += new[index].len();
            collector.release(new[index].len(), Verdict::Done);
        }
    }
    assert!(came.is_sorted(), "messages of a key come in order, found {came:?}");
    one.close().await;
    two.close().await;
    for broker in brokers {
        broker.close().await;
    }
}

fn texts_of_key(seen: &[Seen]) -> Vec<String> {
    seen.iter().map(Seen::text).filter(|text| text != "other").collect()
}
