//! Trust anchors, issuer certificate and issuer key, checked as a whole.

use std::time::Duration;

use dapr_security::SpiffeId;
use jiff::Timestamp;

use super::certificate::{self, Certificate, NotACertificate, Signer, Use, Validity};
use super::chain;
use super::key::{KeyError, KeyKind, PrivateKey};
use super::pem::{self, PemError};

#[cfg(test)]
mod tests;

/// How long root and issuer certificates are valid that Sentry makes itself: 365 days.
pub const LIFE_OF_A_CA: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What a certificate authority needs to sign workloads.
#[derive(Debug)]
pub struct Bundle {
    /// Self-signed certificates; more than one while an old root is phased out.
    pub anchors: Vec<Certificate>,
    /// The issuer's certificate, then those between it and an anchor; never an anchor itself.
    pub chain: Vec<Certificate>,
    /// The issuer's key.
    pub key: PrivateKey,
}

/// Why credentials cannot be used. The texts name what is wrong; callers add where it came from.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The anchors are no PEM certificates.
    #[error("failed to decode trust anchors: {0}")]
    Anchors(String),
    /// The issuer's chain is no PEM certificates.
    #[error("failed to decode issuer certificate: {0}")]
    Chain(String),
    /// An anchor was issued by something else.
    #[error("certificate in trust anchor is not self-signed: {0:?}: only root certificates belong there")]
    NotSelfSigned(String),
    /// The issuer may not issue.
    #[error("intermediate certificate is not valid for signing: {0:?} is not marked as a certificate authority")]
    NotAnIssuer(String),
    /// The issuer's key cannot be used.
    #[error("failed to decode issuer key: {0}")]
    Key(#[source] KeyError),
    /// Key and certificate are of different pairs.
    #[error("issuer key does not match issuer certificate")]
    KeyMismatch,
    /// No anchor stands at the end of the issuer's chain.
    #[error("issuer chain does not belong to trust anchors: {0}")]
    Untrusted(String),
    /// The certificates could not be made.
    #[error("failed to generate a certificate authority: {0}")]
    Generate(#[source] KeyError),
    /// The trust domain or the namespace cannot stand in a SPIFFE id.
    #[error(transparent)]
    Identity(#[from] dapr_security::spiffe::MalformedSpiffeId),
}

impl Bundle {
    /// Reads and checks three PEM texts: anchors, issuer chain, issuer key.
    ///
    /// # Errors
    /// The first of the checks that fails.
    pub fn read(anchors: &[u8], chain: &[u8], key: &[u8], now: Timestamp) -> Result<Self, BundleError> {
        let anchors = read_all(anchors).map_err(BundleError::Anchors)?;
        for anchor in &anchors {
            if chain::is_signed_by(anchor, anchor).is_err() {
                return Err(BundleError::NotSelfSigned(anchor.name.clone()));
            }
        }
        let mut chain = read_all(chain).map_err(BundleError::Chain)?;
        // Workloads get the chain, and the root separately.
        if chain.len() > 1 && chain.last().is_some_and(|last| chain::is_signed_by(last, last).is_ok()) {
            chain.pop();
        }
        if !(chain[0].is_ca && chain[0].may_sign) {
            return Err(BundleError::NotAnIssuer(chain[0].name.clone()));
        }
        let key = PrivateKey::from_pem(key).map_err(BundleError::Key)?;
        if key.public_key_info() != chain[0].public_key_info && !same_key(&key, &chain[0]) {
            return Err(BundleError::KeyMismatch);
        }
        chain::reaches_an_anchor(&chain, &anchors, now).map_err(BundleError::Untrusted)?;
        Ok(Self { anchors, chain, key })
    }

    /// The anchors without comments, PEM encoded. Those that have expired are left out, since nothing can be proven by
    /// them any more.
    pub fn anchors_pem(&self, now: Timestamp) -> String {
        self.anchors.iter().filter(|anchor| now <= anchor.not_after).map(Certificate::to_pem).collect()
    }

    /// The issuer's chain without comments, PEM encoded.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(Certificate::to_pem).collect()
    }

    /// Adds anchors that workloads still rely on: those of `old` that are not here yet and have not expired.
    pub fn keep_anchors(&mut self, old: &[Certificate], now: Timestamp) {
        for anchor in old {
            if now <= anchor.not_after && !self.anchors.iter().any(|own| own.der == anchor.der) {
                self.anchors.push(anchor.clone());
            }
        }
    }

    /// When the first certificate expires that issuing depends on: of the chain, or the last of the anchors.
    pub fn not_after(&self) -> Timestamp {
        let anchors = self.anchors.iter().map(|anchor| anchor.not_after).max();
        self.chain.iter().map(|link| link.not_after).chain(anchors).min().unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Sentry's own id.
///
/// # Errors
/// The trust domain or the namespace cannot stand in an id.
pub fn sentry_id(trust_domain: &str, namespace: &str) -> Result<SpiffeId, dapr_security::spiffe::MalformedSpiffeId> {
    SpiffeId::new(trust_domain, namespace, "dapr-sentry")
}

/// Makes a root and an issuer under it, valid for `life` from now and for `skew` before it. The root's key is a new
/// Ed25519 key that is forgotten, unless `root_key` is given; the issuer's key is Ed25519.
///
/// # Errors
/// `id`'s parts cannot be written, or the library of cryptography failed.
pub fn generate(
    id: &SpiffeId,
    life: Duration,
    skew: Duration,
    now: Timestamp,
    root_key: Option<PrivateKey>,
) -> Result<Bundle, BundleError> {
    let validity = validity(now, life, skew);
    let root_key = match root_key {
        Some(key) => key,
        None => PrivateKey::generate(KeyKind::Ed25519).map_err(BundleError::Generate)?,
    };
    let root_name = certificate::organization(id.trust_domain());
    let root_id = certificate::key_id(&root_key);
    let root = Signer { name: &root_name, key: &root_key, key_id: Some(&root_id) };
    let issue = |subject: &[u8], key: &PrivateKey, usage: Use<'_>| {
        let key_id = certificate::key_id(key);
        certificate::issue(&root, subject, Some(&key_id), key.public_key_info(), validity, &usage)
            .map_err(BundleError::Generate)
    };
    let anchor = issue(&root_name, &root_key, Use::Root)?;
    let key = PrivateKey::generate(KeyKind::Ed25519).map_err(BundleError::Generate)?;
    let issuer = issue(&certificate::organization(id.as_str()), &key, Use::Issuer)?;
    let read =
        |der: &[u8]| Certificate::from_der(der).map_err(|error: NotACertificate| BundleError::Chain(error.to_string()));
    Ok(Bundle { anchors: vec![read(&anchor)?], chain: vec![read(&issuer)?], key })
}

/// From `skew` before now, for clocks that are behind, to `life` after it.
pub fn validity(now: Timestamp, life: Duration, skew: Duration) -> Validity {
    Validity {
        not_before: now.checked_sub(skew).unwrap_or(Timestamp::UNIX_EPOCH),
        not_after: now.checked_add(life).unwrap_or(Timestamp::MAX),
    }
}

fn read_all(text: &[u8]) -> Result<Vec<Certificate>, String> {
    let ders = pem::certificates(text).map_err(|error: PemError| error.to_string())?;
    if ders.is_empty() {
        return Err("no PEM block CERTIFICATE found".into());
    }
    ders.iter().map(|der| Certificate::from_der(der).map_err(|error| error.to_string())).collect()
}

/// Compares the key bits: two tools may wrap the same key differently, for instance RSA without its NULL parameter.
fn same_key(key: &PrivateKey, certificate: &Certificate) -> bool {
    use x509_parser::prelude::FromDer as _;
    let info = x509_parser::x509::SubjectPublicKeyInfo::from_der(&certificate.public_key_info);
    info.is_ok_and(|(_, info)| *info.subject_public_key.data == *key.public_key())
}
