//! What all kinds have in common, and the table of kinds.

use crate::{
    Component, Configuration, HttpEndpoint, McpServer, NameValuePair, ObjectMeta, Resiliency, Subscription,
    WorkflowAccessPolicy,
};

/// The kinds of group `dapr.io`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Component,
    Configuration,
    HttpEndpoint,
    McpServer,
    Resiliency,
    Subscription,
    WorkflowAccessPolicy,
}

impl Kind {
    /// Every kind, by name.
    pub const ALL: [Self; 7] = [
        Self::Component,
        Self::Configuration,
        Self::HttpEndpoint,
        Self::McpServer,
        Self::Resiliency,
        Self::Subscription,
        Self::WorkflowAccessPolicy,
    ];

    /// The text of `kind`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Component => "Component",
            Self::Configuration => "Configuration",
            Self::HttpEndpoint => "HTTPEndpoint",
            Self::McpServer => "MCPServer",
            Self::Resiliency => "Resiliency",
            Self::Subscription => "Subscription",
            Self::WorkflowAccessPolicy => "WorkflowAccessPolicy",
        }
    }

    /// The kind with exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The values of `apiVersion` that are read; the first is the one to write.
    pub fn api_versions(self) -> &'static [&'static str] {
        match self {
            Self::Subscription => &["dapr.io/v2alpha1", "dapr.io/v1alpha1"],
            _ => &["dapr.io/v1alpha1"],
        }
    }
}

/// A resource of any kind. Equality (`PartialEq`) of every kind ignores all metadata save the
/// name, and where things are written: it answers "must this be reloaded?".
pub trait Resource: Clone + PartialEq {
    const KIND: Kind;

    fn metadata(&self) -> &ObjectMeta;

    /// Apps that may see it; empty means all.
    fn scopes(&self) -> &[String] {
        &[]
    }

    /// Name and the most telling fact, as logs and messages show it.
    fn log_name(&self) -> String {
        self.metadata().name.clone()
    }

    /// The items that may refer to secrets or environment variables.
    fn pairs(&self) -> &[NameValuePair] {
        &[]
    }

    /// The same items, to fill in what the references stand for.
    fn pairs_mut(&mut self) -> &mut [NameValuePair] {
        &mut []
    }

    /// `auth.secretStore` as written; empty means the mode's default.
    fn secret_store(&self) -> &str {
        ""
    }

    /// Whether an app may see it.
    fn in_scope(&self, app_id: &str) -> bool {
        self.scopes().is_empty() || self.scopes().iter().any(|scope| scope == app_id)
    }

    /// Whether it belongs to a namespace. No namespace on either side means yes.
    fn in_namespace(&self, namespace: Option<&str>) -> bool {
        let own = self.metadata().namespace.as_str();
        namespace.is_none_or(|namespace| namespace.is_empty() || own.is_empty() || own == namespace)
    }
}

impl Resource for Component {
    const KIND: Kind = Kind::Component;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn scopes(&self) -> &[String] {
        &self.scopes
    }

    fn log_name(&self) -> String {
        let Self { metadata, spec, .. } = self;
        match spec.version.as_str() {
            "" => format!("{} ({})", metadata.name, spec.component_type),
            version => format!("{} ({}/{version})", metadata.name, spec.component_type),
        }
    }

    fn pairs(&self) -> &[NameValuePair] {
        &self.spec.metadata
    }

    fn pairs_mut(&mut self) -> &mut [NameValuePair] {
        &mut self.spec.metadata
    }

    fn secret_store(&self) -> &str {
        &self.auth.secret_store
    }
}

impl Resource for Configuration {
    const KIND: Kind = Kind::Configuration;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }
}

impl Resource for HttpEndpoint {
    const KIND: Kind = Kind::HttpEndpoint;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn scopes(&self) -> &[String] {
        &self.scopes
    }

    fn log_name(&self) -> String {
        format!("{} ({})", self.metadata.name, self.spec.base_url)
    }

    fn pairs(&self) -> &[NameValuePair] {
        &self.spec.headers
    }

    fn pairs_mut(&mut self) -> &mut [NameValuePair] {
        &mut self.spec.headers
    }

    fn secret_store(&self) -> &str {
        &self.auth.secret_store
    }
}

impl Resource for McpServer {
    const KIND: Kind = Kind::McpServer;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn scopes(&self) -> &[String] {
        &self.scopes
    }

    fn log_name(&self) -> String {
        match self.http_transport() {
            Some(transport) => format!("{} ({})", self.metadata.name, transport.url),
            None => self.metadata.name.clone(),
        }
    }

    fn pairs(&self) -> &[NameValuePair] {
        self.http_transport().map_or(&[], |transport| &transport.headers)
    }

    fn pairs_mut(&mut self) -> &mut [NameValuePair] {
        self.http_transport_mut().map_or(&mut [], |transport| &mut transport.headers)
    }

    fn secret_store(&self) -> &str {
        self.http_transport().and_then(|t| t.auth.as_ref()).and_then(|a| a.secret_store.as_deref()).unwrap_or_default()
    }
}

impl Resource for Resiliency {
    const KIND: Kind = Kind::Resiliency;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

impl Resource for Subscription {
    const KIND: Kind = Kind::Subscription;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

impl Resource for WorkflowAccessPolicy {
    const KIND: Kind = Kind::WorkflowAccessPolicy;

    fn metadata(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn scopes(&self) -> &[String] {
        &self.scopes
    }
}

/// Whether a name can be one segment of a URL path, which Kubernetes asks of every name.
pub fn is_valid_name(name: &str) -> bool {
    !matches!(name, "." | "..") && !name.contains(['/', '%'])
}
