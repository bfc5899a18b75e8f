//! An event as conditions see it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use cel::Value;
use cel::objects::Map;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The value of the variable `event`. All numbers are doubles, as with the incumbent.
#[derive(Clone, Debug)]
pub(crate) struct EventValue(pub(super) Value);

impl EventValue {
    /// An event in JSON.
    ///
    /// # Errors
    /// It is no JSON, or nested deeper than a reader can follow.
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// An event whose attributes came as headers.
    pub(crate) fn from_attributes<'a>(attributes: impl Iterator<Item = (&'a str, &'a str)>, data: &[u8]) -> Self {
        let mut map: HashMap<_, _> =
            attributes.map(|(name, value)| (name.to_owned().into(), text(value.to_owned()))).collect();
        map.insert("data".to_owned().into(), Value::Bytes(Arc::new(data.to_vec())));
        Self(Value::Map(Map { map: Arc::new(map) }))
    }

    /// A payload that is no event: its text.
    pub(crate) fn from_raw(bytes: &[u8]) -> Self {
        Self(text(String::from_utf8_lossy(bytes).into_owned()))
    }
}

fn text(text: String) -> Value {
    Value::String(Arc::new(text))
}

impl<'de> Deserialize<'de> for EventValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "as with the incumbent, whose numbers are doubles")]
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Float(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "as with the incumbent, whose numbers are doubles")]
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Float(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(EventValue(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(Arc::new(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut map = HashMap::new();
        while let Some((name, EventValue(value))) = fields.next_entry::<String, EventValue>()? {
            map.insert(name.into(), value);
        }
        Ok(Value::Map(Map { map: Arc::new(map) }))
    }
}
