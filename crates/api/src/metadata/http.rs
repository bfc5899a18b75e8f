//! `/v1.0/metadata`.
//!
//! Every field that the incumbent writes; two of our own in each component, `status` and `message`; and
//! `componentsNotLoaded`, those that are starting or have failed: `components` has only what can be called, as tools
//! expect that wait for a component to appear there.

use dapr_errors::Result;
use dapr_pubsub::Subscription;
use dapr_resources::subscription::Rule;
use serde_json::{Map, Value, json};

use super::{AppConnection, ComponentStatus, NO_PLACEMENT};
use crate::Api;
use crate::http::{Call, Response, response};

/// `GET /metadata`
pub(crate) async fn get(api: &Api, _: Call) -> Result<Response> {
    let facts = api.metadata.facts();
    let mut body = Map::new();
    body.insert("id".into(), facts.app_id.as_str().into());
    body.insert("runtimeVersion".into(), facts.version.as_str().into());
    put(&mut body, "enabledFeatures", json!(facts.enabled_features));
    let (loaded, others): (Vec<_>, Vec<_>) =
        api.metadata.components().into_iter().partition(ComponentStatus::is_loaded);
    put(&mut body, "components", loaded.iter().map(component).collect());
    put(&mut body, "componentsNotLoaded", others.iter().map(component).collect());
    body.insert("extended".into(), json!(api.metadata.extended()));
    put(&mut body, "subscriptions", api.subscriptions.list().iter().map(|one| subscription(one)).collect());
    put(&mut body, "httpEndpoints", named(&api.metadata.http_endpoints()));
    put(&mut body, "appConnectionProperties", app(&facts.app));
    body.insert(
        "actorRuntime".into(),
        json!({ "runtimeStatus": "DISABLED", "hostReady": false, "placement": NO_PLACEMENT }),
    );
    put(&mut body, "resiliencies", named(&api.metadata.resiliencies()));
    Ok(response::json(Value::Object(body).to_string()))
}

/// `PUT /metadata/{key}`, the value being the body.
pub(crate) async fn put_value(api: &Api, mut call: Call) -> Result<Response> {
    let key = call.params.take("key");
    let body = call.body().await?;
    api.metadata.set_extended(key, String::from_utf8_lossy(&body).into_owned())?;
    Ok(response::empty())
}

/// Adds a field unless it is empty.
fn put(body: &mut Map<String, Value>, name: &str, value: Value) {
    let is_empty = match &value {
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        other => other.is_null(),
    };
    if !is_empty {
        body.insert(name.to_owned(), value);
    }
}

fn named(names: &[String]) -> Value {
    names.iter().map(|name| json!({ "name": name })).collect()
}

fn component(status: &ComponentStatus) -> Value {
    let mut fields = Map::new();
    fields.insert("name".into(), status.name.as_str().into());
    fields.insert("type".into(), status.kind.as_str().into());
    put_text(&mut fields, "version", &status.version);
    put(&mut fields, "capabilities", json!(status.capabilities));
    fields.insert("status".into(), status.status.into());
    put_text(&mut fields, "message", &status.message);
    Value::Object(fields)
}

fn subscription(subscription: &Subscription) -> Value {
    let mut fields = Map::new();
    fields.insert("pubsubname".into(), subscription.spec.pubsubname.as_str().into());
    fields.insert("topic".into(), subscription.spec.topic.as_str().into());
    put(&mut fields, "metadata", json!(subscription.spec.metadata));
    let rule = |rule: Rule| {
        let mut fields = Map::new();
        put_text(&mut fields, "match", &rule.condition);
        put_text(&mut fields, "path", &rule.path);
        Value::Object(fields)
    };
    put(&mut fields, "rules", subscription.rules().map(rule).collect());
    fields.insert("deadLetterTopic".into(), subscription.spec.dead_letter_topic.as_str().into());
    fields.insert("type".into(), subscription.source.name().into());
    Value::Object(fields)
}

fn put_text(fields: &mut Map<String, Value>, name: &str, text: &str) {
    if !text.is_empty() {
        fields.insert(name.to_owned(), text.into());
    }
}

fn app(app: &AppConnection) -> Value {
    let mut fields = Map::new();
    if app.port != 0 {
        fields.insert("port".into(), app.port.into());
    }
    put_text(&mut fields, "protocol", &app.protocol);
    put_text(&mut fields, "channelAddress", &app.channel_address);
    if app.max_concurrency != 0 {
        fields.insert("maxConcurrency".into(), app.max_concurrency.into());
    }
    if let Some(health) = &app.health {
        let mut probes = Map::new();
        put_text(&mut probes, "healthCheckPath", &health.path);
        put_text(&mut probes, "healthProbeInterval", &health.interval);
        put_text(&mut probes, "healthProbeTimeout", &health.timeout);
        probes.insert("healthThreshold".into(), health.threshold.into());
        fields.insert("health".into(), probes.into());
    }
    Value::Object(fields)
}
