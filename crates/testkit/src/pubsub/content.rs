//! What is published is what comes.

use std::collections::BTreeSet;

use bytes::Bytes;
use dapr_spi::pubsub::{Map, Message};

use super::{Act, Seen, Suite, bounded, message, with};

/// Messages of one bulk request.
const BULK: usize = 100;

impl Suite {
    /// Payloads of any bytes and size; metadata and content type as far as the broker keeps them.
    pub(super) async fn content(&self) {
        let broker = self.open("content").await;
        let topic = self.topic("content");
        let collector = self.collect(&broker, &topic, 16, |_| Act::Done).await;
        let every_byte: Vec<u8> = (0..=255).collect();
        let payloads = [every_byte, b"{\"a\":1}".to_vec(), vec![b'x'; 200_000], "\u{1F980} \r\n\t".as_bytes().to_vec()];
        for (index, payload) in payloads.iter().enumerate() {
            let sent = with(message(&topic, payload.clone()), "suiteKey", "a value");
            self.send(&broker, Message { content_type: Some("text/plain".into()), ..sent }).await;
            let seen = collector.wait(index + 1).await;
            let came = &seen[index].message;
            assert!(came.data == payload, "payload {index} of {} bytes came changed", payload.len());
            assert_eq!(came.topic, topic, "the topic comes with the message");
            if self.quirks.metadata {
                let value = came.metadata.get("suiteKey").map(String::as_str);
                assert_eq!(value, Some("a value"), "metadata comes with the message, found {:?}", came.metadata);
            }
            if self.quirks.content_type {
                assert_eq!(came.content_type.as_deref(), Some("text/plain"), "the content type comes with the message");
            }
        }
        collector.close().await;
        self.end(broker).await;
    }

    /// Two subscriptions of one component get the messages of their own topics; publishing where nobody listens is no
    /// error.
    pub(super) async fn topics(&self) {
        let broker = self.open("topics").await;
        let (first, second) = (self.topic("topics-1"), self.topic("topics-2"));
        let collectors = [
            self.collect(&broker, &first, 8, |_| Act::Done).await,
            self.collect(&broker, &second, 8, |_| Act::Done).await,
        ];
        self.publish(&broker, &first, "1").await;
        self.publish(&broker, &second, "2").await;
        for (collector, expected) in collectors.iter().zip(["1", "2"]) {
            collector.wait(1).await;
            assert_eq!(collector.texts(), [expected], "each subscription gets the messages of its topic");
        }
        for collector in collectors {
            collector.close().await;
        }
        self.end(broker).await;
    }

    /// Each entry of a bulk request has its own result, in the order of the request.
    pub(super) async fn bulk(&self) {
        let broker = self.open("bulk").await;
        let topic = self.topic("bulk");
        let collector = self.collect(&broker, &topic, 256, |_| Act::Done).await;
        let messages: Vec<Message> = (0..BULK).map(|index| message(&topic, format!("{index:03}"))).collect();
        let expected: BTreeSet<Bytes> = messages.iter().map(|message| message.data.clone()).collect();
        let results = bounded("bulk publish", broker.bulk_publish(messages, &Map::new())).await;
        assert_eq!(results.len(), BULK, "a bulk request has a result for each entry");
        results.into_iter().enumerate().for_each(|(index, result)| {
            result.unwrap_or_else(|error| panic!("entry {index} of a bulk request: {error}"));
        });
        let seen = collector.wait(BULK).await;
        let came: BTreeSet<Bytes> = seen.iter().map(|seen| seen.message.data.clone()).collect();
        assert_eq!(came, expected, "every entry of a bulk request arrives");
        if self.quirks.whole_order {
            assert!(seen.is_sorted_by_key(Seen::text), "the entries of a bulk request keep their order");
        }
        let nothing = bounded("an empty bulk request", broker.bulk_publish(Vec::new(), &Map::new())).await;
        assert!(nothing.is_empty(), "a bulk request without entries has no results");
        if let Some(refused) = self.quirks.refused {
            let entries = vec![message(&topic, "before"), refused(topic.clone()), message(&topic, "after")];
            let results = bounded("bulk publish", broker.bulk_publish(entries, &Map::new())).await;
            let fine: Vec<bool> = results.iter().map(Result::is_ok).collect();
            assert_eq!(fine, [true, false, true], "only the entry that the broker refuses fails: {results:?}");
            let seen = collector.wait(BULK + 2).await;
            assert!(seen[BULK..].iter().all(|seen| seen.message.data.len() < 10), "what was refused did not come");
        }
        collector.close().await;
        self.end(broker).await;
    }
}
