//! The keys of an issuer: fetched once, and again in the background when they are old or when a token names a new one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use dapr_kit::task;
use dapr_net::fetch::Client;
use http::{StatusCode, Uri};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

/// How old keys may be; the incumbent's.
const REFRESH: Duration = Duration::from_secs(10 * 60);
/// How long after an attempt no token, whatever key it names, makes another one.
const PAUSE: Duration = Duration::from_secs(10);
/// A key set is short.
const MAX_BYTES: usize = 1 << 20;
/// More keys than any issuer has.
const MAX_KEYS: usize = 1_000;

/// The keys of one URL.
pub(super) struct KeySet {
    client: Client,
    url: Uri,
    keys: ArcSwap<HashMap<String, Arc<Key>>>,
    asked: Mutex<Asked>,
    /// One fetch at a time.
    fetching: tokio::sync::Mutex<()>,
}

/// When keys were last asked for.
struct Asked {
    at: Instant,
    /// For the sake of a key that was not there.
    for_new: Option<Instant>,
}

impl KeySet {
    /// Fetches the keys for the first time.
    pub(super) async fn fetch(client: Client, url: Uri) -> Result<Arc<Self>, String> {
        let keys = keys_at(&client, &url).await?;
        Ok(Arc::new(Self {
            client,
            url,
            keys: ArcSwap::from_pointee(keys),
            asked: Mutex::new(Asked { at: Instant::now(), for_new: None }),
            fetching: tokio::sync::Mutex::new(()),
        }))
    }

    /// The key of that id. A new id waits for the keys to be fetched again; keys that are only old are used meanwhile.
    pub(super) async fn find(self: &Arc<Self>, id: &str) -> Option<Arc<Key>> {
        if let Some(key) = self.known(id) {
            if self.is_old() {
                let set = Arc::clone(self);
                task::spawn_detached("refresh of keys", async move {
                    let _one = set.fetching.lock().await;
                    set.refresh().await;
                });
            }
            return Some(key);
        }
        let _one = self.fetching.lock().await;
        // Whoever waited may find that the key has come.
        if self.known(id).is_none() && self.may_have_new() {
            self.refresh().await;
        }
        self.known(id)
    }

    fn known(&self, id: &str) -> Option<Arc<Key>> {
        self.keys.load().get(id).cloned()
    }

    /// Whether the keys are old; then somebody fetches them now.
    fn is_old(&self) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = asked.at.elapsed() >= REFRESH;
        if is_old {
            asked.at = Instant::now();
        }
        is_old
    }

    /// Whether keys may be fetched because one is not there; then somebody does now.
    fn may_have_new(&self) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let may = asked.for_new.is_none_or(|at| at.elapsed() >= PAUSE);
        if may {
            asked.for_new = Some(Instant::now());
        }
        may
    }

    /// Fetches the keys; while the issuer is away, the keys at hand stay.
    async fn refresh(&self) {
        match keys_at(&self.client, &self.url).await {
            Ok(keys) => self.keys.store(Arc::new(keys)),
            Err(error) => {
                tracing::warn!(url = %self.url, %error, "the keys of the issuer cannot be refreshed; those at hand stay")
            }
        }
    }
}

async fn keys_at(client: &Client, url: &Uri) -> Result<HashMap<String, Arc<Key>>, String> {
    let response = client.get(url, MAX_BYTES).await.map_err(|error| format!("{url}: {error}"))?;
    if response.status() != StatusCode::OK {
        return Err(format!("{url}: the answer has status {}", response.status().as_u16()));
    }
    keys_of(response.body()).map_err(|error| format!("{url}: {error}"))
}

/// The keys of a document that can check signatures, by their ids. Other keys are left out: a set may hold kinds that
/// only others understand.
fn keys_of(document: &[u8]) -> Result<HashMap<String, Arc<Key>>, String> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<Value>,
    }
    let document: Document = serde_json::from_slice(document).map_err(|error| format!("not a set of keys: {error}"))?;
    let jwks = document.keys.into_iter().take(MAX_KEYS).filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    Ok(jwks.filter_map(|jwk| Some((jwk.common.key_id.clone()?, Arc::new(Key::of(&jwk)?)))).collect())
}

/// A key that checks signatures.
pub(super) struct Key {
    key: DecodingKey,
    /// What it may be used with; a token cannot choose another kind.
    algorithms: Vec<Algorithm>,
}

impl Key {
    fn of(jwk: &Jwk) -> Option<Self> {
        if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
            return None;
        }
        let mut algorithms = algorithms_of(&jwk.algorithm);
        if let Some(only) = jwk.common.key_algorithm {
            algorithms.retain(|algorithm| named(*algorithm) == Some(only));
        }
        if algorithms.is_empty() {
            return None;
        }
        Some(Self { key: DecodingKey::from_jwk(jwk).ok()?, algorithms })
    }

    /// The claims of a token that this key has signed.
    pub(super) fn claims_of(&self, token: &[u8], algorithm: Algorithm) -> Result<Value, &'static str> {
        if !self.algorithms.contains(&algorithm) {
            return Err("an algorithm that its key is not for");
        }
        let mut validation = Validation::new(algorithm);
        // Claims are checked by `Expected`, which has the clock and the incumbent's rules.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let decoded = jsonwebtoken::decode(token, &self.key, &validation);
        decoded.map(|token| token.claims).map_err(|_| "a signature that is not its key's")
    }
}

/// What a key of this kind can be used with.
fn algorithms_of(parameters: &AlgorithmParameters) -> Vec<Algorithm> {
    use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
    match parameters {
        AlgorithmParameters::RSA(_) => vec![RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => vec![ES256],
            EllipticCurve::P384 => vec![ES384],
            _ => Vec::new(),
        },
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => vec![EdDSA],
        AlgorithmParameters::OctetKey(_) => vec![HS256, HS384, HS512],
        _ => Vec::new(),
    }
}

fn named(algorithm: Algorithm) -> Option<KeyAlgorithm> {
    Some(match algorithm {
        Algorithm::HS256 => KeyAlgorithm::HS256,
        Algorithm::HS384 => KeyAlgorithm::HS384,
        Algorithm::HS512 => KeyAlgorithm::HS512,
        Algorithm::ES256 => KeyAlgorithm::ES256,
        Algorithm::ES384 => KeyAlgorithm::ES384,
        Algorithm::RS256 => KeyAlgorithm::RS256,
        Algorithm::RS384 => KeyAlgorithm::RS384,
        Algorithm::RS512 => KeyAlgorithm::RS512,
        Algorithm::PS256 => KeyAlgorithm::PS256,
        Algorithm::PS384 => KeyAlgorithm::PS384,
        Algorithm::PS512 => KeyAlgorithm::PS512,
        Algorithm::EdDSA => KeyAlgorithm::EdDSA,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_may_hold_keys_of_other_kinds() {
        let keys = keys_of(
            br#"{"keys": [
                {"kty": "EC", "crv": "secp256k1", "kid": "curve", "x": "AA", "y": "AA"},
                {"kty": "RSA", "kid": "encryption", "use": "enc", "n": "AQAB", "e": "AQAB"},
                {"kty": "RSA", "kid": "other", "alg": "RSA-OAEP", "n": "AQAB", "e": "AQAB"},
                {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
                {"kty": "RSA", "kid": "any", "n": "AQAB", "e": "AQAB"},
                {"kty": "RSA", "kid": "one", "alg": "PS384", "n": "AQAB", "e": "AQAB"},
                {"kty": "quantum", "kid": "new"},
                17
            ]}"#,
        )
        .unwrap();
        let mut ids: Vec<_> = keys.keys().map(String::as_str).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["any", "one"]);
        assert_eq!(keys["one"].algorithms, [Algorithm::PS384]);
        assert_eq!(keys["any"].algorithms.len(), 6);
        assert!(!keys["any"].algorithms.contains(&Algorithm::HS256), "a public key is no shared secret");
        assert!(keys_of(b"[]").is_err());
    }
}
