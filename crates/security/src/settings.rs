//! What a program tells its identity: flags, environment and Configuration as plain values.

use std::path::PathBuf;

use crate::spiffe::{MalformedSpiffeId, SpiffeId};

/// The services of the control plane that have an identity; the app id in their SPIFFE id.
pub const CONTROL_PLANE_SERVICES: [&str; 5] =
    ["dapr-operator", "dapr-placement", "dapr-injector", "dapr-sentry", "dapr-scheduler"];

/// Where the program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// On a machine, `--mode standalone`.
    #[default]
    Standalone,
    /// In a pod, `--mode kubernetes`.
    Kubernetes,
}

/// Where the root certificates come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TrustAnchors {
    /// From nowhere; fine as long as no identity is needed.
    #[default]
    Absent,
    /// As PEM: environment variable `DAPR_TRUST_ANCHORS` of a sidecar. They hold until the program ends.
    Inline(String),
    /// From a PEM file, which may appear late and change: `--trust-anchors-file` of a control plane service.
    File(PathBuf),
}

/// All that identity and mTLS depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `--mode`.
    pub mode: Mode,
    /// Encrypt and authenticate calls between sidecars: `--enable-mtls`, or `spec.mtls.enabled` in Kubernetes.
    pub mtls: bool,
    /// `--app-id`, or the name of a control plane service.
    pub app_id: String,
    /// Environment variable `NAMESPACE`; `default`.
    pub namespace: String,
    /// Environment variable `SENTRY_LOCAL_IDENTITY`: asked for in place of the app id when not empty.
    pub local_identity: String,
    /// See [`TrustAnchors`].
    pub trust_anchors: TrustAnchors,
    /// `--control-plane-trust-domain`, environment variable `DAPR_CONTROLPLANE_TRUST_DOMAIN`; `localhost`.
    pub control_plane_trust_domain: String,
    /// `--control-plane-namespace`, environment variable `DAPR_CONTROLPLANE_NAMESPACE`; `default`.
    pub control_plane_namespace: String,
    /// `--sentry-address`, `host:port`.
    pub sentry_address: String,
    /// Environment variable `DAPR_SENTRY_TOKEN_FILE`; `None` when it is not set, an error later when it is empty.
    pub sentry_token_file: Option<PathBuf>,
    /// `--sentry-request-jwt-audiences`.
    pub jwt_audiences: Vec<String>,
    /// Directory to keep key, certificate, anchors and JWT in for other programs; replaced at each renewal.
    pub identity_directory: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Standalone,
            mtls: false,
            app_id: String::new(),
            namespace: "default".to_owned(),
            local_identity: String::new(),
            trust_anchors: TrustAnchors::Absent,
            control_plane_trust_domain: "localhost".to_owned(),
            control_plane_namespace: "default".to_owned(),
            sentry_address: String::new(),
            sentry_token_file: None,
            jwt_audiences: Vec::new(),
            identity_directory: None,
        }
    }
}

impl Settings {
    /// Whether a certificate is fetched. In Kubernetes it always is, since the control plane asks for one.
    pub fn needs_identity(&self) -> bool {
        self.mtls || self.mode == Mode::Kubernetes
    }

    /// The id to ask Sentry for.
    pub fn requested_id(&self) -> &str {
        if self.local_identity.is_empty() { &self.app_id } else { &self.local_identity }
    }

    /// The trust domain to ask Sentry for: that of the control plane for its own services, else none, so that Sentry
    /// chooses.
    pub fn requested_trust_domain(&self) -> Option<&str> {
        let own =
            CONTROL_PLANE_SERVICES.contains(&self.app_id.as_str()) && self.namespace == self.control_plane_namespace;
        own.then_some(self.control_plane_trust_domain.as_str())
    }

    /// The id of a control plane service, such as `dapr-sentry`.
    ///
    /// # Errors
    /// Trust domain or namespace of the control plane cannot stand in a SPIFFE id.
    pub fn control_plane_id(&self, service: &str) -> Result<SpiffeId, MalformedSpiffeId> {
        SpiffeId::new(&self.control_plane_trust_domain, &self.control_plane_namespace, service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_services_of_the_control_plane_ask_for_its_trust_domain() {
        let mut settings = Settings {
            app_id: "dapr-placement".to_owned(),
            namespace: "dapr-system".to_owned(),
            control_plane_namespace: "dapr-system".to_owned(),
            control_plane_trust_domain: "cluster.local".to_owned(),
            ..Settings::default()
        };
        assert_eq!(settings.requested_trust_domain(), Some("cluster.local"));
        settings.namespace = "other".to_owned();
        assert_eq!(settings.requested_trust_domain(), None);
        settings.namespace = "dapr-system".to_owned();
        settings.app_id = "app".to_owned();
        assert_eq!(settings.requested_trust_domain(), None);
        assert_eq!(settings.requested_id(), "app");
        settings.local_identity = "injected".to_owned();
        assert_eq!(settings.requested_id(), "injected");
        let sentry = settings.control_plane_id("dapr-sentry").unwrap();
        assert_eq!(sentry.as_str(), "spiffe://cluster.local/ns/dapr-system/dapr-sentry");
    }

    #[test]
    fn kubernetes_needs_an_identity_even_without_mtls() {
        let settings = Settings { mode: Mode::Kubernetes, ..Settings::default() };
        assert!(settings.needs_identity());
        assert!(!Settings::default().needs_identity());
        assert!(Settings { mtls: true, ..Settings::default() }.needs_identity());
    }
}
