//! Where certificates come from. The client of Sentry implements this; tests have an authority of their own.

use std::sync::Arc;

use async_trait::async_trait;

/// Signs certificate requests of this program.
#[async_trait]
pub trait CertificateSource: Send + Sync + 'static {
    /// Asks once, with few and short retries inside: the caller comes back later.
    ///
    /// # Errors
    /// The authority was not reached, or refused.
    async fn sign(&self, request: SigningRequest) -> Result<Signed, SourceError>;
}

/// A request for a certificate.
#[derive(Clone, Debug)]
pub struct SigningRequest {
    /// PKCS #10 without subject or names, as PEM: the authority decides who this program is.
    pub request_pem: String,
    /// TLS towards Sentry: trusts the current anchors, expects exactly Sentry's SPIFFE id, shows no certificate.
    pub tls: Arc<rustls::ClientConfig>,
}

/// What the authority answered.
#[derive(Clone, Default)]
pub struct Signed {
    /// The certificate, then those up to the root but without it, as PEM.
    pub certificates_pem: Vec<u8>,
    /// A JWT whose audiences are the trust domain and all requested ones.
    pub jwt: Option<String>,
    /// JWTs of a single audience each.
    pub audience_jwts: Vec<(String, String)>,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct SourceError {
    /// Label of the metrics: `sentry_conn`, `sentry_token`, `sign`, …
    pub reason: &'static str,
    /// Whether nobody answered, so that a start may wait for the authority to come up.
    pub unreachable: bool,
    /// For people.
    pub message: String,
}

/// Learns what happens to the identity; metrics do. Every method does nothing by default.
pub trait Observer: Send + Sync + 'static {
    /// The first certificate is there.
    fn initialized(&self) {}
    /// The first certificate could not be had.
    fn initialization_failed(&self, _reason: &'static str) {}
    /// A certificate was replaced in time.
    fn renewed(&self) {}
    /// A certificate could not be replaced; it is tried again.
    fn renewal_failed(&self, _reason: &'static str) {}
    /// The current certificate ends then, in seconds since 1970.
    fn valid_until(&self, _seconds: i64) {}
}

impl Observer for () {}
