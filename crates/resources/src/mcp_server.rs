//! Kind `MCPServer`: a Model Context Protocol server whose tools run as workflows.
//! What a valid endpoint is, is checked where it is used.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{GoDuration, NameValuePair, ObjectMeta, SecretKeyRef};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct McpServer {
    pub metadata: ObjectMeta,
    pub spec: McpServerSpec,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct McpServerSpec {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Catalog>,
    pub endpoint: Endpoint,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middleware: Option<Middleware>,
    pub ignore_errors: bool,
}

/// Exactly one of the three is set in a valid resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Endpoint {
    #[serde(rename = "streamableHTTP", skip_serializing_if = "Option::is_none")]
    pub streamable_http: Option<HttpTransport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sse: Option<HttpTransport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdio: Option<Stdio>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HttpTransport {
    pub url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<GoDuration>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<NameValuePair>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<McpAuth>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Stdio {
    pub command: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<NameValuePair>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct McpAuth {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_store: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<OAuth2>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spiffe: Option<Spiffe>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct OAuth2 {
    pub issuer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    #[serde(rename = "clientID", skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_key_ref: Option<SecretKeyRef>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Spiffe {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt: Option<SpiffeJwt>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SpiffeJwt {
    pub header: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_value_prefix: Option<String>,
    pub audience: String,
}

/// Hooks run in order around each operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Middleware {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before_call_tool: Vec<Hook>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after_call_tool: Vec<Hook>,
    /// `mutate` has no effect here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub before_list_tools: Vec<Hook>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after_list_tools: Vec<Hook>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Hook {
    pub workflow: HookWorkflow,
    /// Whether the hook's result replaces what passes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutate: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct HookWorkflow {
    pub workflow_name: String,
    #[serde(rename = "appID", skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
}

/// For people; the runtime does not use it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Catalog {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Owner {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

impl McpServer {
    /// The HTTP transport, of either flavour.
    pub fn http_transport(&self) -> Option<&HttpTransport> {
        self.spec.endpoint.streamable_http.as_ref().or(self.spec.endpoint.sse.as_ref())
    }

    /// The HTTP transport, to fill in its headers.
    pub fn http_transport_mut(&mut self) -> Option<&mut HttpTransport> {
        self.spec.endpoint.streamable_http.as_mut().or(self.spec.endpoint.sse.as_mut())
    }
}
