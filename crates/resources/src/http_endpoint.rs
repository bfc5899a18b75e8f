//! Kind `HTTPEndpoint`: an HTTP service outside the mesh that is invoked by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Auth, NameValuePair, ObjectMeta, SecretKeyRef, Value};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpEndpoint {
    pub metadata: ObjectMeta,
    pub spec: HttpEndpointSpec,
    pub auth: Auth,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpEndpointSpec {
    pub base_url: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<NameValuePair>,
    #[serde(rename = "clientTLS", skip_serializing_if = "Option::is_none")]
    pub client_tls: Option<Tls>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Tls {
    #[serde(rename = "rootCA", skip_serializing_if = "Option::is_none")]
    pub root_ca: Option<TlsDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<TlsDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<TlsDocument>,
    /// `Never` (also when absent), `OnceAsClient` or `FreelyAsClient`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renegotiation: Option<String>,
}

/// A PEM text, in place or in a secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct TlsDocument {
    #[serde(skip_serializing_if = "Value::is_absent")]
    pub value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeyRef>,
}
