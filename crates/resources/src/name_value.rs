//! One `metadata`, `headers` or `env` item: a name with a value, or with where to get it from.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use crate::Origin;
use crate::yaml::Located;

/// A named value. Of `value`, `envRef` and `secretKeyRef` the first that is given, in this order,
/// is what counts.
#[derive(Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NameValuePair {
    pub name: String,
    #[serde(skip_serializing_if = "Value::is_absent")]
    pub value: Value,
    #[serde(skip_serializing_if = "SecretKeyRef::is_absent")]
    pub secret_key_ref: SecretKeyRef,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub env_ref: String,
    /// Where the value is written; for an item without one, where the item begins.
    #[serde(skip)]
    pub origin: Origin,
    /// Where the name is written.
    #[serde(skip)]
    pub name_origin: Origin,
}

impl NameValuePair {
    /// An item with a text value, as defaults and tests need it.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Value::from(value.into()), ..Self::default() }
    }
}

/// Shows names only: a value may be a password.
impl fmt::Debug for NameValuePair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, secret_key_ref, env_ref, origin, name_origin: _ } = self;
        f.debug_struct("NameValuePair")
            .field("name", name)
            .field("value", value)
            .field("secret_key_ref", secret_key_ref)
            .field("env_ref", env_ref)
            .field("origin", origin)
            .finish()
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(default, rename_all = "camelCase", rename = "NameValuePair")]
struct Fields {
    name: Located<String>,
    value: Located<Value>,
    secret_key_ref: SecretKeyRef,
    env_ref: String,
}

impl<'de> Deserialize<'de> for NameValuePair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Located { inner: Fields { name, value, secret_key_ref, env_ref }, origin } =
            Located::deserialize(deserializer)?;
        let origin = if value.origin.0.is_some() { value.origin } else { origin };
        Ok(Self { name: name.inner, value: value.inner, secret_key_ref, env_ref, origin, name_origin: name.origin })
    }
}

/// A key of a secret in a secret store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, serde::Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// The secret; empty means that there is no reference.
    pub name: String,
    /// The key inside the secret; see [`SecretKeyRef::key`].
    pub key: String,
}

impl SecretKeyRef {
    /// The key inside the secret: the secret's own name when none is given.
    pub fn key(&self) -> &str {
        if self.key.is_empty() { &self.name } else { &self.key }
    }

    /// Whether there is nothing to resolve.
    pub fn is_absent(&self) -> bool {
        self.name.is_empty()
    }
}

/// A value of any shape. Absent, `null` and "not given" are one.
#[derive(Clone, Default, PartialEq, serde::Deserialize)]
#[serde(transparent)]
pub struct Value(serde_json::Value);

impl Value {
    /// Whether the item has no value.
    pub fn is_absent(&self) -> bool {
        self.0.is_null()
    }

    /// What a component gets to read: a text as it is, anything else as compact JSON with
    /// sorted keys, the empty text when absent.
    pub fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            serde_json::Value::Null => Cow::Borrowed(""),
            serde_json::Value::String(text) => Cow::Borrowed(text),
            other => Cow::Owned(crate::yaml::go_json(other)),
        }
    }

    /// The value as JSON, as the wire has it.
    pub fn json(&self) -> &serde_json::Value {
        &self.0
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(serde_json::Value::String(text))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_absent() { "absent" } else { "hidden" })
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for Value {
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "x-kubernetes-preserve-unknown-fields": true })
    }
}
