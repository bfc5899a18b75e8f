//! The source of certificates over an authority in the process.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dapr_kit::clock::Clock;
pub(super) use dapr_testkit::authority::{Authority, CertificateParams};

use crate::{CertificateSource, Signed, SigningRequest, SourceError};

/// How long a certificate is good before and after it is made, in milliseconds.
const SKEW: i64 = 15 * 60_000;
pub(super) const TTL: i64 = 24 * 3_600_000;

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
        let certificates =
            self.authority.lock().unwrap().sign(&request.request_pem, &self.id, now - SKEW, now + ttl, edit);
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
