//! Signs workloads with a bundle. It checks nothing: whoever asks has been checked before.

use std::sync::Arc;
use std::time::Duration;

use dapr_kit::clock::Clock;
use dapr_security::SpiffeId;
use jiff::Timestamp;

use super::bundle::{self, Bundle};
use super::certificate::{self, Signer, Use};
use super::key::KeyError;
use super::pem;

/// How long workload certificates live when nothing else is configured.
pub const DEFAULT_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// How far clocks may differ when nothing else is configured.
pub const DEFAULT_SKEW: Duration = Duration::from_secs(15 * 60);

/// What a certificate shall say.
#[derive(Debug)]
pub struct Workload<'a> {
    /// Who it is for.
    pub id: &'a SpiffeId,
    /// Their key: a DER encoded SubjectPublicKeyInfo.
    pub public_key_info: &'a [u8],
    /// Further names.
    pub dns: &'a [String],
    /// JSON for the extension of container images.
    pub images: Option<&'a str>,
}

/// A certificate that was issued.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate and the issuer's chain, DER encoded.
    pub chain: Vec<Vec<u8>>,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
}

impl Issued {
    /// The chain as PEM blocks.
    pub fn to_pem(&self) -> String {
        self.chain.iter().map(|der| pem::encode("CERTIFICATE", der)).collect()
    }
}

/// A bundle with the rules by which it signs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Authority {
    /// What it signs with.
    pub bundle: Arc<Bundle>,
    ttl: Duration,
    skew: Duration,
    clock: Clock,
}

impl Authority {
    /// Signs for `ttl`, and `skew` into the past.
    pub fn new(bundle: Bundle, ttl: Duration, skew: Duration, clock: Clock) -> Self {
        Self { bundle: Arc::new(bundle), ttl, skew, clock }
    }

    /// Issues a certificate. It never outlives its issuer: `not_after` says until when it can be used.
    ///
    /// # Errors
    /// The library of cryptography failed.
    pub fn sign(&self, workload: &Workload<'_>) -> Result<Issued, KeyError> {
        let issuer = &self.bundle.chain[0];
        let mut validity = bundle::validity(self.clock.now(), self.ttl, self.skew);
        validity.not_after = validity.not_after.min(self.bundle.not_after());
        let signer = Signer { name: &issuer.subject, key: &self.bundle.key, key_id: issuer.subject_key_id.as_deref() };
        let usage = Use::Workload { uri: workload.id.as_str(), dns: workload.dns, images: workload.images };
        let leaf =
            certificate::issue(&signer, &certificate::no_name(), None, workload.public_key_info, validity, &usage)?;
        let chain = [leaf].into_iter().chain(self.bundle.chain.iter().map(|link| link.der.clone())).collect();
        Ok(Issued { chain, not_before: validity.not_before, not_after: validity.not_after })
    }

    /// The anchors of this moment, PEM encoded.
    pub fn trust_anchors(&self) -> String {
        self.bundle.anchors_pem(self.clock.now())
    }
}
