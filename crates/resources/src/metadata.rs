//! `metadata` and `auth`, which every kind has alike.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Origin;

/// The part of Kubernetes object metadata that Dapr reads.
///
/// Compares equal when the names do: labels, annotations and namespace never cause a reload.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ObjectMeta {
    /// Unique among the resources of one kind that an app sees.
    pub name: String,
    /// Empty means every namespace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Rises with each change of the spec in Kubernetes; 0 for files.
    #[serde(skip_serializing_if = "is_zero")]
    pub generation: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub uid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_version: String,
    /// Where the name is written.
    #[serde(skip)]
    pub origin: Origin,
}

impl PartialEq for ObjectMeta {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// Which secret store resolves a resource's `secretKeyRef`s.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Auth {
    /// Name of a secret store component; empty means the mode's default
    /// ([`crate::component::secrets::store_or_default`]).
    pub secret_store: String,
}
