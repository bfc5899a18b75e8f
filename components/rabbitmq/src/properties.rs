//! Metadata of a message as properties of AMQP, and back.

use std::time::Duration;

use dapr_spi::pubsub::{Map, Message};
use dapr_spi::{Error, Result};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, ShortString};

use crate::errors::name;
use crate::settings::Settings;

/// What the incumbent says of every message whose metadata does not.
const CONTENT_TYPE: &str = "text/plain";

/// What goes out beside the payload.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) exchange: ShortString,
    pub(crate) routing_key: ShortString,
    pub(crate) properties: BasicProperties,
}

impl Outgoing {
    /// Reads the metadata of a message.
    pub(crate) fn of(settings: &Settings, message: &Message) -> Result<Self> {
        if message.topic.is_empty() {
            return Err(Error::invalid("the topic is empty"));
        }
        let metadata = &message.metadata;
        let content_type = found(metadata, "contentType").unwrap_or(CONTENT_TYPE);
        let mut properties = BasicProperties::default().with_content_type(name("`contentType`", content_type)?);
        // Zero is no mode on the wire; the server takes a message without one as transient.
        if settings.delivery_mode > 0 {
            properties = properties.with_delivery_mode(settings.delivery_mode);
        }
        if let Some(ttl) = lifetime(metadata)?.or(settings.ttl) {
            properties = properties.with_expiration(ttl.as_millis().to_string().into());
        }
        if let Some(priority) = priority(metadata)? {
            properties = properties.with_priority(priority);
        }
        if let Some(id) = found(metadata, "messageID") {
            properties = properties.with_message_id(name("`messageID`", id)?);
        }
        if let Some(id) = found(metadata, "correlationID") {
            properties = properties.with_correlation_id(name("`correlationID`", id)?);
        }
        if let Some(kind) = found(metadata, "type") {
            properties = properties.with_type(name("`type`", kind)?);
        }
        let routing_key = found(metadata, "routingKey").unwrap_or_default();
        Ok(Self {
            exchange: name("the topic", &message.topic)?,
            routing_key: name("`routingKey`", routing_key)?,
            properties,
        })
    }
}

/// The value of that name, or of one that differs in case only; an empty one is as good as none.
pub(crate) fn found<'a>(metadata: &'a Map, name: &str) -> Option<&'a str> {
    let exact = metadata.get(name).filter(|value| !value.is_empty());
    let similar = || metadata.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_empty());
    exact.or_else(|| similar().map(|(_, value)| value)).map(String::as_str)
}

/// `ttl` or `ttlInSeconds`: seconds, or a duration.
fn lifetime(metadata: &Map) -> Result<Option<Duration>> {
    let Some(text) = found(metadata, "ttl").or_else(|| found(metadata, "ttlInSeconds")) else { return Ok(None) };
    let read = match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)).filter(|ttl| !ttl.is_zero()),
        Err(_) => dapr_kit::duration::parse(text).ok(),
    };
    let wrong = || Error::invalid(format!("`ttlInSeconds`: expected a number of seconds above zero, found `{text}`"));
    read.map(Some).ok_or_else(wrong)
}

/// `priority`, up to 255; beyond that it is cut off, as in the incumbent.
fn priority(metadata: &Map) -> Result<Option<u8>> {
    let Some(text) = found(metadata, "priority") else { return Ok(None) };
    let wrong = |_| Error::invalid(format!("`priority`: expected a number from 0 to 255, found `{text}`"));
    let number: i64 = text.parse().map_err(wrong)?;
    Ok(u8::try_from(number.clamp(0, 255)).ok())
}

/// Metadata of a message that came: its properties and headers, under the incumbent's names.
pub(crate) fn incoming(properties: &BasicProperties) -> Map {
    let named = [
        ("messageid", properties.message_id()),
        ("correlationid", properties.correlation_id()),
        ("type", properties.kind()),
        ("contenttype", properties.content_type()),
    ];
    let present = named.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?.as_str())));
    let present = present.filter(|(_, value)| !value.is_empty());
    let mut metadata: Map = present.map(|(name, value)| (format!("metadata.{name}"), value.to_owned())).collect();
    let headers = properties.headers().iter().flat_map(|headers| headers.inner());
    metadata.extend(headers.filter_map(|(name, value)| Some((format!("metadata.{name}"), text_of(value)?))));
    metadata
}

/// A header as text; none has no text.
fn text_of(value: &AMQPValue) -> Option<String> {
    Some(match value {
        AMQPValue::Void => return None,
        AMQPValue::Boolean(value) => value.to_string(),
        AMQPValue::ShortShortInt(value) => value.to_string(),
        AMQPValue::ShortShortUInt(value) => value.to_string(),
        AMQPValue::ShortInt(value) => value.to_string(),
        AMQPValue::ShortUInt(value) => value.to_string(),
        AMQPValue::LongInt(value) => value.to_string(),
        AMQPValue::LongUInt(value) => value.to_string(),
        AMQPValue::LongLongInt(value) => value.to_string(),
        AMQPValue::Float(value) => value.to_string(),
        AMQPValue::Double(value) => value.to_string(),
        AMQPValue::Timestamp(value) => value.to_string(),
        AMQPValue::ShortString(value) => value.to_string(),
        AMQPValue::LongString(value) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        AMQPValue::ByteArray(value) => String::from_utf8_lossy(value.as_slice()).into_owned(),
        AMQPValue::DecimalValue(_) | AMQPValue::FieldArray(_) | AMQPValue::FieldTable(_) => format!("{value:?}"),
    })
}

#[cfg(test)]
mod tests {
    use dapr_spi::metadata::{Metadata, Properties};
    use lapin::types::FieldTable;

    use super::*;
    use crate::metadata::RabbitMqMetadata;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        Settings::check(RabbitMqMetadata::parse(&Properties::from_pairs(pairs.iter().copied())).unwrap()).unwrap()
    }

    fn message(pairs: &[(&str, &str)]) -> Message {
        let metadata = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Message { topic: "orders".into(), metadata, ..Message::default() }
    }

    #[test]
    fn metadata_becomes_properties() {
        let sent = [
            ("contentType", "application/json"),
            ("CorrelationId", "c"),
            ("messageID", "m"),
            ("type", "t"),
            ("priority", "300"),
            ("TTLInSeconds", "2"),
            ("routingKey", "a.b"),
        ];
        let outgoing = Outgoing::of(&settings(&[("deliveryMode", "2")]), &message(&sent)).unwrap();
        assert_eq!((outgoing.exchange.as_str(), outgoing.routing_key.as_str()), ("orders", "a.b"));
        let expected = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_delivery_mode(2)
            .with_expiration("2000".into())
            .with_priority(255)
            .with_message_id("m".into())
            .with_correlation_id("c".into())
            .with_type("t".into());
        assert_eq!(outgoing.properties, expected);
    }

    #[test]
    fn a_message_without_metadata_has_the_component_s_defaults() {
        let outgoing = Outgoing::of(&settings(&[("ttlInSeconds", "1500ms")]), &message(&[])).unwrap();
        let expected = BasicProperties::default().with_content_type("text/plain".into()).with_expiration("1500".into());
        assert_eq!((outgoing.properties, outgoing.routing_key.as_str()), (expected, ""));
    }

    #[test]
    fn wrong_metadata_is_the_publisher_s_fault() {
        let long = "x".repeat(256);
        for (name, value) in
            [("ttlInSeconds", "0"), ("ttl", "soon"), ("priority", "high"), ("routingKey", long.as_str())]
        {
            let error = Outgoing::of(&settings(&[]), &message(&[(name, value)])).unwrap_err();
            assert_eq!(error.kind(), dapr_spi::ErrorKind::Invalid, "{name}");
        }
        let nowhere = Message { topic: long, ..Message::default() };
        assert!(Outgoing::of(&settings(&[]), &nowhere).is_err());
    }

    #[test]
    fn properties_become_metadata() {
        let mut headers = FieldTable::default();
        headers.insert("tries".into(), AMQPValue::LongInt(3));
        headers.insert("who".into(), AMQPValue::LongString("me".into()));
        headers.insert("none".into(), AMQPValue::Void);
        let properties = BasicProperties::default().with_message_id("m".into()).with_headers(headers);
        let expected = [("metadata.messageid", "m"), ("metadata.tries", "3"), ("metadata.who", "me")];
        let expected: Map = expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(incoming(&properties), expected);
    }
}
