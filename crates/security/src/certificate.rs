//! Reading certificates and checking chains of them against the trusted roots.

use rustls::CertificateError;
use rustls::OtherError;
use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};
use std::sync::Arc;
use webpki::{EndEntityCert, KeyUsage};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::spiffe::{MalformedSpiffeId, SpiffeId};

/// What counts of the certificate of a workload (an X.509 SVID).
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) id: SpiffeId,
    /// Milliseconds since 1970, as all times of this crate.
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
}

/// Why a certificate is no X.509 SVID of Dapr (X509-SVID specification, section 4 and 5.2).
#[derive(Debug, thiserror::Error)]
pub enum NotAnSvid {
    /// It is not DER of X.509.
    #[error("the certificate cannot be read: {0}")]
    Malformed(String),
    /// It may sign other certificates.
    #[error("the certificate is that of an authority, not of a workload")]
    Authority,
    /// A SPIFFE certificate has exactly one URI.
    #[error("certificate contains {0} URI SANs, expected one")]
    UriCount(usize),
    /// Its URI is no id of a Dapr workload.
    #[error(transparent)]
    Id(#[from] MalformedSpiffeId),
}

impl Leaf {
    pub(crate) fn read(certificate: &CertificateDer<'_>) -> Result<Self, NotAnSvid> {
        let malformed = |error: x509_parser::error::X509Error| NotAnSvid::Malformed(error.to_string());
        let (rest, read) =
            X509Certificate::from_der(certificate).map_err(|error| NotAnSvid::Malformed(error.to_string()))?;
        if !rest.is_empty() {
            return Err(NotAnSvid::Malformed("bytes follow it".to_owned()));
        }
        let usage = read.key_usage().map_err(malformed)?;
        let signs = usage.is_some_and(|usage| usage.value.key_cert_sign() || usage.value.crl_sign());
        if read.is_ca() || signs {
            return Err(NotAnSvid::Authority);
        }
        let names = read.subject_alternative_name().map_err(malformed)?;
        let uris: Vec<&str> = names
            .iter()
            .flat_map(|names| &names.value.general_names)
            .filter_map(|name| if let GeneralName::URI(uri) = name { Some(*uri) } else { None })
            .collect();
        let [uri] = uris.as_slice() else { return Err(NotAnSvid::UriCount(uris.len())) };
        Ok(Self {
            id: uri.parse()?,
            not_before: read.validity().not_before.timestamp().saturating_mul(1_000),
            not_after: read.validity().not_after.timestamp().saturating_mul(1_000),
        })
    }
}

/// Which end of a connection showed a certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Client,
    Server,
}

/// The SPIFFE id of a chain that leads to one of the anchors at that time.
pub(crate) fn verify(
    leaf: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    anchors: &[TrustAnchor<'_>],
    algorithms: &rustls::crypto::WebPkiSupportedAlgorithms,
    now: UnixTime,
    role: Role,
) -> Result<SpiffeId, CertificateError> {
    let read = Leaf::read(leaf).map_err(other)?;
    let certificate = EndEntityCert::try_from(leaf).map_err(untrusted)?;
    let usage = match role {
        Role::Client => KeyUsage::client_auth(),
        Role::Server => KeyUsage::server_auth(),
    };
    certificate.verify_for_usage(algorithms.all, anchors, intermediates, now, usage, None, None).map_err(untrusted)?;
    Ok(read.id)
}

/// An error with a text of its own.
pub(crate) fn other(error: impl std::error::Error + Send + Sync + 'static) -> CertificateError {
    CertificateError::Other(OtherError(Arc::new(error)))
}

/// The variant decides which alert the peer gets to see.
fn untrusted(error: webpki::Error) -> CertificateError {
    match error {
        // The roots of two Sentrys have the same name, so that a stranger's chain fails at the signature.
        webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => CertificateError::UnknownIssuer,
        webpki::Error::CertExpired { time, not_after } => CertificateError::ExpiredContext { time, not_after },
        webpki::Error::CertNotValidYet { time, not_before } => {
            CertificateError::NotValidYetContext { time, not_before }
        }
        webpki::Error::BadDer => CertificateError::BadEncoding,
        error => other(error),
    }
}
