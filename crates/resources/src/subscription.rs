//! Kind `Subscription`: v2alpha1, which the runtime uses, and v1alpha1, which is converted to it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ObjectMeta;

/// A declarative subscription (v2alpha1).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Subscription {
    pub metadata: ObjectMeta,
    pub spec: SubscriptionSpec,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SubscriptionSpec {
    /// The pub/sub component's name.
    pub pubsubname: String,
    pub topic: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    pub routes: Routes,
    /// Empty means none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dead_letter_topic: String,
    pub bulk_subscribe: BulkSubscribe,
}

/// Rules are tried in order, then `default`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Routes {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub default: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    /// A CEL expression over `event`; empty matches everything.
    #[serde(rename = "match")]
    pub condition: String,
    pub path: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BulkSubscribe {
    pub enabled: bool,
    /// 0 means the component's default.
    pub max_messages_count: i32,
    /// 0 means the component's default.
    pub max_await_duration_ms: i32,
}

/// A declarative subscription of the older version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SubscriptionV1 {
    pub metadata: ObjectMeta,
    pub spec: SubscriptionSpecV1,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SubscriptionSpecV1 {
    pub pubsubname: String,
    pub topic: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    pub route: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dead_letter_topic: String,
    pub bulk_subscribe: BulkSubscribe,
}

impl From<SubscriptionV1> for Subscription {
    fn from(old: SubscriptionV1) -> Self {
        let SubscriptionSpecV1 { pubsubname, topic, metadata, route, dead_letter_topic, bulk_subscribe } = old.spec;
        let routes = Routes { rules: Vec::new(), default: route };
        Self {
            metadata: old.metadata,
            spec: SubscriptionSpec { pubsubname, topic, metadata, routes, dead_letter_topic, bulk_subscribe },
            scopes: old.scopes,
        }
    }
}

/// The way back, which the conversion webhook needs; rules are lost, as v1alpha1 has none.
impl From<Subscription> for SubscriptionV1 {
    fn from(new: Subscription) -> Self {
        let SubscriptionSpec { pubsubname, topic, metadata, routes, dead_letter_topic, bulk_subscribe } = new.spec;
        let spec = SubscriptionSpecV1 {
            pubsubname,
            topic,
            metadata,
            route: routes.default,
            dead_letter_topic,
            bulk_subscribe,
        };
        Self { metadata: new.metadata, spec, scopes: new.scopes }
    }
}
