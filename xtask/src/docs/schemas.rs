//! `docs/schemas`: a JSON schema for each kind of resource, for editors that complete YAML.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use dapr_resources::{
    Component, Configuration, HttpEndpoint, Kind, McpServer, Resiliency, Subscription, WorkflowAccessPolicy,
};
use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

/// The schemas, by the lower-case name of the kind.
pub(super) fn render() -> Result<BTreeMap<String, String>> {
    Kind::ALL.into_iter().map(|kind| Ok((kind.name().to_lowercase(), render_kind(kind)?))).collect()
}

fn render_kind(kind: Kind) -> Result<String> {
    let schema = match kind {
        Kind::Component => of::<Component>(),
        Kind::Configuration => of::<Configuration>(),
        Kind::HttpEndpoint => of::<HttpEndpoint>(),
        Kind::McpServer => of::<McpServer>(),
        Kind::Resiliency => of::<Resiliency>(),
        Kind::Subscription => of::<Subscription>(),
        Kind::WorkflowAccessPolicy => of::<WorkflowAccessPolicy>(),
    };
    let schema = with_head(kind, schema).with_context(|| format!("schema of {}", kind.name()))?;
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}

fn of<T: JsonSchema>() -> Value {
    schema_for!(T).to_value()
}

/// Adds what the loader reads before it knows the type.
fn with_head(kind: Kind, mut schema: Value) -> Result<Value> {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut).context("no properties")?;
    // The newest version only: older ones have another shape.
    properties.insert("apiVersion".into(), json!({ "const": kind.api_versions()[0] }));
    properties.insert("kind".into(), json!({ "const": kind.name() }));
    schema["required"] = json!(["apiVersion", "kind", "metadata"]);
    Ok(schema)
}
