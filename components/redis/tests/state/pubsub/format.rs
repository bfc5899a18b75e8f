//! What is in the stream is what the incumbent writes and reads.

use std::collections::BTreeMap;

use dapr_spi::pubsub::{Map, Message};
use dapr_testkit::pubsub::{Act, Collector, message, subscription};
use redis::Value;

use super::open;
use crate::servers::{raw, server};

type Fields = BTreeMap<String, String>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_those_of_the_incumbent() {
    let server = server(&[]).await;
    let mut raw = raw(&server).await;
    let broker = open(&server.address().to_string(), "group", &[]).await;
    // As the incumbent's client library writes it, the fields in either order, and without metadata.
    for fields in [
        &["metadata", r#"{"key":"a \u003cvalue\u003e"}"#, "data", "{\"id\":1}"][..],
        &["data", "{\"id\":1}", "metadata", r#"{"key":"a \u003cvalue\u003e"}"#],
        &["data", "plain"],
    ] {
        let mut add = redis::cmd("XADD");
        let () = add.arg("t").arg("*").arg(fields).query_async(&mut raw).await.expect("XADD");
    }
    let collector = Collector::start(&broker, subscription("t"), 8, |_| Act::Done).await;
    let seen = collector.wait(3).await;
    for seen in &seen[..2] {
        assert_eq!((seen.text().as_str(), seen.message.metadata["key"].as_str()), ("{\"id\":1}", "a <value>"));
    }
    assert_eq!((seen[2].text().as_str(), seen[2].message.metadata.len()), ("plain", 0), "a group starts at the begin");

    let metadata = Map::from([("key".to_owned(), "value".to_owned())]);
    broker.publish(Message { metadata, ..message("t", "ours") }).await.expect("publish");
    let mut last = redis::cmd("XREVRANGE");
    last.arg("t").arg("+").arg("-").arg("COUNT").arg(1);
    let entries: Vec<(String, Fields)> = last.query_async(&mut raw).await.expect("XREVRANGE");
    let expected =
        [("data", "ours"), ("metadata", r#"{"key":"value"}"#)].map(|(name, text)| (name.into(), text.into()));
    assert_eq!(entries[0].1, Fields::from(expected));
    collector.wait(4).await;
    collector.close().await;
    let mut consumers = redis::cmd("XINFO");
    let consumers: Value = consumers.arg("CONSUMERS").arg("t").arg("group").query_async(&mut raw).await.expect("XINFO");
    assert_eq!(consumers, Value::Array(vec![]), "a consumer that ends well leaves nothing behind");
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_are_trimmed() {
    let server = server(&["--stream-node-max-entries", "10"]).await;
    let mut raw = raw(&server).await;
    for (topic, fields) in [("most", [("maxLenApprox", "20")]), ("life", [("streamTTL", "1s")])] {
        let broker = open(&server.address().to_string(), "group", &fields).await;
        for round in 0..2 {
            let messages = (0..100).map(|number| message(topic, format!("{number}"))).collect();
            assert!(broker.bulk_publish(messages, &Map::new()).await.iter().all(Result::is_ok));
            if round == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
            }
        }
        let length: u64 = redis::cmd("XLEN").arg(topic).query_async(&mut raw).await.expect("XLEN");
        let (least, most) = if topic == "most" { (20, 40) } else { (100, 120) };
        assert!((least..=most).contains(&length), "{topic}: {length}");
        broker.close().await;
    }
}
