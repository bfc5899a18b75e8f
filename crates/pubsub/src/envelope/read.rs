//! The top-level fields of an event.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Names that are no extensions: what a gRPC application gets in fields of their own.
const CORE: &[&str] = &["id", "source", "type", "specversion", "datacontenttype", "data", "data_base64"];

/// An event, read no deeper than its top-level fields: the bytes, and where each field stands in them. Cheap to clone
/// but for the list of fields.
///
/// Names are compared as they are. Of a name that comes twice the last one counts.
#[derive(Clone)]
pub struct Envelope {
    bytes: Bytes,
    fields: Vec<Field>,
}

#[derive(Clone)]
struct Field {
    name: Name,
    value: Range<usize>,
}

#[derive(Clone)]
enum Name {
    At(Range<usize>),
    /// It has escapes.
    Unescaped(Box<str>),
}

impl Envelope {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// It is no JSON, or no object.
    pub fn read(bytes: Bytes) -> Result<Self, serde_json::Error> {
        let Fields(found) = serde_json::from_slice(&bytes)?;
        let place = |text: &str| {
            let start = text.as_ptr() as usize - bytes.as_ptr() as usize;
            start..start + text.len()
        };
        let field = |(name, value): &(Cow<'_, str>, &RawValue)| Field {
            name: match name {
                Cow::Borrowed(name) => Name::At(place(name)),
                Cow::Owned(name) => Name::Unescaped(name.as_str().into()),
            },
            value: place(value.get()),
        };
        let fields = found.iter().map(field).collect();
        Ok(Self { bytes, fields })
    }

    /// The event as it came.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// All fields in the order they came, with the JSON of their values.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (self.name(field), self.at(&field.value)))
    }

    /// The fields that are no attributes of their own in every event that a gRPC application gets: traces, the
    /// expiration, topic and broker, and what the publisher added.
    pub fn extensions(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields().filter(|(name, _)| !CORE.contains(name))
    }

    /// The JSON of a field.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.field(name).map(|field| self.at(&field.value))
    }

    /// The JSON of a field, sharing the memory of the event.
    pub fn raw_bytes(&self, name: &str) -> Option<Bytes> {
        self.field(name).map(|field| self.bytes.slice(field.value.clone()))
    }

    /// A field that is a string.
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        text_of(self.raw(name)?)
    }

    /// `id`, when it is a string.
    pub fn id(&self) -> Option<Cow<'_, str>> {
        self.text("id")
    }

    /// `source`, when it is a string.
    pub fn source(&self) -> Option<Cow<'_, str>> {
        self.text("source")
    }

    /// `type`, when it is a string.
    pub fn event_type(&self) -> Option<Cow<'_, str>> {
        self.text("type")
    }

    /// `specversion`, when it is a string.
    pub fn spec_version(&self) -> Option<Cow<'_, str>> {
        self.text("specversion")
    }

    /// `datacontenttype`, when it is a string.
    pub fn data_content_type(&self) -> Option<Cow<'_, str>> {
        self.text("datacontenttype")
    }

    /// `topic`, when it is a string.
    pub fn topic(&self) -> Option<Cow<'_, str>> {
        self.text("topic")
    }

    /// `pubsubname`, when it is a string.
    pub fn pubsub_name(&self) -> Option<Cow<'_, str>> {
        self.text("pubsubname")
    }

    /// The JSON of `data`.
    pub fn data(&self) -> Option<&str> {
        self.raw("data")
    }

    /// The bytes that `data_base64` stands for.
    ///
    /// # Errors
    /// It is a string and no base64.
    pub fn data_base64(&self) -> Option<Result<Vec<u8>, base64::DecodeError>> {
        Some(STANDARD.decode(self.text("data_base64")?.as_bytes()))
    }

    /// `traceparent`, or else `traceid`, when it is a string.
    pub fn trace_parent(&self) -> Option<Cow<'_, str>> {
        let given = |name| self.text(name).filter(|text| !text.is_empty());
        given("traceparent").or_else(|| given("traceid"))
    }

    /// `tracestate`, when it is a string.
    pub fn trace_state(&self) -> Option<Cow<'_, str>> {
        self.text("tracestate").filter(|text| !text.is_empty())
    }

    /// Whether `expiration` is before `now`. A text that is no timestamp never expires.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        let Some(text) = self.text("expiration") else { return false };
        text.parse::<Timestamp>().is_ok_and(|expiration| expiration < now)
    }

    fn field(&self, name: &str) -> Option<&Field> {
        let is_named = |field: &&Field| match &field.name {
            Name::At(place) => self.bytes[place.clone()] == *name.as_bytes(),
            Name::Unescaped(unescaped) => **unescaped == *name,
        };
        self.fields.iter().rev().find(is_named)
    }

    fn name<'a>(&'a self, field: &'a Field) -> &'a str {
        match &field.name {
            Name::At(place) => self.at(place),
            Name::Unescaped(name) => name,
        }
    }

    fn at(&self, place: &Range<usize>) -> &str {
        // The places are those of `str`s that the decoder found in these bytes.
        std::str::from_utf8(&self.bytes[place.clone()]).unwrap_or_default()
    }
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.fields()).finish()
    }
}

/// The text of a JSON string; `None` for every other value.
pub(crate) fn text_of(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(json).ok().map(Cow::Owned)
}

/// The fields of an object, each as raw text.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a CloudEvent, which is a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some((Key(name), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A field name, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &'static str) -> Envelope {
        Envelope::read(Bytes::from_static(text.as_bytes())).unwrap()
    }

    #[test]
    fn fields_are_found_and_values_stay_as_they_are() {
        let event = read(
            r#"{"id":"a\u0062","data": {"n":12345678901234567890.10},"data_base64":"aGk=","\u0078":1,
                "type":5,"traceid":"","traceparent":"00-1","topic":"t","id2":null}"#,
        );
        assert_eq!(event.id().unwrap(), "ab");
        assert_eq!(event.data().unwrap(), r#"{"n":12345678901234567890.10}"#);
        assert_eq!(event.data_base64().unwrap().unwrap(), b"hi");
        assert_eq!((event.raw("x"), event.event_type(), event.raw("id2")), (Some("1"), None, Some("null")));
        assert_eq!(event.trace_parent().unwrap(), "00-1");
        assert_eq!(event.raw_bytes("topic").unwrap(), r#""t""#);
        let extensions: Vec<&str> = event.extensions().map(|(name, _)| name).collect();
        assert_eq!(extensions, ["x", "traceid", "traceparent", "topic", "id2"]);
    }

    #[test]
    fn of_a_name_that_comes_twice_the_last_counts() {
        assert_eq!(read(r#"{"id":"a","id":"b"}"#).id().unwrap(), "b");
    }

    #[test]
    fn an_event_expires() {
        let event = read(r#"{"expiration":"2026-01-01T00:00:00+01:00"}"#);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert!(event.is_expired(at("2025-12-31T23:00:01Z")));
        assert!(!event.is_expired(at("2025-12-31T22:59:59Z")));
        for never in ["{}", r#"{"expiration":""}"#, r#"{"expiration":"soon"}"#, r#"{"expiration":5}"#] {
            assert!(!read(never).is_expired(Timestamp::MAX), "{never}");
        }
    }

    #[test]
    fn only_objects_are_events() {
        for wrong in ["", "null", "[]", "\"a\"", "{", "{\"a\":1}x", "{\"a\":1", "{a:1}"] {
            assert!(Envelope::read(Bytes::from_static(wrong.as_bytes())).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nesting_without_end_is_no_trouble() {
        let depth = 200_000;
        let text = format!("{{\"data\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(Envelope::read(text.into()).unwrap().data().unwrap().len(), 2 * depth);
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Envelope::read(bytes.into());
        }

        #[test]
        fn every_field_is_as_the_decoder_has_it(
            fields in prop::collection::btree_map("\\PC{0,8}", "\\PC{0,20}", 0..8),
        ) {
            let event = Envelope::read(serde_json::to_vec(&fields).unwrap().into()).unwrap();
            prop_assert_eq!(event.fields().count(), fields.len());
            for (name, value) in &fields {
                prop_assert_eq!(event.text(name).unwrap(), value.as_str());
            }
        }
    }
}
