//! What all parts of a running Sentry share, and how it changes when credentials do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use dapr_kit::clock::Clock;
use jiff::Timestamp;

use crate::ca::{Authority, KeyKind, PrivateKey, Workload};
use crate::credentials::{Credentials, LoadError, Store};
use crate::jwt::{TokenKey, TokenSettings};
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::tls::Shown;
use crate::validator::Validators;

/// From here on the log reminds of certificates that expire.
const REMIND: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What Sentry signs with. Replaced as a whole.
pub(crate) struct State {
    /// Whether the certificate authority was made when Sentry started.
    pub(crate) generated: bool,
    pub(crate) authority: Authority,
    pub(crate) token_key: Option<TokenKey>,
}

pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) state: ArcSwap<State>,
    pub(crate) tokens: Option<TokenSettings>,
    pub(crate) validators: Validators,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Clock,
    pub(crate) cluster_domain: String,
    /// Sentry's own certificate.
    pub(crate) shown: Arc<Shown>,
    pub(crate) renew_at: Mutex<Timestamp>,
    pub(crate) store: Store,
    pub(crate) ttl: Duration,
    pub(crate) skew: Duration,
}

/// Why Sentry has no certificate of its own.
#[derive(Debug, thiserror::Error)]
pub enum OwnCertificateError {
    /// It could not be signed.
    #[error("failed to issue the server certificate: {0}")]
    Issue(#[from] crate::ca::KeyError),
    /// It could not be shown.
    #[error("failed to use the server certificate: {0}")]
    Tls(#[from] rustls::Error),
}

/// Issues Sentry's own certificate, and tells when it is to be renewed: after half of its life.
pub(crate) fn own_certificate(
    authority: &Authority,
    settings: &Settings,
) -> Result<(Shown, Timestamp), OwnCertificateError> {
    let key = PrivateKey::generate(KeyKind::Ed25519)?;
    let workload = Workload { id: &settings.id, public_key_info: key.public_key_info(), dns: &[], images: None };
    let issued = authority.sign(&workload)?;
    let half = issued.not_after.duration_since(issued.not_before) / 2;
    let renew_at = issued.not_before.checked_add(half).unwrap_or(issued.not_after);
    Ok((Shown::new(issued.chain, key.pkcs8())?, renew_at))
}

impl Core {
    /// Reads the credentials again. They are used if they are good; otherwise those in memory stay, and the log tells.
    /// Nothing is generated: credentials that vanish from a running Sentry are an accident.
    pub(crate) async fn reload(&self) {
        tracing::warn!(target: "dapr.sentry", "Issuer credentials changed; reloading");
        self.metrics.changed();
        let now = self.clock.now();
        match self.store.open(&self.settings, self.tokens.as_ref(), self.skew, now, false).await {
            Ok(credentials) => self.adopt(credentials),
            Err(error) => self.keep(&error),
        }
    }

    fn keep(&self, error: &LoadError) {
        tracing::error!(
            target: "dapr.sentry",
            "The changed credentials cannot be used, so those in memory stay in use until this is repaired: {error}"
        );
    }

    fn adopt(&self, credentials: Credentials) {
        let old = self.state.load_full();
        let now = self.clock.now();
        for anchor in &old.authority.bundle.anchors {
            let kept = credentials.bundle.anchors.iter().any(|other| other.der == anchor.der);
            if !kept && now <= anchor.not_after {
                tracing::warn!(
                    target: "dapr.sentry.ca",
                    "The root {:?} is not among the trust anchors any more: workloads with certificates below it are \
                     refused from now on; to change roots without that, keep the old root in the file of the anchors \
                     until all have renewed",
                    anchor.name
                );
            }
        }
        let authority = Authority::new(credentials.bundle, self.ttl, self.skew, self.clock.clone());
        self.metrics.expires(authority.bundle.chain[0].not_after);
        self.state.store(Arc::new(State { generated: false, authority, token_key: credentials.token_key }));
        self.renew();
        self.remind();
    }

    /// Issues a new certificate for Sentry itself.
    pub(crate) fn renew(&self) {
        match own_certificate(&self.state.load().authority, &self.settings) {
            Ok((shown, renew_at)) => {
                self.shown.replace(&shown);
                *self.renew_at.lock().unwrap_or_else(PoisonError::into_inner) = renew_at;
            }
            Err(error) => {
                self.metrics.server_certificate_failed();
                tracing::error!(target: "dapr.sentry", "{error}");
            }
        }
    }

    /// Renews Sentry's own certificate when it is time.
    pub(crate) fn renew_if_due(&self) {
        let due = *self.renew_at.lock().unwrap_or_else(PoisonError::into_inner);
        if self.clock.now() >= due {
            tracing::debug!(target: "dapr.sentry", "Renewing the certificate of Sentry itself");
            self.renew();
        }
    }

    /// Warns when root or issuer expire soon.
    pub(crate) fn remind(&self) {
        let bundle = self.state.load().authority.bundle.clone();
        let left = bundle.not_after().duration_since(self.clock.now());
        if left < jiff::SignedDuration::try_from(REMIND).unwrap_or_default() {
            tracing::warn!(
                target: "dapr.sentry.ca",
                "Root or issuer certificate expires in {} hours, at {}: nothing can be issued after that; \
                 see `dapr mtls renew-certificate`",
                left.as_hours().max(0),
                bundle.not_after()
            );
        }
    }
}
