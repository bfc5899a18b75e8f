//! A duration field of a resource, written as Go writes it (`1h30m`).

use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// A duration of zero or more. Text is in Go's notation; a bare number counts nanoseconds, as
/// Go's own `time.Duration` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GoDuration(pub Duration);

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = GoDuration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `20s`, `1h30m` or `500ms`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<GoDuration, E> {
        dapr_kit::duration::parse(text).map(GoDuration).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, nanoseconds: u64) -> Result<GoDuration, E> {
        Ok(GoDuration(Duration::from_nanos(nanoseconds)))
    }

    fn visit_i64<E: Error>(self, nanoseconds: i64) -> Result<GoDuration, E> {
        u64::try_from(nanoseconds)
            .map_err(|_| E::custom("a duration must not be negative"))
            .and_then(|n| self.visit_u64(n))
    }
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&dapr_kit::duration::format(self.0))
    }
}

impl JsonSchema for GoDuration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GoDuration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}
