//! Kind `Resiliency`: named policies and the targets that use them. Durations stay text here;
//! the policy engine turns them into numbers, because it alone knows each one's default.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ObjectMeta;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Resiliency {
    pub metadata: ObjectMeta,
    pub spec: ResiliencySpec,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ResiliencySpec {
    pub policies: Policies,
    pub targets: Targets,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Policies {
    /// Go durations, or whole milliseconds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub timeouts: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub retries: BTreeMap<String, Retry>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub circuit_breakers: BTreeMap<String, CircuitBreaker>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Retry {
    /// `constant` (also when empty) or `exponential`.
    pub policy: String,
    pub duration: String,
    pub max_interval: String,
    /// -1 retries for ever.
    pub max_retries: Option<i64>,
    pub matching: Option<RetryMatching>,
}

/// Code lists such as `429,500-599`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct RetryMatching {
    pub http_status_codes: String,
    #[serde(rename = "gRPCStatusCodes")]
    pub grpc_status_codes: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CircuitBreaker {
    pub max_requests: i64,
    pub interval: String,
    pub timeout: String,
    /// A CEL expression over the breaker's counters.
    pub trip: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Targets {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub apps: BTreeMap<String, EndpointPolicyNames>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub actors: BTreeMap<String, ActorPolicyNames>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, ComponentPolicyNames>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ComponentPolicyNames {
    pub inbound: PolicyNames,
    pub outbound: PolicyNames,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct PolicyNames {
    pub timeout: String,
    pub retry: String,
    pub circuit_breaker: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct EndpointPolicyNames {
    pub timeout: String,
    pub retry: String,
    pub circuit_breaker: String,
    /// 0 means 100.
    pub circuit_breaker_cache_size: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ActorPolicyNames {
    pub timeout: String,
    pub retry: String,
    pub circuit_breaker: String,
    /// `type`, `id` or `both`; must be set with a circuit breaker.
    pub circuit_breaker_scope: String,
    /// 0 means 5000.
    pub circuit_breaker_cache_size: i64,
}
