//! Who this sidecar is: its certificate from Sentry, and TLS between sidecars.

use std::path::PathBuf;
use std::sync::Arc;

use dapr_control_plane::{MtlsObserver, sentry};
use dapr_invocation::Securing;
use dapr_kit::clock::Clock;
use dapr_net::Tls;
use dapr_security::{PeerMatch, SKIP_VARIABLE, Security, Settings, TrustAnchors, server_name};
use dapr_telemetry::metrics::Metrics;

use super::StartError;
use crate::{Config, Mode};

/// The identity during the start. In Kubernetes it is needed before there are metrics, which then count what was before.
#[derive(Default)]
pub(super) struct Starting {
    observer: Arc<MtlsObserver>,
    security: Option<Security>,
}

impl Starting {
    /// Fetches the first certificate where one is needed, and keeps it fresh; the same from the second call on.
    ///
    /// # Errors
    /// The settings do not fit together, root is refused, or Sentry refused.
    pub(super) async fn security(&mut self, config: &Config) -> Result<Security, StartError> {
        if let Some(security) = &self.security {
            return Ok(security.clone());
        }
        let settings = settings(config);
        let skip = config.environment.text(SKIP_VARIABLE) == "true";
        dapr_security::check_user(settings.mode, skip).map_err(StartError::new)?;
        let source = Arc::new(sentry::Client::new(&settings));
        let started = Security::start(settings, source, self.observer.clone(), Clock::default()).await;
        let security = started.map_err(StartError::new)?;
        Ok(self.security.insert(security).clone())
    }

    /// Where events are counted.
    pub(super) fn count_into(&self, metrics: &Metrics) {
        self.observer.count_into(metrics);
    }
}

fn settings(config: &Config) -> Settings {
    let environment = &config.environment;
    let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
    let anchors = environment.text("DAPR_TRUST_ANCHORS");
    Settings {
        mode: match config.mode {
            Mode::Standalone => dapr_security::Mode::Standalone,
            Mode::Kubernetes => dapr_security::Mode::Kubernetes,
        },
        mtls: config.identity.mtls,
        app_id: config.app_id.clone(),
        namespace: or(&config.namespace, "default"),
        local_identity: environment.text("SENTRY_LOCAL_IDENTITY").to_owned(),
        trust_anchors: match anchors {
            "" => TrustAnchors::Absent,
            pem => TrustAnchors::Inline(pem.to_owned()),
        },
        control_plane_trust_domain: config.identity.control_plane_trust_domain.clone(),
        control_plane_namespace: config.identity.control_plane_namespace.clone(),
        sentry_address: config.identity.sentry_address.clone(),
        sentry_token_file: environment.get("DAPR_SENTRY_TOKEN_FILE").map(PathBuf::from),
        jwt_audiences: config.identity.jwt_audiences.clone(),
        identity_directory: None,
    }
}

/// How connections to the sidecars of an app are secured: each must prove to be of that app.
pub(super) fn securing(security: &Security) -> Securing {
    let security = security.clone();
    Arc::new(move |query| {
        let namespace = if query.namespace.is_empty() { "default" } else { &query.namespace };
        let peer = PeerMatch::App { namespace: namespace.to_owned(), app_id: query.app_id.clone() };
        let config = security.client_config(peer).map_err(|error| format!("no TLS for {}: {error}", query.app_id))?;
        Ok(config.map(|config| Tls { config, server_name: server_name() }))
    })
}
