//! The stream entries of the incumbent's format: field `data` is the payload, field `metadata` a JSON object of strings.

use std::collections::BTreeMap;
use std::time::Duration;

use dapr_spi::pubsub::{Map, Message};
use dapr_spi::{Error, Result};
use redis::{Cmd, Value};

const DATA: &str = "data";
const METADATA: &str = "metadata";

/// How a stream is kept from growing for ever.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trim {
    /// Messages; 0 for any number.
    pub(super) most: u64,
    /// Age; zero for any.
    pub(super) life: Duration,
}

/// The command that appends a message; `now` is milliseconds since 1970.
pub(super) fn append(message: &Message, trim: Trim, now: i64) -> Result<Cmd> {
    let metadata = written(&message.metadata)?;
    let mut command = redis::cmd("XADD");
    command.arg(&message.topic);
    if trim.most > 0 {
        command.arg("MAXLEN").arg("~").arg(trim.most);
    } else if !trim.life.is_zero() {
        let oldest = now.saturating_sub(i64::try_from(trim.life.as_millis()).unwrap_or(i64::MAX)).max(0);
        command.arg("MINID").arg("~").arg(format!("{oldest}-1"));
    }
    command.arg("*").arg(DATA).arg(&message.data[..]).arg(METADATA).arg(metadata);
    Ok(command)
}

fn written(metadata: &Map) -> Result<Vec<u8>> {
    if metadata.is_empty() {
        return Ok(b"{}".to_vec());
    }
    let sorted: BTreeMap<&String, &String> = metadata.iter().collect();
    serde_json::to_vec(&sorted).map_err(|error| Error::invalid(error.to_string()))
}

/// An entry of a stream. One that was trimmed away while it was pending has no fields.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) message: Option<Message>,
}

/// The entries of a reply of `XREADGROUP` for one stream, in either version of the protocol.
pub(super) fn of_read(reply: Value, topic: &str) -> Result<Vec<Entry>, Value> {
    let stream = match reply {
        Value::Nil => return Ok(Vec::new()),
        Value::Map(streams) => streams.into_iter().next().map(|(_, entries)| entries),
        Value::Array(streams) => match streams.into_iter().next() {
            Some(Value::Array(stream)) => stream.into_iter().nth(1),
            Some(other) => return Err(other),
            None => return Ok(Vec::new()),
        },
        other => return Err(other),
    };
    stream.map_or_else(|| Ok(Vec::new()), |entries| of_list(entries, topic))
}

/// The entries of a reply of `XCLAIM` or `XRANGE`. Older servers put nil for those that are gone.
pub(super) fn of_list(reply: Value, topic: &str) -> Result<Vec<Entry>, Value> {
    match reply {
        Value::Array(entries) => {
            entries.into_iter().filter(|entry| *entry != Value::Nil).map(|entry| of_pair(entry, topic)).collect()
        }
        Value::Nil => Ok(Vec::new()),
        other => Err(other),
    }
}

fn of_pair(entry: Value, topic: &str) -> Result<Entry, Value> {
    let Value::Array(pair) = entry else { return Err(entry) };
    let Ok([id, fields]) = <[Value; 2]>::try_from(pair) else { return Err(Value::Nil) };
    let id = text(id)?;
    let fields = match fields {
        Value::Nil => return Ok(Entry { id, message: None }),
        Value::Array(fields) => fields,
        other => return Err(other),
    };
    let mut message = Message { topic: topic.to_owned(), ..Message::default() };
    let mut fields = fields.into_iter();
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        match (bytes(name)?.as_slice(), bytes(value)?) {
            (name, value) if name == DATA.as_bytes() => message.data = value.into(),
            (name, value) if name == METADATA.as_bytes() => message.metadata = metadata(&value, &id, topic),
            _ => {}
        }
    }
    Ok(Entry { id, message: Some(message) })
}

/// What cannot be read is left out: the payload may be of use without.
fn metadata(json: &[u8], id: &str, topic: &str) -> Map {
    if json == b"{}" {
        return Map::new();
    }
    let read: Result<Option<Map>, _> = serde_json::from_slice(json);
    read.inspect_err(|error| tracing::warn!("pubsub.redis: the metadata of message {id} of `{topic}`: {error}"))
        .ok()
        .flatten()
        .unwrap_or_default()
}

fn text(value: Value) -> Result<String, Value> {
    String::from_utf8(bytes(value)?).map_err(|error| Value::BulkString(error.into_bytes()))
}

fn bytes(value: Value) -> Result<Vec<u8>, Value> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        Value::Int(number) => Ok(number.to_string().into_bytes()),
        other => Err(other),
    }
}

/// A message that is pending: its id, and for how long nobody has touched it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) id: String,
    pub(super) idle: Duration,
}

/// The entries of a reply of `XPENDING` with a range.
pub(super) fn of_pending(reply: Value) -> Result<Vec<Pending>, Value> {
    let entries = match reply {
        Value::Array(entries) => entries,
        Value::Nil => return Ok(Vec::new()),
        other => return Err(other),
    };
    let one = |entry: Value| {
        let Value::Array(fields) = entry else { return Err(entry) };
        let Ok([id, _, Value::Int(idle), _]) = <[Value; 4]>::try_from(fields) else { return Err(Value::Nil) };
        Ok(Pending { id: text(id)?, idle: Duration::from_millis(idle.unsigned_abs()) })
    };
    entries.into_iter().map(one).collect()
}

/// The smallest id after `id`.
pub(super) fn after(id: &str) -> String {
    let next = id.split_once('-').and_then(|(time, number)| {
        let number = number.parse::<u64>().ok()?.checked_add(1)?;
        Some(format!("{time}-{number}"))
    });
    next.unwrap_or_else(|| "+".to_owned())
}

/// A consumer of a group: its name, what it has pending, and how long it was not heard of.
pub(super) type Peer = (String, i64, Duration);

/// The consumers of a reply of `XINFO CONSUMERS`.
pub(super) fn of_consumers(reply: Value) -> Vec<Peer> {
    let Value::Array(consumers) = reply else { return Vec::new() };
    consumers.into_iter().filter_map(of_consumer).collect()
}

fn of_consumer(consumer: Value) -> Option<Peer> {
    let fields: Vec<(Value, Value)> = match consumer {
        Value::Map(fields) => fields,
        Value::Array(fields) => {
            let mut fields = fields.into_iter();
            std::iter::from_fn(|| Some((fields.next()?, fields.next()?))).collect()
        }
        _ => return None,
    };
    let (mut name, mut pending, mut idle) = (None, None, None);
    for (field, value) in fields {
        match (text(field).ok()?.as_str(), value) {
            ("name", value) => name = text(value).ok(),
            ("pending", Value::Int(number)) => pending = Some(number),
            ("idle", Value::Int(number)) => idle = Some(Duration::from_millis(number.unsigned_abs())),
            _ => {}
        }
    }
    Some((name?, pending?, idle?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn entry(fields: Value) -> Value {
        Value::Array(vec![bulk("1-2"), fields])
    }

    #[test]
    fn a_message_is_written_as_the_incumbent_does() {
        let metadata = Map::from([("b".to_owned(), "2".to_owned()), ("a".to_owned(), "<1>".to_owned())]);
        let message = Message { data: "x".into(), topic: "t".into(), metadata, content_type: None };
        let packed = |trim| append(&message, trim, 10_000).unwrap().get_packed_command();
        let text = String::from_utf8(packed(Trim { most: 7, life: Duration::ZERO })).unwrap();
        let words: Vec<&str> = text.split("\r\n").skip(2).step_by(2).collect();
        assert_eq!(words, ["XADD", "t", "MAXLEN", "~", "7", "*", "data", "x", "metadata", r#"{"a":"<1>","b":"2"}"#]);
        let text = String::from_utf8(packed(Trim { most: 0, life: Duration::from_secs(4) })).unwrap();
        assert!(text.contains("MINID") && text.contains("6000-1"), "{text}");
    }

    #[test]
    fn entries_are_read_in_any_order_of_fields_and_without_metadata() {
        let fields = Value::Array(vec![
            bulk("metadata"),
            bulk(r#"{"k":"v"}"#),
            bulk("other"),
            bulk("?"),
            bulk("data"),
            bulk("x"),
        ]);
        let read = of_list(Value::Array(vec![Value::Nil, entry(fields)]), "t").unwrap();
        let message = read[0].message.clone().unwrap();
        assert_eq!((read[0].id.as_str(), &message.data[..], &*message.metadata["k"]), ("1-2", &b"x"[..], "v"));
        for odd in [r#"{"k":1}"#, "null", "[", ""] {
            let fields = Value::Array(vec![bulk("metadata"), bulk(odd), bulk("data"), bulk("x")]);
            let read = of_list(Value::Array(vec![entry(fields)]), "t").unwrap();
            assert!(read[0].message.as_ref().is_some_and(|message| message.metadata.is_empty()), "{odd}");
        }
        assert_eq!(of_list(Value::Array(vec![entry(Value::Nil)]), "t").unwrap()[0].message, None);
    }

    #[test]
    fn odd_replies_are_told_and_never_panic() {
        for odd in [
            Value::Int(1),
            Value::Array(vec![Value::Int(1)]),
            Value::Array(vec![Value::Array(vec![])]),
            Value::Array(vec![entry(Value::Int(1))]),
            Value::Array(vec![Value::Array(vec![Value::BulkString(vec![0xff]), Value::Nil])]),
        ] {
            assert!(of_list(odd.clone(), "t").is_err(), "{odd:?}");
            assert!(of_pending(odd.clone()).is_err(), "{odd:?}");
            let _ = (of_read(odd.clone(), "t"), of_consumers(odd));
        }
        assert_eq!(of_read(Value::Nil, "t").unwrap(), []);
        assert_eq!(of_read(Value::Array(vec![]), "t").unwrap(), []);
    }

    #[test]
    fn the_next_id_is_one_more() {
        assert_eq!((after("5-0").as_str(), after("5-9").as_str(), after("odd").as_str()), ("5-1", "5-10", "+"));
    }
}
