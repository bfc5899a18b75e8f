//! JSON Web Key Sets (RFC 7517): that of our own key, and those that users supply.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::Algorithm;
use crate::ca::{KeyKind, PrivateKey};

/// The members of a key that nobody else may see (RFC 7518, section 6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Public keys, as they are published.
#[derive(Clone, Debug, PartialEq)]
pub struct KeySet(Vec<Map<String, Value>>);

/// Why a key set cannot be published.
#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    /// Not JSON, or not of the right shape.
    #[error("failed to parse JWKS: {0}")]
    Parse(String),
    /// `keys` is empty.
    #[error("JWKS doesn't contain any keys")]
    Empty,
    /// Nobody could verify our tokens with it.
    #[error("JWKS doesn't contain a matching public key for the JWT signing key")]
    NoMatch,
    /// None has the configured id.
    #[error("JWKS doesn't contain a key with user-provided key ID {0:?}")]
    NoSuchId(String),
    /// The one with the configured id is another key.
    #[error("JWKS contains a key with user-provided key ID {0:?} but the key content doesn't match the signing key")]
    OtherKey(String),
}

impl KeySet {
    /// Reads a key set, or a single key. Private members and symmetric keys are dropped: the set is for publishing.
    ///
    /// # Errors
    /// It is not a key set, or an empty one.
    pub fn parse(json: &[u8]) -> Result<Self, JwksError> {
        let parse = |why: String| JwksError::Parse(why);
        let value: Value = serde_json::from_slice(json).map_err(|error| parse(error.to_string()))?;
        let Value::Object(mut object) = value else { return Err(parse("expected a JSON object".into())) };
        let keys = match object.remove("keys") {
            Some(Value::Array(keys)) => keys,
            Some(_) => return Err(parse("`keys` is no list".into())),
            None if object.contains_key("kty") => vec![Value::Object(object)],
            None => return Err(parse("there is no field `keys`".into())),
        };
        let mut public = Vec::with_capacity(keys.len());
        for (index, key) in keys.into_iter().enumerate() {
            let Value::Object(mut key) = key else { return Err(parse(format!("`keys[{index}]` is no object"))) };
            let kind = key.get("kty").and_then(Value::as_str).map(str::to_owned);
            let Some(kind) = kind else { return Err(parse(format!("`keys[{index}]` has no `kty`"))) };
            if kind != "oct" {
                key.retain(|name, _| !PRIVATE.contains(&name.as_str()));
                public.push(key);
            }
        }
        if public.is_empty() { Err(JwksError::Empty) } else { Ok(Self(public)) }
    }

    /// The set of one key.
    pub(super) fn of(key: &PrivateKey, key_id: &str, algorithm: Algorithm) -> Self {
        let mut public = public_key(key);
        public.insert("kid".into(), json!(key_id));
        public.insert("alg".into(), json!(algorithm.to_string()));
        public.insert("use".into(), json!("sig"));
        Self(vec![public])
    }

    /// Looks for the public half of `key`; with `wanted`, only among keys of that id. Returns the id it has there.
    ///
    /// # Errors
    /// It is not there.
    pub(super) fn find(&self, key: &PrivateKey, wanted: Option<&str>) -> Result<Option<String>, JwksError> {
        let own = public_key(key);
        let id = |listed: &Map<String, Value>| listed.get("kid").and_then(Value::as_str).map(str::to_owned);
        let mut id_seen = false;
        for listed in &self.0 {
            if let Some(wanted) = wanted {
                if id(listed).as_deref() != Some(wanted) {
                    continue;
                }
                id_seen = true;
            }
            let verifies = listed.get("use").is_none_or(|purpose| purpose == "sig");
            if verifies && same(listed, &own) {
                return Ok(id(listed));
            }
        }
        Err(match wanted {
            Some(wanted) if id_seen => JwksError::OtherKey(wanted.to_owned()),
            Some(wanted) => JwksError::NoSuchId(wanted.to_owned()),
            None => JwksError::NoMatch,
        })
    }

    /// As JSON: `{"keys":[…]}`.
    pub fn to_json(&self) -> String {
        json!({ "keys": self.0 }).to_string()
    }
}

/// Whether two keys are equal in what makes them up; numbers may be written with leading zeros.
fn same(listed: &Map<String, Value>, own: &Map<String, Value>) -> bool {
    let number = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(bytes[zeros..].to_vec())
    };
    own.iter().all(|(name, value)| {
        let (Some(value), Some(other)) = (value.as_str(), listed.get(name).and_then(Value::as_str)) else {
            return false;
        };
        value == other || (!matches!(name.as_str(), "kty" | "crv") && number(value) == number(other))
    })
}

/// The public half as a JSON Web Key with the members that RFC 7638 hashes, in its order.
pub fn public_key(key: &PrivateKey) -> Map<String, Value> {
    let raw = key.public_key();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let point = |curve: &str| {
        let (x, y) = raw[1..].split_at((raw.len() - 1) / 2);
        json!({ "crv": curve, "kty": "EC", "x": text(x), "y": text(y) })
    };
    let value = match key.kind() {
        KeyKind::Ed25519 => json!({ "crv": "Ed25519", "kty": "OKP", "x": text(raw) }),
        KeyKind::P256 => point("P-256"),
        KeyKind::P384 => point("P-384"),
        KeyKind::P521 => point("P-521"),
        KeyKind::Rsa => {
            let (modulus, exponent) = rsa_numbers(raw);
            json!({ "e": text(&exponent), "kty": "RSA", "n": text(&modulus) })
        }
    };
    let Value::Object(key) = value else { return Map::new() };
    key
}

/// Modulus and exponent of a PKCS #1 RSAPublicKey.
fn rsa_numbers(der: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let read = yasna::parse_der(der, |reader| {
        reader.read_sequence(|reader| Ok((reader.next().read_bigint_bytes()?.0, reader.next().read_bigint_bytes()?.0)))
    });
    let (modulus, exponent): (Vec<u8>, Vec<u8>) = read.unwrap_or_default();
    let number = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    (number(modulus), number(exponent))
}

/// SHA-256 of the key in its canonical form (RFC 7638).
pub fn thumbprint(key: &PrivateKey) -> [u8; 32] {
    let canonical = Value::Object(public_key(key)).to_string();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, canonical.as_bytes());
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}
