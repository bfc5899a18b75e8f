//! A certificate authority of root and issuer, and the source of certificates over it.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dapr_kit::clock::Clock;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ED25519, PublicKeyData, SanType, SignatureAlgorithm,
};
use time::OffsetDateTime;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

use crate::{CertificateSource, Signed, SigningRequest, SourceError};

/// How long a certificate is good before and after it is made, in milliseconds.
const SKEW: i64 = 15 * 60_000;
pub(super) const TTL: i64 = 24 * 3_600_000;

pub(super) struct Authority {
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
    pub(super) fn new(name: &str) -> Arc<Self> {
        let ca = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::OrganizationName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
            params
        };
        let root_key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let root_params = ca(name);
        let root = root_params.self_signed(&root_key).unwrap();
        let root_issuer = Issuer::new(root_params, root_key);
        let issuer_key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let issuer_params = ca(&format!("issuer of {name}"));
        let issuer_certificate = issuer_params.signed_by(&issuer_key, &root_issuer).unwrap();
        Arc::new(Self { root, issuer: Issuer::new(issuer_params, issuer_key), issuer_certificate })
    }

    pub(super) fn root_pem(&self) -> String {
        self.root.pem()
    }

    /// Leaf and issuer as PEM; `edit` may spoil the leaf.
    pub(super) fn sign(
        &self,
        request_pem: &str,
        uri: &str,
        now: i64,
        ttl: i64,
        edit: impl FnOnce(&mut CertificateParams),
    ) -> String {
        let (_, pem) = x509_parser::pem::parse_x509_pem(request_pem.as_bytes()).unwrap();
        let (_, request) = X509CertificationRequest::from_der(&pem.contents).unwrap();
        let key = RequestKey(request.certification_request_info.subject_pki.subject_public_key.data.to_vec());
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_before = date(now - SKEW);
        params.not_after = date(now + ttl);
        edit(&mut params);
        format!("{}{}", params.signed_by(&key, &self.issuer).unwrap().pem(), self.issuer_certificate.pem())
    }
}

fn date(milliseconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(milliseconds / 1_000).unwrap()
}

type Edit = Box<dyn Fn(&mut CertificateParams) + Send + Sync>;

/// Signs whatever it is asked for, or fails as told.
pub(super) struct Source {
    pub(super) authority: Mutex<Arc<Authority>>,
    id: String,
    clock: Clock,
    pub(super) ttl: AtomicI64,
    pub(super) calls: AtomicUsize,
    /// What to answer in place of a certificate: the reason, and whether it is that nobody answered.
    pub(super) failure: Mutex<Option<(&'static str, bool)>>,
    /// Audiences of tokens, by milliseconds that they are good.
    pub(super) tokens: Mutex<Option<(Vec<String>, i64)>>,
    pub(super) edit: Mutex<Option<Edit>>,
}

impl Source {
    pub(super) fn new(authority: &Arc<Authority>, id: &str, clock: &Clock) -> Self {
        Self {
            authority: Mutex::new(Arc::clone(authority)),
            id: id.to_owned(),
            clock: clock.clone(),
            ttl: AtomicI64::new(TTL),
            calls: AtomicUsize::new(0),
            failure: Mutex::new(None),
            tokens: Mutex::new(None),
            edit: Mutex::new(None),
        }
    }

    pub(super) fn fail(&self, failure: Option<(&'static str, bool)>) {
        *self.failure.lock().unwrap() = failure;
    }

    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl CertificateSource for Source {
    async fn sign(&self, request: SigningRequest) -> Result<Signed, SourceError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if let Some((reason, unreachable)) = *self.failure.lock().unwrap() {
            return Err(SourceError { reason, unreachable, message: "on purpose".to_owned() });
        }
        let (now, ttl) = (self.clock.now_milliseconds(), self.ttl.load(Ordering::Relaxed));
        let edit = self.edit.lock().unwrap();
        let edit = |params: &mut CertificateParams| edit.iter().for_each(|edit| edit(params));
        let certificates = self.authority.lock().unwrap().sign(&request.request_pem, &self.id, now, ttl, edit);
        let mut signed = Signed { certificates_pem: certificates.into_bytes(), ..Signed::default() };
        if let Some((audiences, ttl)) = &*self.tokens.lock().unwrap() {
            let end = (now + ttl) / 1_000;
            signed.jwt = Some(token(audiences, end));
            signed.audience_jwts =
                audiences.iter().map(|one| (one.clone(), token(std::slice::from_ref(one), end))).collect();
        }
        Ok(signed)
    }
}

fn token(audiences: &[String], end: i64) -> String {
    let claims = serde_json::json!({ "aud": audiences, "exp": end });
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}
