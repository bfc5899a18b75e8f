//! `spec.tracing`: sampling and where spans go.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize as DeriveDeserialize, Serialize};

use crate::{GoDuration, NameValuePair};

#[derive(Clone, Debug, Default, PartialEq, Serialize, DeriveDeserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Tracing {
    /// A number from 0 to 1 as text; empty is not the same as `0`.
    pub sampling_rate: String,
    pub stdout: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zipkin: Option<Zipkin>,
    pub otel: Otel,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, DeriveDeserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Zipkin {
    pub endpoint_address: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, DeriveDeserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Otel {
    /// `grpc` or `http`.
    pub protocol: String,
    /// Empty means that nothing is exported, unless the environment names an endpoint.
    pub endpoint_address: String,
    pub is_secure: bool,
    pub headers: Vec<OtelHeader>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<GoDuration>,
}

impl Default for Otel {
    fn default() -> Self {
        Self {
            protocol: String::new(),
            endpoint_address: String::new(),
            is_secure: true,
            headers: Vec::new(),
            timeout: None,
        }
    }
}

/// A header of the export requests. Files of the self-hosted mode write `name=value`, the
/// Kubernetes resource an item with `name` and `value`; both are read in both modes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OtelHeader(pub NameValuePair);

impl<'de> Deserialize<'de> for OtelHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = OtelHeader;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header, as `name=value` or as an item with `name` and `value`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<OtelHeader, E> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        Ok(OtelHeader(NameValuePair::new(name, value)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OtelHeader, A::Error> {
        NameValuePair::deserialize(MapAccessDeserializer::new(map)).map(OtelHeader)
    }
}

impl JsonSchema for OtelHeader {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        NameValuePair::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        NameValuePair::json_schema(generator)
    }
}
