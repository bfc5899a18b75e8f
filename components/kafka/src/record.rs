//! A Kafka message, and how it becomes a message of the pub/sub API and the other way round.

use bytes::Bytes;
use dapr_spi::pubsub::{Map, Message};
use form_urlencoded::byte_serialize;
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders};
use regex::Regex;

/// Metadata that holds the key of a message, on its way in and out.
pub(crate) const KEY: &str = "__key";
/// Metadata that is the key of a published message.
pub(crate) const PARTITION_KEY: &str = "partitionKey";

/// A message as it was fetched. It is kept until it is settled, since it may have to be delivered again.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) payload: Bytes,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    /// The payload is still to be read by its schema.
    pub(crate) has_schema: bool,
    key: Option<Bytes>,
    timestamp: i64,
    headers: Vec<(String, String)>,
}

/// How keys and headers become metadata and the other way round.
#[derive(Clone, Debug)]
pub(crate) struct HeaderRules {
    /// The key and headers are URL-encoded in metadata.
    pub(crate) escape: bool,
    /// Names that are neither.
    pub(crate) excluded: Option<Regex>,
}

impl HeaderRules {
    fn takes(&self, name: &str) -> bool {
        self.excluded.as_ref().is_none_or(|excluded| !excluded.is_match(name))
    }

    fn text(&self, bytes: &[u8]) -> String {
        if self.escape { byte_serialize(bytes).collect() } else { String::from_utf8_lossy(bytes).into_owned() }
    }

    /// The headers of a published message.
    pub(crate) fn headers(&self, metadata: &Map) -> Option<OwnedHeaders> {
        let mut pairs = metadata.iter().filter(|(name, _)| self.takes(name)).peekable();
        pairs.peek()?;
        let headers = OwnedHeaders::new_with_capacity(metadata.len());
        Some(pairs.fold(headers, |headers, (name, value)| headers.insert(Header { key: name, value: Some(value) })))
    }
}

impl Record {
    pub(crate) fn new(message: &BorrowedMessage<'_>, rules: &HeaderRules, has_schema: bool) -> Self {
        let headers = message.headers().into_iter().flat_map(|headers| headers.iter());
        Self {
            // A message without a value is a tombstone; as JSON that is null.
            payload: message.payload().map_or(Bytes::from_static(b"null"), Bytes::copy_from_slice),
            partition: message.partition(),
            offset: message.offset(),
            has_schema: has_schema && message.payload().is_some(),
            key: message.key().map(Bytes::copy_from_slice),
            timestamp: message.timestamp().to_millis().unwrap_or(-1),
            headers: headers
                .filter(|header| rules.takes(header.key))
                .map(|header| (header.key.to_owned(), rules.text(header.value.unwrap_or_default())))
                .collect(),
        }
    }

    /// Messages with the same key are in order, and so are those of one partition without a key.
    pub(crate) fn order(&self) -> Bytes {
        match &self.key {
            Some(key) => key.clone(),
            None => Bytes::copy_from_slice(&self.partition.to_be_bytes()),
        }
    }

    pub(crate) fn message(&self, topic: &str, rules: &HeaderRules) -> Message {
        let mut metadata = Map::with_capacity(self.headers.len() + 5);
        if let Some(key) = &self.key {
            metadata.insert(KEY.to_owned(), rules.text(key));
        }
        metadata.insert("__offset".to_owned(), self.offset.to_string());
        metadata.insert("__topic".to_owned(), topic.to_owned());
        metadata.insert("__timestamp".to_owned(), self.timestamp.to_string());
        metadata.insert("__partition".to_owned(), self.partition.to_string());
        metadata.extend(self.headers.iter().cloned());
        Message { data: self.payload.clone(), topic: topic.to_owned(), metadata, content_type: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(key: Option<&'static str>) -> Record {
        Record {
            payload: Bytes::from_static(b"{}"),
            partition: 3,
            offset: 42,
            has_schema: false,
            key: key.map(|key| Bytes::from_static(key.as_bytes())),
            timestamp: 1_700_000_000_000,
            headers: vec![("tenant".into(), "a".into())],
        }
    }

    #[test]
    fn a_message_tells_where_it_comes_from() {
        let rules = HeaderRules { escape: false, excluded: None };
        let message = record(Some("order 1")).message("orders", &rules);
        for (name, value) in [
            ("__key", "order 1"),
            ("__offset", "42"),
            ("__topic", "orders"),
            ("__partition", "3"),
            ("__timestamp", "1700000000000"),
            ("tenant", "a"),
        ] {
            assert_eq!(message.metadata[name], value, "{name}");
        }
        assert!(!record(None).message("orders", &rules).metadata.contains_key("__key"));
        let escaped = HeaderRules { escape: true, excluded: None };
        assert_eq!(record(Some("order 1")).message("orders", &escaped).metadata["__key"], "order+1");
    }

    #[test]
    fn order_is_by_key_and_without_one_by_partition() {
        assert_eq!(record(Some("a")).order(), record(Some("a")).order());
        assert_ne!(record(Some("a")).order(), record(Some("b")).order());
        assert_eq!(record(None).order().as_ref(), 3i32.to_be_bytes());
    }

    #[test]
    fn metadata_becomes_headers_save_what_is_excluded() {
        let rules = HeaderRules { escape: false, excluded: Some(Regex::new("^x-").unwrap()) };
        let map = |pairs: &[(&str, &str)]| -> Map { pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect() };
        let headers = rules.headers(&map(&[("x-secret", "1"), ("partitionKey", "k")])).unwrap();
        assert_eq!(headers.count(), 1);
        assert_eq!(headers.get(0).key, "partitionKey");
        assert!(rules.headers(&map(&[("x-secret", "1")])).is_none());
    }
}
