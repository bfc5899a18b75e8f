//! A certificate authority in the process: a root and an issuer below it, as Sentry has them.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ED25519, PublicKeyData, SanType, SignatureAlgorithm,
};
use time::OffsetDateTime;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

pub use rcgen::CertificateParams;

/// Signs certificates of workloads.
pub struct Authority {
    root: Certificate,
    issuer: Issuer<'static, KeyPair>,
    issuer_certificate: Certificate,
}

/// The public key of a certificate request.
struct RequestKey(Vec<u8>);

impl PublicKeyData for RequestKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

impl Authority {
    /// With Ed25519 keys of its own; `name` is the organisation of its root.
    pub fn new(name: &str) -> Arc<Self> {
        let ca = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::OrganizationName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
            params
        };
        let root_key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let root_params = ca(name);
        let root = root_params.self_signed(&root_key).expect("a root");
        let root_issuer = Issuer::new(root_params, root_key);
        let issuer_key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let issuer_params = ca(&format!("issuer of {name}"));
        let issuer_certificate = issuer_params.signed_by(&issuer_key, &root_issuer).expect("an issuer");
        Arc::new(Self { root, issuer: Issuer::new(issuer_params, issuer_key), issuer_certificate })
    }

    /// What `DAPR_TRUST_ANCHORS` holds.
    pub fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// The certificate for a request with an Ed25519 key, and the issuer's, as PEM. Both times are milliseconds since
    /// 1970; `edit` may spoil the certificate.
    pub fn sign(
        &self,
        request_pem: &str,
        uri: &str,
        not_before: i64,
        not_after: i64,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> String {
        let (_, pem) = x509_parser::pem::parse_x509_pem(request_pem.as_bytes()).expect("PEM");
        let (_, request) = X509CertificationRequest::from_der(&pem.contents).expect("a certificate request");
        let key = RequestKey(request.certification_request_info.subject_pki.subject_public_key.data.to_vec());
        let leaf = self.params(uri, not_before, not_after, edit).signed_by(&key, &self.issuer).expect("a certificate");
        leaf.pem() + &self.issuer_certificate.pem()
    }

    /// A fresh key and a certificate for it, as PEM: the chain, then the key. It is good from an hour ago until
    /// tomorrow.
    pub fn issue(&self, uri: &str) -> (String, String) {
        let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let now = jiff::Timestamp::now().as_millisecond();
        let params = self.params(uri, now - 3_600_000, now + 24 * 3_600_000, |_| {});
        let leaf = params.signed_by(&key, &self.issuer).expect("a certificate");
        (leaf.pem() + &self.issuer_certificate.pem(), key.serialize_pem())
    }

    fn params(
        &self,
        uri: &str,
        not_before: i64,
        not_after: i64,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![SanType::URI(uri.try_into().expect("an ASCII URI"))];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_before = date(not_before);
        params.not_after = date(not_after);
        edit(&mut params);
        params
    }
}

fn date(milliseconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(milliseconds / 1_000).expect("a date")
}
