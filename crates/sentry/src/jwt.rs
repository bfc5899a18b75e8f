//! JWT SVIDs: the same identity as in the certificate, as a token for services that know OIDC.

mod algorithm;
mod jwks;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use dapr_kit::clock::Clock;
use serde_json::{Map, Value, json};

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use jwks::{JwksError, KeySet, public_key, thumbprint};

use crate::ca::{KeyError, PrivateKey};

#[cfg(test)]
mod tests;

/// How long tokens live when nothing else is configured.
pub const DEFAULT_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// How tokens are made, from the flags `--jwt-…`.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// `--jwt-issuer`: the claim `iss`, left out when absent.
    pub issuer: Option<String>,
    /// `--jwt-signing-algorithm`
    pub algorithm: Algorithm,
    /// `--jwt-key-id`: the header `kid`; absent for that of the key set, or the key's thumbprint.
    pub key_id: Option<String>,
    /// `--jwt-ttl`
    pub ttl: Duration,
    /// `nbf` lies this far back, for clocks that are behind.
    pub skew: Duration,
}

/// Why tokens cannot be signed. Callers add where key and key set came from.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// `jwt.key` is no key.
    #[error("failed to load JWT signing key: {0}")]
    Key(#[from] KeyError),
    /// `jwks.json` is no key set, or not that of the key.
    #[error("failed to verify JWKS: {0}")]
    KeySet(#[from] JwksError),
    /// The key cannot make such signatures.
    #[error(
        "JWT signing key is incompatible with algorithm {algorithm}: it needs {needed}; choose another --jwt-signing-algorithm"
    )]
    Unsuited {
        /// As configured.
        algorithm: Algorithm,
        /// The kind of key.
        needed: &'static str,
    },
    /// There is a key set, but nothing to sign with.
    #[error("there is a JWKS without a JWT signing key: add the key, or remove the JWKS to have both generated")]
    NoKey,
}

/// A signing key with its public key set.
#[derive(Debug)]
pub struct TokenKey {
    key: PrivateKey,
    key_id: String,
    /// What verifiers get.
    pub key_set: KeySet,
}

/// A token key, and what has to be stored since it is new.
#[derive(Debug)]
pub struct Resolved {
    /// The key.
    pub key: TokenKey,
    /// `jwt.key`, when it was generated.
    pub new_key: Option<String>,
    /// `jwks.json`, when it was made.
    pub new_key_set: Option<String>,
}

impl TokenKey {
    /// Reads what is stored, and makes what is missing: both, or the key set of a key. A key is never replaced.
    ///
    /// # Errors
    /// What is stored does not fit together, or not the algorithm.
    pub fn resolve(
        key: Option<&[u8]>,
        key_set: Option<&[u8]>,
        settings: &TokenSettings,
    ) -> Result<Resolved, TokenError> {
        let (key, new_key) = match (key, key_set) {
            (Some(pem), _) => (PrivateKey::from_pem(pem)?, None),
            (None, None) => {
                let key = PrivateKey::generate(settings.algorithm.kind())?;
                let pem = key.to_pem();
                (key, Some(pem))
            }
            (None, Some(_)) => return Err(TokenError::NoKey),
        };
        if settings.algorithm.kind() != key.kind() {
            return Err(TokenError::Unsuited { algorithm: settings.algorithm, needed: settings.algorithm.needed() });
        }
        let wanted = settings.key_id.as_deref();
        let (key_set, listed, new_key_set) = match key_set {
            Some(json) => {
                let key_set = KeySet::parse(json)?;
                let listed = key_set.find(&key, wanted)?;
                (key_set, listed, None)
            }
            None => {
                let key_id = wanted.map_or_else(|| default_key_id(&key), str::to_owned);
                let key_set = KeySet::of(&key, &key_id, settings.algorithm);
                let text = key_set.to_json();
                (key_set, Some(key_id), Some(text))
            }
        };
        let key_id = wanted.map(str::to_owned).or(listed).unwrap_or_else(|| default_key_id(&key));
        Ok(Resolved { key: Self { key, key_id, key_set }, new_key, new_key_set })
    }

    /// The header `kid` of its tokens.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// A token that says who `subject` is to each of `audiences`.
    ///
    /// # Errors
    /// The library of cryptography failed.
    pub fn sign(
        &self,
        subject: &str,
        audiences: &[&str],
        settings: &TokenSettings,
        clock: &Clock,
    ) -> Result<String, KeyError> {
        let now = clock.now_milliseconds() / 1000;
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| KeyError::Generate)?;
        let mut claims = Map::new();
        claims.insert("aud".into(), json!(audiences));
        claims.insert("exp".into(), json!(now.saturating_add(seconds(settings.ttl))));
        claims.insert("iat".into(), json!(now));
        if let Some(issuer) = &settings.issuer {
            claims.insert("iss".into(), json!(issuer));
        }
        claims.insert("jti".into(), json!(hex::encode(id)));
        claims.insert("nbf".into(), json!(now.saturating_sub(seconds(settings.skew))));
        claims.insert("sub".into(), json!(subject));
        // Azure refuses tokens without it.
        claims.insert("use".into(), json!("sig"));
        let header = json!({ "alg": settings.algorithm.to_string(), "kid": self.key_id, "typ": "JWT" });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&Value::Object(claims)));
        let signature = self.key.sign_token(signed.as_bytes(), settings.algorithm.rsa())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The key's thumbprint in standard base64, as the incumbent has it.
fn default_key_id(key: &PrivateKey) -> String {
    STANDARD.encode(thumbprint(key))
}
