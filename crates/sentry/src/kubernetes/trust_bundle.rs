//! Credentials in Kubernetes: the Secret `dapr-trust-bundle`, and the ConfigMap of the same name with its public part.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{ApiError, Client};

/// The name of both.
const NAME: &str = "dapr-trust-bundle";

/// Both objects as they were read; a change is refused when somebody else made one in between.
pub(crate) struct TrustBundle {
    secret: Value,
    config_map: Value,
    secret_path: String,
    config_map_path: String,
}

impl TrustBundle {
    /// Reads both. They have to exist: the chart makes them, empty.
    pub(crate) async fn read(client: &Client, namespace: &str) -> Result<Self, ApiError> {
        let path = |kind: &str| format!("/api/v1/namespaces/{namespace}/{kind}/{NAME}");
        let (secret_path, config_map_path) = (path("secrets"), path("configmaps"));
        let secret = client.get_patiently(&secret_path).await?;
        let config_map = client.get_patiently(&config_map_path).await?;
        Ok(Self { secret, config_map, secret_path, config_map_path })
    }

    /// A value of the Secret; an empty one counts as none.
    pub(crate) fn secret(&self, key: &str) -> Option<Vec<u8>> {
        let encoded = self.secret["data"][key].as_str()?;
        STANDARD.decode(encoded).ok().filter(|value| !value.is_empty())
    }

    /// Sets a value of the Secret.
    pub(crate) fn set_secret(&mut self, key: &str, value: &str) {
        set(&mut self.secret, key, STANDARD.encode(value));
    }

    /// A value of the ConfigMap.
    pub(crate) fn published(&self, key: &str) -> Option<&str> {
        self.config_map["data"][key].as_str()
    }

    /// Sets a value of the ConfigMap.
    pub(crate) fn publish(&mut self, key: &str, value: &str) {
        set(&mut self.config_map, key, value.to_owned());
    }

    /// Writes the Secret.
    pub(crate) async fn write_secret(&self, client: &Client) -> Result<(), ApiError> {
        client.put(&self.secret_path, &self.secret).await.map(drop)
    }

    /// Writes the ConfigMap.
    pub(crate) async fn write_config_map(&self, client: &Client) -> Result<(), ApiError> {
        client.put(&self.config_map_path, &self.config_map).await.map(drop)
    }
}

fn set(object: &mut Value, key: &str, value: String) {
    if !object["data"].is_object() {
        object["data"] = json!({});
    }
    object["data"][key] = Value::String(value);
}
