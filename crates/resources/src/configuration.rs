//! Kind `Configuration`: what a sidecar does beyond its components.
//!
//! The types are here, [`load`](load_files) puts files together, [`features`] answers which
//! previews are on.

pub mod features;
mod load;
mod metric;
mod tracing;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use load::{ConfigurationError, Loaded, from_json, load_files, parse};
pub use metric::{HttpMetric, Metric, MetricLabel, MetricRule, WorkflowMetric};
pub use tracing::{Otel, OtelHeader, Tracing, Zipkin};

use crate::{GoDuration, ObjectMeta};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Configuration {
    pub metadata: ObjectMeta,
    pub spec: ConfigurationSpec,
}

/// Absent sections and sections with nothing in them are the same here; `Default` is what holds
/// without any configuration file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ConfigurationSpec {
    /// Handlers of requests that arrive from other apps, in order.
    pub app_http_pipeline: Pipeline,
    /// Handlers of requests that the app makes, in order.
    pub http_pipeline: Pipeline,
    pub tracing: Tracing,
    /// Holds the sum of `metric` and `metrics` once a configuration is loaded.
    pub metric: Metric,
    /// The other spelling, whose fields win over those of `metric`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metric>,
    pub mtls: Mtls,
    pub secrets: Secrets,
    pub access_control: AccessControl,
    pub name_resolution: NameResolution,
    pub features: Vec<features::FeatureSpec>,
    pub api: Api,
    pub components: Components,
    pub logging: Logging,
    pub wasm: Wasm,
    pub workflow: Workflow,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Pipeline {
    pub handlers: Vec<Handler>,
}

/// A middleware component to run, by name and type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Handler {
    pub name: String,
    #[serde(rename = "type")]
    pub handler_type: String,
    pub version: String,
    pub selector: Selector,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Selector {
    pub fields: Vec<SelectorField>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SelectorField {
    pub field: String,
    pub value: String,
}

/// Read by Sentry and the operator; sidecars take theirs from flags.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Mtls {
    /// Absent means on in Kubernetes and off elsewhere.
    pub enabled: Option<bool>,
    /// A Go duration; empty means 24h.
    #[serde(rename = "workloadCertTTL")]
    pub workload_cert_ttl: String,
    /// A Go duration; empty means 15m.
    pub allowed_clock_skew: String,
    pub sentry_address: String,
    pub control_plane_trust_domain: String,
    pub token_validators: Vec<TokenValidator>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TokenValidator {
    /// `jwks` is the only one there is.
    pub name: String,
    pub options: serde_json::Map<String, serde_json::Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Secrets {
    /// At most one per secret store.
    pub scopes: Vec<SecretsScope>,
}

/// What the app may read from one secret store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SecretsScope {
    pub store_name: String,
    /// `allow` (also when empty) or `deny`, in any case.
    pub default_access: String,
    pub allowed_secrets: Vec<String>,
    pub denied_secrets: Vec<String>,
}

impl SecretsScope {
    /// Whether a secret may be read: a list of allowed ones decides alone, then the denied
    /// ones, then the default.
    pub fn allows(&self, secret: &str) -> bool {
        let lists = |list: &[String]| list.iter().any(|listed| listed == secret);
        if !self.allowed_secrets.is_empty() {
            return lists(&self.allowed_secrets);
        }
        !lists(&self.denied_secrets) && !self.default_access.eq_ignore_ascii_case("deny")
    }
}

/// Which callers may invoke which of this app's methods.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AccessControl {
    /// `allow` or `deny`, when no policy fits.
    pub default_action: String,
    pub trust_domain: String,
    pub policies: Vec<AppPolicy>,
}

impl Default for AccessControl {
    fn default() -> Self {
        Self { default_action: "allow".to_owned(), trust_domain: "public".to_owned(), policies: Vec::new() }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AppPolicy {
    pub app_id: String,
    pub default_action: String,
    pub trust_domain: String,
    pub namespace: String,
    pub operations: Vec<AppOperation>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AppOperation {
    /// A path, with `*` at the end for everything below it.
    pub name: String,
    /// Verbs, or `*`.
    pub http_verb: Vec<String>,
    pub action: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NameResolution {
    /// Empty means the mode's default: `mdns`, or `kubernetes`.
    pub component: String,
    pub version: String,
    /// Whatever the resolver understands.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    pub configuration: serde_json::Value,
}

/// Which of Dapr's APIs the app may use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Api {
    pub allowed: Vec<ApiRule>,
    pub denied: Vec<ApiRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiRule {
    pub name: String,
    pub version: String,
    /// `http` or `grpc`, in any case.
    pub protocol: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Components {
    /// Read by [`crate::component::DenyList`].
    pub deny: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Logging {
    pub api_logging: ApiLogging,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ApiLogging {
    /// The flag `--enable-api-logging` wins when it is given.
    pub enabled: bool,
    /// Log the route's name in place of the URL.
    #[serde(rename = "obfuscateURLs")]
    pub obfuscate_urls: bool,
    pub omit_health_checks: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Wasm {
    pub strict_sandbox: bool,
}

/// In all limits, absent and not above zero mean "no limit"; [`limit`] reads them so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Workflow {
    pub max_concurrent_workflow_invocations: Option<i32>,
    pub max_concurrent_activity_invocations: Option<i32>,
    /// Across all replicas; the scheduler keeps it.
    pub global_max_concurrent_workflow_invocations: Option<i32>,
    /// Across all replicas; the scheduler keeps it.
    pub global_max_concurrent_activity_invocations: Option<i32>,
    pub workflow_concurrency_limits: Vec<NamedLimit>,
    pub activity_concurrency_limits: Vec<NamedLimit>,
    pub state_retention_policy: Option<StateRetention>,
}

/// A limit as a number that is above zero, if it is one.
pub fn limit(written: Option<i32>) -> Option<u32> {
    written.and_then(|limit| u32::try_from(limit).ok()).filter(|limit| *limit > 0)
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct NamedLimit {
    pub name: Option<String>,
    pub max_concurrent: Option<i32>,
}

/// How long a workflow's state is kept once it has ended; a specific end wins over
/// `any_terminal`, absent means for ever, zero at once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct StateRetention {
    pub any_terminal: Option<GoDuration>,
    pub completed: Option<GoDuration>,
    pub failed: Option<GoDuration>,
    pub terminated: Option<GoDuration>,
}

#[cfg(test)]
mod tests;
