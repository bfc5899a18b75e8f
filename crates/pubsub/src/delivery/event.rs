//! A message as an event, in whichever form it came.

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::Bytes;
use dapr_proto::pbjson_types::{Struct, Value};
use dapr_proto::runtime::v1::{TopicEventCeRequest, TopicEventRequest};
use dapr_spi::pubsub::Message;
use dapr_telemetry::trace::Context;
use jiff::Timestamp;

use crate::envelope::{self, ContentType, Envelope};
use crate::routing::EventValue;

/// Where brokers keep the media type of a payload that they have no field for.
const CONTENT_TYPE: &str = "content-type";
/// Begins the names of metadata that are attributes of an event.
const ATTRIBUTE: &str = "ce_";
/// Fields of a trace, as events and metadata have them.
const TRACE_FIELDS: [&str; 3] = ["traceid", "traceparent", "tracestate"];

/// A message as an event.
pub(crate) struct Event<'a> {
    message: &'a Message,
    form: Form,
}

enum Form {
    /// An event in JSON.
    Json(Envelope),
    /// The payload is the data; the attributes are metadata.
    Binary,
}

impl<'a> Event<'a> {
    /// Reads a message; `is_raw` payloads get an envelope here.
    ///
    /// # Errors
    /// The payload should be an event, and is no JSON object.
    pub(crate) fn read(
        message: &'a Message,
        is_raw: bool,
        topic: &str,
        pubsub: &str,
    ) -> Result<Self, serde_json::Error> {
        let form = if is_raw {
            let traces: Vec<(&str, &str)> = metadata_traces(message).collect();
            Form::Json(Envelope::read(envelope::wrap_raw(&message.data, topic, pubsub, &traces))?)
        } else if ContentType::of(content_type(message)) == ContentType::Binary {
            Form::Binary
        } else {
            Form::Json(Envelope::read(message.data.clone())?)
        };
        Ok(Self { message, form })
    }

    /// The message it came in.
    pub(crate) fn message(&self) -> &'a Message {
        self.message
    }

    /// What an HTTP application gets.
    pub(crate) fn body(&self) -> Bytes {
        match &self.form {
            Form::Json(envelope) => envelope.bytes().clone(),
            Form::Binary => self.message.data.clone(),
        }
    }

    /// Its id, for the log and for answers on a stream.
    pub(crate) fn id(&self) -> Cow<'_, str> {
        self.attribute("id").unwrap_or_default()
    }

    /// Whether its time is over.
    pub(crate) fn is_expired(&self, now: impl FnOnce() -> Timestamp) -> bool {
        match &self.form {
            Form::Json(envelope) => envelope.raw("expiration").is_some() && envelope.is_expired(now()),
            Form::Binary => {
                let expiration = self.attribute("expiration").and_then(|text| text.parse::<Timestamp>().ok());
                expiration.is_some_and(|expiration| expiration < now())
            }
        }
    }

    /// What routing rules see.
    ///
    /// # Errors
    /// It is nested too deep.
    pub(crate) fn value(&self) -> Result<EventValue, String> {
        match &self.form {
            Form::Json(envelope) => EventValue::from_json(envelope.bytes()),
            Form::Binary => {
                let attributes = attributes(self.message);
                let all = attributes.iter().map(|(name, value)| (name.as_str(), value.as_ref()));
                let media = content_type(self.message);
                Ok(EventValue::from_attributes(all.chain([("datacontenttype", media)]), &self.message.data))
            }
        }
    }

    /// The trace it belongs to: none when it names none, an inner none when what it names is no trace.
    pub(crate) fn trace(&self) -> Option<Option<Context>> {
        let given = |name: &str| self.attribute(name).filter(|text| !text.is_empty());
        let fallback = |name: &str| self.message.metadata.get(name).map(|text| Cow::Borrowed(text.as_str()));
        let parent = given("traceparent")
            .or_else(|| given("traceid"))
            .or_else(|| fallback("traceparent"))
            .or_else(|| fallback("traceid"))?;
        let state = given("tracestate").or_else(|| fallback("tracestate")).unwrap_or_default();
        Some(Context::from_text(&parent, &state))
    }

    /// What a gRPC application gets.
    ///
    /// # Errors
    /// The data are not what the event says they are.
    pub(crate) fn to_request(&self, topic: &str, pubsub: &str, path: &str) -> Result<TopicEventRequest, String> {
        let TopicEventCeRequest { id, source, r#type, spec_version, data_content_type, data, extensions } =
            self.to_cloud_event()?;
        Ok(TopicEventRequest {
            id,
            source,
            r#type,
            spec_version,
            data_content_type,
            data,
            topic: topic.to_owned(),
            pubsub_name: pubsub.to_owned(),
            path: path.to_owned(),
            extensions,
        })
    }

    /// What a gRPC application gets among others.
    ///
    /// # Errors
    /// The data are not what the event says they are.
    pub(crate) fn to_cloud_event(&self) -> Result<TopicEventCeRequest, String> {
        let owned = |name: &str| self.attribute(name).unwrap_or_default().into_owned();
        let data_content_type = match &self.form {
            Form::Json(_) => owned("datacontenttype"),
            Form::Binary => content_type(self.message).to_owned(),
        };
        Ok(TopicEventCeRequest {
            id: owned("id"),
            source: owned("source"),
            r#type: owned("type"),
            spec_version: owned("specversion"),
            data: self.data(ContentType::of(&data_content_type))?,
            data_content_type,
            extensions: Some(Struct { fields: self.extensions()? }),
        })
    }

    fn data(&self, kind: ContentType) -> Result<Bytes, String> {
        let Form::Json(envelope) = &self.form else { return Ok(self.message.data.clone()) };
        match envelope.data_base64() {
            Some(Ok(data)) => return Ok(data.into()),
            Some(Err(error)) => return Err(format!("data_base64 is no base64: {error}")),
            None => {}
        }
        if envelope.data().is_none_or(|json| json == "null") {
            return Ok(Bytes::new());
        }
        match kind {
            ContentType::Json | ContentType::CloudEvent => Ok(envelope.raw_bytes("data").unwrap_or_default()),
            ContentType::Text => match envelope.text("data") {
                Some(text) => Ok(text.into_owned().into()),
                None => Err("data should be a string, since datacontenttype says that it is text".to_owned()),
            },
            // As with the incumbent, which tests for this.
            ContentType::Binary | ContentType::Protobuf | ContentType::Other => Ok(Bytes::new()),
        }
    }

    fn extensions(&self) -> Result<HashMap<String, Value>, String> {
        let Form::Json(envelope) = &self.form else {
            let core = ["id", "source", "type", "specversion"];
            let given = attributes(self.message).into_iter().filter(|(name, _)| !core.contains(&name.as_str()));
            return Ok(given.map(|(name, value)| (name, Value::from(value.into_owned()))).collect());
        };
        let mut fields = HashMap::with_capacity(8);
        for (name, json) in envelope.extensions() {
            let value = match envelope::text_of(json) {
                Some(text) => Value::from(text.into_owned()),
                None => serde_json::from_str(json).map_err(|error| format!("{name}: {error}"))?,
            };
            fields.insert(name.to_owned(), value);
        }
        for (name, value) in metadata_traces(self.message) {
            fields.entry(name.to_owned()).or_insert_with(|| Value::from(value.to_owned()));
        }
        Ok(fields)
    }

    fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        match &self.form {
            Form::Json(envelope) => envelope.text(name),
            Form::Binary => {
                let is_named = |key: &str| attribute_name(key).is_some_and(|known| known.eq_ignore_ascii_case(name));
                let (_, value) = self.message.metadata.iter().find(|(key, _)| is_named(key))?;
                Some(Cow::Borrowed(value.as_str()))
            }
        }
    }
}

/// The media type of a payload.
pub(crate) fn content_type(message: &Message) -> &str {
    let kept = || message.metadata.get(CONTENT_TYPE).map(String::as_str);
    message.content_type.as_deref().or_else(kept).unwrap_or("application/json")
}

fn attribute_name(key: &str) -> Option<&str> {
    let (prefix, name) = key.split_at_checked(ATTRIBUTE.len())?;
    prefix.eq_ignore_ascii_case(ATTRIBUTE).then_some(name)
}

fn attributes(message: &Message) -> Vec<(String, Cow<'_, str>)> {
    let all = message.metadata.iter();
    all.filter_map(|(key, value)| Some((attribute_name(key)?.to_ascii_lowercase(), value.as_str().into()))).collect()
}

/// The trace that a broker keeps beside the payload: a `traceparent` stands for the `traceid`, too.
fn metadata_traces(message: &Message) -> impl Iterator<Item = (&'static str, &str)> {
    TRACE_FIELDS.into_iter().filter_map(|name| {
        let instead = if name == "traceid" { message.metadata.get("traceparent") } else { None };
        let value = instead.or_else(|| message.metadata.get(name))?;
        Some((name, value.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn message(data: &str, metadata: &[(&str, &str)]) -> Message {
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Message { data: Bytes::copy_from_slice(data.as_bytes()), metadata, ..Message::default() }
    }

    fn text(request: &TopicEventRequest, name: &str) -> String {
        serde_json::to_value(&request.extensions.as_ref().unwrap().fields[name]).unwrap().to_string()
    }

    #[test]
    fn an_event_in_json_goes_on_as_it_came() {
        let json = r#"{"id":"1","source":"s","type":"t","specversion":"1.0","datacontenttype":"application/json",
            "data": {"b":1.50,"a":2},"topic":"a","time":"now","n":5}"#;
        let message = message(json, &[("traceparent", TRACE)]);
        let event = Event::read(&message, false, "a", "p").unwrap();
        assert_eq!((event.body(), event.id().as_ref()), (message.data.clone(), "1"));
        assert_eq!(event.trace().unwrap().unwrap().traceparent().as_str(), TRACE);
        let request = event.to_request("a", "p", "/r").unwrap();
        assert_eq!(request.data, r#"{"b":1.50,"a":2}"#);
        assert_eq!((request.id.as_str(), request.path.as_str(), request.pubsub_name.as_str()), ("1", "/r", "p"));
        assert_eq!((text(&request, "n"), text(&request, "topic")), ("5.0".into(), r#""a""#.into()));
        assert_eq!(text(&request, "traceid"), format!("{TRACE:?}"));
    }

    #[test]
    fn data_are_what_their_content_type_says() {
        let data = |fields: &str| {
            let message = message(&format!("{{{fields}}}"), &[]);
            Event::read(&message, false, "a", "p").unwrap().to_cloud_event().map(|event| event.data)
        };
        assert_eq!(data(r#""datacontenttype":"text/plain","data":"a\nb""#).unwrap(), "a\nb");
        assert_eq!(data(r#""datacontenttype":"application/json","data":"text""#).unwrap(), r#""text""#);
        assert_eq!(
            data(r#""datacontenttype":"application/octet-stream","data_base64":"AP8=""#).unwrap(),
            &b"\0\xff"[..]
        );
        assert_eq!(data(r#""datacontenttype":"application/json","data":null"#).unwrap(), "");
        assert_eq!(data(r#""datacontenttype":"other","data":"text""#).unwrap(), "", "as with the incumbent");
        assert!(data(r#""datacontenttype":"text/plain","data":{}"#).unwrap_err().contains("string"));
        assert!(data(r#""data_base64":"?""#).unwrap_err().contains("base64"));
    }

    #[test]
    fn a_raw_payload_gets_an_envelope() {
        let message = message("\u{0}hi", &[("traceparent", TRACE)]);
        let event = Event::read(&message, true, "orders", "broker").unwrap();
        let json: serde_json::Value = serde_json::from_slice(&event.body()).unwrap();
        assert_eq!(json["data_base64"], "AGhp");
        assert_eq!((json["topic"].as_str(), json["pubsubname"].as_str()), (Some("orders"), Some("broker")));
        assert_eq!((json["traceid"].as_str(), json["traceparent"].as_str()), (Some(TRACE), Some(TRACE)));
        assert_eq!(event.to_request("orders", "broker", "/").unwrap().data, "\u{0}hi");
    }

    #[test]
    fn a_binary_event_has_its_attributes_in_metadata() {
        let message = message(
            "not json",
            &[
                ("content-type", "application/octet-stream"),
                ("ce_id", "7"),
                ("CE_Type", "t"),
                ("ce_x", "y"),
                ("z", "z"),
            ],
        );
        let event = Event::read(&message, false, "a", "p").unwrap();
        assert_eq!((event.body(), event.id().as_ref()), (message.data.clone(), "7"));
        let request = event.to_request("a", "p", "/").unwrap();
        assert_eq!((request.r#type.as_str(), request.data.as_ref()), ("t", &b"not json"[..]));
        assert_eq!(request.extensions.as_ref().unwrap().fields.len(), 1);
        assert_eq!(request.data_content_type, "application/octet-stream");
    }

    #[test]
    fn an_event_expires() {
        let now = || Timestamp::from_second(1_000_000_000).unwrap();
        let is_expired = |data: &str, metadata: &[(&str, &str)]| {
            Event::read(&message(data, metadata), false, "a", "p").unwrap().is_expired(now)
        };
        assert!(is_expired(r#"{"expiration":"2001-01-01T00:00:00Z"}"#, &[]));
        assert!(!is_expired(r#"{"expiration":"2002-01-01T00:00:00Z"}"#, &[]));
        assert!(!is_expired("{}", &[]));
        let binary = [("content-type", "application/octet-stream"), ("ce_expiration", "2001-01-01T00:00:00Z")];
        assert!(is_expired("x", &binary));
    }

    #[test]
    fn what_is_no_object_is_no_event() {
        for data in ["", "[]", "null", "text", "{"] {
            assert!(Event::read(&message(data, &[]), false, "a", "p").is_err(), "{data}");
        }
    }
}
