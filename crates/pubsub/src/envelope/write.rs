//! Writing events: around a payload, or over one that came from the application.
//!
//! Fields stand in the order of their names, as the incumbent's do.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;

use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use bytes::Bytes;
use dapr_kit::json::append_compact;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{ContentType, DATA_CONTENT_TYPE, Envelope, NO_TRACE, SOURCE, SPEC_VERSION, TYPE, protobuf};

/// What the fields of an event take beside its payload, roughly.
const FIELDS: usize = 640;

/// What an event says of itself. An empty text stands for the default.
#[derive(Clone, Debug, Default)]
pub struct Attributes<'a> {
    /// `id`; by default a random one.
    pub id: Cow<'a, str>,
    /// `source`; by default `Dapr`.
    pub source: Cow<'a, str>,
    /// `type`; by default `com.dapr.event.sent`.
    pub event_type: Cow<'a, str>,
    /// `subject`; none by default.
    pub subject: Cow<'a, str>,
    /// `topic`.
    pub topic: &'a str,
    /// `pubsubname`.
    pub pubsub: &'a str,
    /// `datacontenttype`; by default `text/plain`.
    pub content_type: &'a str,
    /// `traceparent` and `traceid`.
    pub trace_parent: Cow<'a, str>,
    /// `tracestate`.
    pub trace_state: Cow<'a, str>,
    /// `time`.
    pub time: &'a str,
    /// `expiration`; none by default.
    pub expiration: Option<&'a str>,
}

/// A payload.
#[derive(Clone, Debug)]
pub enum Data {
    /// As it came; its content type says what it is.
    Bytes(Bytes),
    /// Checked JSON.
    Json(Bytes),
}

impl Data {
    /// The payload itself.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Self::Bytes(bytes) | Self::Json(bytes) => bytes,
        }
    }
}

/// An event around a payload.
///
/// JSON becomes `data` as it is, without white space; text becomes a string; what is binary by its content type, or is
/// no text, becomes `data_base64`. JSON that is none is taken for text.
pub fn wrap(data: &Data, attributes: &Attributes<'_>) -> Bytes {
    let mut out = Writer::new(data.bytes().len() + FIELDS);
    write_data(&mut out, data, attributes.content_type);
    out.text("datacontenttype", non_empty(attributes.content_type, DATA_CONTENT_TYPE));
    if let Some(expiration) = attributes.expiration {
        out.text("expiration", expiration);
    }
    if attributes.id.is_empty() {
        out.id()
    } else {
        out.text("id", &attributes.id)
    }
    out.text("pubsubname", attributes.pubsub);
    out.text("source", non_empty(&attributes.source, SOURCE));
    out.text("specversion", SPEC_VERSION);
    if !attributes.subject.is_empty() {
        out.text("subject", &attributes.subject);
    }
    out.text("time", attributes.time);
    out.text("topic", attributes.topic);
    let trace = attributes.trace_parent.as_ref();
    out.text("traceid", trace);
    out.text("traceparent", trace);
    out.text("tracestate", &attributes.trace_state);
    out.text("type", non_empty(&attributes.event_type, TYPE));
    out.finish()
}

/// An event that the application made, with what it left out, and with the topic it goes to. Of the attributes only
/// those of the message's way are used: topic, broker, trace, time and expiration.
pub fn adopt(event: &Envelope, attributes: &Attributes<'_>) -> Bytes {
    let mut fields: BTreeMap<&str, Cow<'_, str>> = event.fields().map(|(name, json)| (name, json.into())).collect();
    let text = |text: &str| Cow::Owned(json_of(text));
    fields.insert("topic", text(attributes.topic));
    fields.insert("pubsubname", text(attributes.pubsub));
    fields.entry("time").or_insert_with(|| text(attributes.time));
    fields.entry("tracestate").or_insert_with(|| text(&attributes.trace_state));
    if !fields.contains_key("traceid") {
        let own = event.text("traceparent").filter(|own| attributes.trace_parent == NO_TRACE && !own.is_empty());
        let trace = text(own.as_deref().unwrap_or(&attributes.trace_parent));
        fields.insert("traceid", trace.clone());
        fields.insert("traceparent", trace);
    }
    for (name, default) in [("source", SOURCE), ("type", TYPE), ("specversion", SPEC_VERSION)] {
        let field = fields.entry(name).or_insert("null".into());
        if field == "null" {
            *field = text(default);
        }
    }
    if let Some(expiration) = attributes.expiration {
        fields.insert("expiration", text(expiration));
    }
    write_fields(&fields, event.bytes().len() + FIELDS)
}

/// The same event with some fields set to texts.
pub fn with_fields<'t>(event: &Envelope, texts: impl Iterator<Item = (&'t str, &'t str)>) -> Bytes {
    let texts: Vec<(&str, String)> = texts.map(|(name, text)| (name, json_of(text))).collect();
    let mut fields: BTreeMap<&str, Cow<'_, str>> = event.fields().map(|(name, json)| (name, json.into())).collect();
    fields.extend(texts.iter().map(|(name, json)| (*name, json.as_str().into())));
    write_fields(&fields, event.bytes().len() + FIELDS)
}

fn write_fields(fields: &BTreeMap<&str, Cow<'_, str>>, capacity: usize) -> Bytes {
    let mut out = Writer::new(capacity);
    for (name, json) in fields {
        out.json(name, json.as_bytes());
    }
    out.finish()
}

/// The event around a payload that came without one, made where it is delivered. `traces` are the fields of its trace,
/// in the order of their names.
pub fn wrap_raw(data: &[u8], topic: &str, pubsub: &str, traces: &[(&str, &str)]) -> Bytes {
    let mut out = Writer::new(data.len() * 4 / 3 + FIELDS);
    out.base64("data_base64", data);
    out.text("datacontenttype", "application/octet-stream");
    out.id();
    out.text("pubsubname", pubsub);
    out.text("source", SOURCE);
    out.text("specversion", SPEC_VERSION);
    out.text("topic", topic);
    for (name, value) in traces {
        out.text(name, value);
    }
    out.text("type", TYPE);
    out.finish()
}

fn write_data(out: &mut Writer, data: &Data, content_type: &str) {
    let (bytes, kind) = (data.bytes(), ContentType::of(content_type));
    match (data, kind) {
        (Data::Json(json), _) => out.json("data", json),
        (_, ContentType::Json) if is_json(bytes) => out.json("data", bytes),
        (_, ContentType::Binary) => out.base64("data_base64", bytes),
        (_, ContentType::Protobuf) if protobuf::is_event(bytes) => out.base64("data_base64", bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => out.text("data", text),
            // The incumbent replaces what is no text, and so loses it.
            Err(_) => out.base64("data_base64", bytes),
        },
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(bytes).is_ok()
}

fn json_of(text: &str) -> String {
    let mut out = Writer(Vec::with_capacity(text.len() + 2));
    out.string(text);
    String::from_utf8(out.0).unwrap_or_default()
}

fn non_empty<'a>(text: &'a str, default: &'a str) -> &'a str {
    if text.is_empty() { default } else { text }
}

/// Writes one object. The names of fields are written as they are, escaped where that is needed.
struct Writer(Vec<u8>);

impl Writer {
    fn new(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.string(name);
        self.0.push(b':');
    }

    fn string(&mut self, text: &str) {
        // Writing into memory cannot fail.
        let _ = serde_json::to_writer(&mut self.0, text);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.string(text);
    }

    fn json(&mut self, name: &str, json: &[u8]) {
        self.name(name);
        append_compact(json, &mut self.0);
    }

    fn base64(&mut self, name: &str, bytes: &[u8]) {
        self.name(name);
        self.0.push(b'"');
        let mut encoder = EncoderWriter::new(&mut self.0, &STANDARD);
        let _ = encoder.write_all(bytes).and_then(|()| encoder.finish().map(drop));
        drop(encoder);
        self.0.push(b'"');
    }

    fn id(&mut self) {
        let mut text = Uuid::encode_buffer();
        let text = Uuid::new_v4().hyphenated().encode_lower(&mut text);
        self.text("id", text);
    }

    fn finish(mut self) -> Bytes {
        self.0.push(b'}');
        self.0.into()
    }
}

#[cfg(test)]
mod tests;
