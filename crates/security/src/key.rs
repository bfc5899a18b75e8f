//! Private keys and requests for certificates.

use aws_lc_rs::signature::Ed25519KeyPair;
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ED25519};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A fresh Ed25519 key and a request for a certificate for it.
pub(crate) struct KeyAndRequest {
    pub(crate) key: PrivateKeyDer<'static>,
    pub(crate) key_pem: String,
    pub(crate) request_pem: String,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("failed to generate a private key")]
    Generate(#[from] aws_lc_rs::error::Unspecified),
    #[error("failed to create a certificate signing request: {0}")]
    Request(#[from] rcgen::Error),
}

impl KeyAndRequest {
    pub(crate) fn generate() -> Result<Self, KeyError> {
        let generated = Ed25519KeyPair::generate()?;
        // The first version of PKCS #8, since older readers of `key.pem` refuse the second.
        let der = PrivatePkcs8KeyDer::from(generated.to_pkcs8v1()?.as_ref().to_vec());
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519)?;
        let mut wanted = CertificateParams::default();
        wanted.distinguished_name = DistinguishedName::new();
        let request_pem = wanted.serialize_request(&key)?.pem()?;
        Ok(Self { key_pem: key.serialize_pem(), key: der.into(), request_pem })
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::certification_request::X509CertificationRequest;
    use x509_parser::prelude::FromDer;

    use super::*;

    #[test]
    fn a_request_has_no_subject_and_its_own_signature() {
        let made = KeyAndRequest::generate().unwrap();
        assert!(made.key_pem.starts_with("-----BEGIN PRIVATE KEY-----"));
        assert!(made.request_pem.starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
        let (_, pem) = x509_parser::pem::parse_x509_pem(made.request_pem.as_bytes()).unwrap();
        let (_, request) = X509CertificationRequest::from_der(&pem.contents).unwrap();
        assert_eq!(request.certification_request_info.subject.iter().count(), 0);
        assert!(request.requested_extensions().is_none());
        let other = KeyAndRequest::generate().unwrap();
        assert_ne!(made.key_pem, other.key_pem);
    }
}
