//! Kind `WorkflowAccessPolicy`: which apps may run which workflows and activities here.
//! Bounds and globs are checked where the policies are compiled.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ObjectMeta;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkflowAccessPolicy {
    pub metadata: ObjectMeta,
    pub spec: WorkflowAccessPolicySpec,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkflowAccessPolicySpec {
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Rule {
    pub callers: Vec<Caller>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<WorkflowRule>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<ActivityRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Caller {
    #[serde(rename = "appID")]
    pub app_id: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct WorkflowRule {
    /// A glob.
    pub name: String,
    /// Of schedule, terminate, raise, pause, resume, purge, get, rerun.
    pub operations: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Requirement>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ActivityRule {
    /// A glob.
    pub name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Requirement>,
}

/// An event that the caller's history must contain, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Requirement {
    /// Of activity.started, activity.completed, workflow.started, workflow.completed, event.raised.
    pub event_type: String,
    pub name: String,
    #[serde(rename = "appID")]
    pub app_id: String,
}
