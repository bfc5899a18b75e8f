//! `spec.metric` and its other spelling `spec.metrics`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Metric {
    /// Absent means on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_error_codes: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpMetric>,
    /// Milliseconds. Absent or empty means the built-in buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_distribution_buckets: Option<Vec<i64>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<MetricRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<WorkflowMetric>,
}

impl Metric {
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    pub fn records_error_codes(&self) -> bool {
        self.record_error_codes.unwrap_or(false)
    }

    /// `None` when it is not said; the meaning then is yes, with a warning that it will change.
    pub fn increased_cardinality(&self) -> Option<bool> {
        self.http.as_ref().and_then(|http| http.increased_cardinality)
    }

    /// Whether HTTP metrics leave the verb out.
    pub fn excludes_verbs(&self) -> bool {
        self.http.as_ref().and_then(|http| http.exclude_verbs).unwrap_or(false)
    }

    /// Takes over every field that `other` sets.
    pub(super) fn overlay(&mut self, other: &Self) {
        let Self { enabled, record_error_codes, http, latency_distribution_buckets, rules, workflow } = other.clone();
        self.enabled = enabled.or(self.enabled);
        self.record_error_codes = record_error_codes.or(self.record_error_codes);
        self.http = http.or_else(|| self.http.take());
        self.latency_distribution_buckets =
            latency_distribution_buckets.or_else(|| self.latency_distribution_buckets.take());
        self.workflow = workflow.or_else(|| self.workflow.take());
        if !rules.is_empty() {
            self.rules = rules;
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpMetric {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub increased_cardinality: Option<bool>,
    /// Path templates such as `/orders/{id}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path_matching: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_verbs: Option<bool>,
}

/// Rewrites of one metric's labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MetricRule {
    pub name: String,
    pub labels: Vec<MetricLabel>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct MetricLabel {
    pub name: String,
    /// What to write, by the expression that a value must match.
    pub regex: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkflowMetric {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub latency_distribution_buckets: Vec<i64>,
    pub latency_distribution_units: String,
}
