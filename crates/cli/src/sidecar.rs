//! What the CLI asks a running sidecar: its metadata, and to remember who started it.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Result, bail};
use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};

use crate::http_client::{Ask, Target};

const LIMIT: Duration = Duration::from_secs(3);

/// The parts of `GET /v1.0/metadata` that the CLI shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) extended: HashMap<String, String>,
    pub(crate) components: Vec<Component>,
    /// Starting, or failed; [`metadata`] adds them to the others.
    pub(crate) components_not_loaded: Vec<Component>,
    pub(crate) subscriptions: Vec<Subscription>,
}

/// A component as its sidecar sees it. `status` and `message` are this implementation's own
/// keys; a sidecar without them lists only what it has loaded.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Component {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) version: String,
    pub(crate) status: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) capabilities: Vec<String>,
}

/// A topic that a sidecar is subscribed to.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Subscription {
    #[serde(rename = "pubsubname")]
    pub(crate) pubsub: String,
    pub(crate) topic: String,
    pub(crate) metadata: Option<HashMap<String, String>>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) dead_letter_topic: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// Where messages of a subscription go, and which; no condition means all.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Rule {
    #[serde(rename = "match")]
    pub(crate) condition: String,
    pub(crate) path: String,
}

/// Reads the metadata of the sidecar behind `target`.
pub(crate) async fn metadata(target: &Target) -> Result<Metadata> {
    let answer = target.send(Ask::get("/v1.0/metadata"), LIMIT).await?;
    if !answer.status.is_success() {
        bail!("the sidecar answered {}", answer.status);
    }
    let mut metadata: Metadata = serde_json::from_slice(&answer.body)?;
    let others = std::mem::take(&mut metadata.components_not_loaded);
    metadata.components.extend(others);
    Ok(metadata)
}

/// Whether the sidecar can be called by its app: every component is ready, or has failed and may.
pub(crate) async fn is_outbound_ready(target: &Target) -> bool {
    answers(target, "/v1.0/healthz/outbound").await
}

/// Whether the sidecar has also found its app.
pub(crate) async fn is_healthy(target: &Target) -> bool {
    answers(target, "/v1.0/healthz").await
}

async fn answers(target: &Target, path: &str) -> bool {
    let ask = Ask::get(path);
    target.send(ask, LIMIT).await.is_ok_and(|answer| answer.status.is_success())
}

/// Stores one extended metadata attribute, which `dapr list` and `dapr stop` read back.
pub(crate) async fn remember(target: &Target, key: &str, value: &str) -> Result<()> {
    let path = format!("/v1.0/metadata/{key}");
    let body = Bytes::copy_from_slice(value.as_bytes());
    let ask = Ask { method: Method::PUT, path: &path, content_type: Some("text/plain"), body, ..Ask::default() };
    let answer = target.send(ask, LIMIT).await?;
    if !answer.status.is_success() {
        bail!("the sidecar answered {}", answer.status);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_of_any_sidecar_is_read() {
        let text = r#"{"id":"a","extended":{"cliPID":"7"},"components":[{"name":"s","type":"state.x","version":"v1"},
            {"name":"p","type":"pubsub.x","version":"v1","status":"failed","message":"no broker"}],"scheduler":null}"#;
        let metadata: Metadata = serde_json::from_str(text).unwrap();
        assert_eq!(metadata.extended["cliPID"], "7");
        assert_eq!(metadata.components[0].status, None);
        assert_eq!(metadata.components[1].message.as_deref(), Some("no broker"));
    }
}
