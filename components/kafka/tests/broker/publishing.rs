//! What a published message becomes, and what of it comes back.

use std::collections::BTreeSet;

use dapr_spi::pubsub::{Map, Message};
use dapr_testkit::pubsub::{Act, Collector, message, subscription};

use crate::server::{SOON, open, shared, topic};

fn with(message: Message, metadata: &[(&str, &str)]) -> Message {
    let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Message { metadata, ..message }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_tells_its_place_and_brings_its_headers() {
    let server = shared().await;
    let broker = open(server.port(), &[("consumerID", "place"), ("excludeHeaderMetaRegex", "^secret-")]).await;
    let topic = topic("place");
    let sent = with(message(&topic, "hello"), &[("partitionKey", "k"), ("tenant", "a"), ("secret-x", "1")]);
    broker.publish(sent).await.unwrap();
    let collector = Collector::start(&broker, subscription(&topic), 4, |_| Act::Done).await;
    let seen = collector.wait(1).await.remove(0);
    let metadata = &seen.message.metadata;
    let pairs =
        [("__key", "k"), ("__offset", "0"), ("__topic", topic.as_str()), ("tenant", "a"), ("partitionKey", "k")];
    for (name, value) in pairs {
        assert_eq!(metadata[name], value, "{name}");
    }
    assert!(metadata["__timestamp"].parse::<u64>().unwrap() > 1_700_000_000_000);
    assert!(metadata["__partition"].parse::<u32>().unwrap() < 4);
    assert!(!metadata.contains_key("secret-x"));
    assert_eq!(seen.order.as_deref(), Some(&b"k"[..]));
    collector.close().await;
    broker.close().await;
}

/// Go sidecars choose the partition of a key in the same way (FNV-1a, absolute value, modulo).
#[tokio::test(flavor = "multi_thread")]
async fn keys_and_numbers_choose_the_partition() {
    let server = shared().await;
    let broker = open(server.port(), &[("consumerID", "partitions")]).await;
    let topic = topic("partitions");
    for (metadata, text) in [
        (("partitionKey", "kafka"), "kafka"),
        (("__key", "giberish123456789"), "giberish123456789"),
        (("partitionNumber", "2"), "2"),
    ] {
        broker.publish(with(message(&topic, text), &[metadata])).await.unwrap();
    }
    let wrong = broker.publish(with(message(&topic, "x"), &[("partitionNumber", "-1")])).await.unwrap_err();
    assert!(wrong.to_string().contains("partitionNumber"), "{wrong}");
    let far = broker.publish(with(message(&topic, "x"), &[("partitionNumber", "99")])).await.unwrap_err();
    assert_eq!(far.kind(), dapr_spi::ErrorKind::Invalid, "{far}");
    let collector = Collector::start(&broker, subscription(&topic), 8, |_| Act::Done).await;
    for seen in collector.wait(3).await {
        // Hashes as the library's own test lists them.
        let expected = match seen.text().as_str() {
            "kafka" => 0x0d33_c4e1 % 4,
            "giberish123456789" => 0x77a5_8295 % 4,
            number => number.parse().unwrap(),
        };
        assert_eq!(seen.message.metadata["__partition"], expected.to_string(), "{seen:?}");
    }
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_of_a_bulk_request_has_its_own_result() {
    let server = shared().await;
    let broker = open(server.port(), &[("consumerID", "bulk"), ("maxMessageBytes", "10000")]).await;
    let topic = topic("bulk");
    let mut messages: Vec<Message> = (0..50).map(|number| message(&topic, format!("{number:02}"))).collect();
    messages[7] = message(&topic, vec![b'x'; 20_000]);
    let metadata = Map::from([("partitionKey".to_owned(), "all".to_owned())]);
    let results = broker.bulk_publish(messages, &metadata).await;
    let failed: Vec<usize> = (0..50).filter(|index| results[*index].is_err()).collect();
    assert_eq!(failed, [7]);
    let error = results[7].as_ref().unwrap_err();
    assert_eq!(error.kind(), dapr_spi::ErrorKind::Invalid, "{error}");
    let collector = Collector::start(&broker, subscription(&topic), 8, |_| Act::Done).await;
    let seen = collector.wait(49).await;
    let texts: Vec<String> = seen.iter().map(dapr_testkit::pubsub::Seen::text).collect();
    assert!(texts.is_sorted(), "one key keeps the order of the request: {texts:?}");
    assert_eq!(seen[0].message.metadata["__key"], "all", "the metadata of the request is that of each message");
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn compressions_and_acknowledgements_all_arrive() {
    let server = shared().await;
    let topic = topic("ways");
    let ways = [
        ("compression", "gzip"),
        ("compression", "snappy"),
        ("compression", "lz4"),
        ("compression", "zstd"),
        ("producerRequiredAcks", "local"),
        ("producerRequiredAcks", "none"),
        ("producerRetryMax", "0"),
    ];
    for (field, value) in ways {
        let broker = open(server.port(), &[(field, value)]).await;
        let text = format!("{value} {}", "x".repeat(2_000));
        broker.publish(message(&topic, text)).await.unwrap_or_else(|error| panic!("{field}: {value}: {error}"));
        broker.close().await;
    }
    let broker = open(server.port(), &[("consumerID", "ways")]).await;
    let collector = Collector::start(&broker, subscription(&topic), 8, |_| Act::Done).await;
    let seen = collector.wait_within(ways.len(), SOON).await;
    let first = |seen: &dapr_testkit::pubsub::Seen| seen.text().split(' ').next().unwrap_or_default().to_owned();
    let came: BTreeSet<String> = seen.iter().map(first).collect();
    assert_eq!(came, ways.iter().map(|(_, value)| (*value).to_owned()).collect());
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_null_is_a_tombstone_and_comes_back_as_null() {
    let server = shared().await;
    let broker = open(server.port(), &[("consumerID", "null"), ("escapeHeaders", "true")]).await;
    let topic = topic("null");
    broker.publish(with(message(&topic, "null"), &[("partitionKey", "a b")])).await.unwrap();
    let collector = Collector::start(&broker, subscription(&topic), 4, |_| Act::Done).await;
    let seen = collector.wait(1).await.remove(0);
    assert_eq!(seen.text(), "null");
    assert_eq!(seen.message.metadata["__key"], "a+b");
    collector.close().await;
    broker.close().await;
}
