//! Messages as a consumer delivers them.

use async_nats::{HeaderMap, Message as Delivered, Subject};
use bytes::Bytes;
use dapr_spi::pubsub::{Map, Message};

use crate::ledger::Sequence;

/// Metadata that keeps messages together: those with the same value are processed in order.
const PARTITION_KEY: &str = "partitionKey";
/// Metadata with the subject that a message was published to; the topic may be a pattern.
const SUBJECT: &str = "Topic";
/// Headers that begin so are between client and server.
const PROTOCOL: &str = "Nats-";

/// Payloads of this size fill most of what is read at a time.
const LARGE: usize = 48 << 10;

/// A message that waits for room.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) sequence: Sequence,
    pub(crate) message: Message,
    pub(crate) order: Option<Bytes>,
}

/// Where a delivery stands. Its reply subject says so: `$JS.ACK.<stream>.<consumer>.<times>.<sequence>.<delivery>.…`, of
/// newer servers with domain and account before the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Of the message in its stream.
    pub(crate) sequence: Sequence,
    /// How often the message was delivered, with this time.
    pub(crate) times: u64,
    /// Of the delivery among all of the consumer.
    pub(crate) delivery: u64,
}

impl Place {
    /// `None` for a message that does not come from a stream.
    pub(crate) fn of(reply: &Subject) -> Option<Self> {
        let mut numbers = reply.split('.').skip(first_number(reply)?).map(str::parse);
        let times = numbers.next()?.ok()?;
        let sequence = numbers.next()?.ok()?;
        Some(Self { sequence, times, delivery: numbers.next()?.ok()? })
    }
}

fn first_number(reply: &str) -> Option<usize> {
    match reply.strip_prefix("$JS.ACK.")?.split('.').count() {
        7 => Some(4),
        9.. => Some(6),
        _ => None,
    }
}

/// A reply subject with the place of another delivery.
pub(crate) fn with_delivery(reply: &Subject, delivery: u64) -> Subject {
    let Some(first) = first_number(reply) else { return reply.clone() };
    let delivery = delivery.to_string();
    let words = reply.split('.').enumerate();
    let words: Vec<&str> = words.map(|(index, word)| if index == first + 2 { &delivery } else { word }).collect();
    words.join(".").into()
}

/// The message for the engine.
pub(crate) fn waiting(topic: &str, sequence: Sequence, delivered: Delivered) -> Waiting {
    let metadata = metadata(&delivered.headers.unwrap_or_default(), &delivered.subject);
    let order = metadata.get(PARTITION_KEY).map(|key| Bytes::copy_from_slice(key.as_bytes()));
    // The payload is a part of what was read at a time, which is kept as long as any part of it is.
    let data = match delivered.payload {
        small if small.len() < LARGE => Bytes::copy_from_slice(&small),
        large => large,
    };
    let message = Message { data, topic: topic.to_owned(), metadata, content_type: None };
    Waiting { sequence, message, order }
}

/// Headers and subject of a message for the engine.
pub(crate) fn metadata(headers: &HeaderMap, subject: &Subject) -> Map {
    let own = headers.iter().filter(|(name, _)| !AsRef::<str>::as_ref(*name).starts_with(PROTOCOL));
    let own = own.filter_map(|(name, values)| Some((name.to_string(), values.last()?.as_str().to_owned())));
    own.chain([(SUBJECT.to_owned(), subject.to_string())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_subject_tells_the_place() {
        for (reply, expected) in [
            ("$JS.ACK.S.d.3.17.20.1700000000000000000.5", Some("$JS.ACK.S.d.3.17.42.1700000000000000000.5")),
            ("$JS.ACK.hub.AbC.S.d.3.17.20.17.5", Some("$JS.ACK.hub.AbC.S.d.3.17.42.17.5")),
            ("$JS.ACK._.AbC.S.d.3.17.20.17.5.random", Some("$JS.ACK._.AbC.S.d.3.17.42.17.5.random")),
            ("$JS.ACK.S.d.x.17.20.1700000000000000000.5", None),
            ("$JS.ACK.S.d", None),
            ("_INBOX.3.17", None),
        ] {
            let expected_place = expected.map(|_| Place { sequence: 17, times: 3, delivery: 20 });
            assert_eq!(Place::of(&reply.into()), expected_place, "{reply}");
            if let Some(changed) = expected {
                assert_eq!(with_delivery(&reply.into(), 42).as_str(), changed);
            }
        }
    }
}
