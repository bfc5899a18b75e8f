//! Keys that a caller wants wrapped: symmetric ones as they are, in base64 or as a JSON Web Key, others in PEM.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use rustls::pki_types::pem::{PemObject, SectionKind};
use serde::Deserialize;

/// The part of a JSON Web Key that a symmetric one has.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    k: Option<String>,
}

/// What is wrapped: a symmetric key's bytes, an asymmetric one's DER.
///
/// # Errors
/// It is no key, or of a kind that is not wrapped.
pub(crate) fn parse(raw: &[u8]) -> Result<Vec<u8>, String> {
    if raw.is_empty() {
        return Err("key is empty".to_owned());
    }
    // A key of the length of an AES key that happens to begin with a brace is one.
    if raw[0] == b'{' && ![16, 24, 32].contains(&raw.len()) {
        return of_jwk(raw);
    }
    if raw.len() > 10 && raw.starts_with(b"-----") {
        return of_pem(raw);
    }
    Ok(symmetric(raw))
}

fn of_jwk(raw: &[u8]) -> Result<Vec<u8>, String> {
    let jwk: Jwk = serde_json::from_slice(raw).map_err(|error| format!("not a JSON Web Key: {error}"))?;
    match (jwk.kty.as_str(), jwk.k) {
        ("oct", Some(key)) => URL_SAFE_NO_PAD
            .decode(key.trim_end_matches('='))
            .map_err(|_| "field `k` of the JSON Web Key is not base64".to_owned()),
        ("oct", None) => Err("the JSON Web Key has no field `k`".to_owned()),
        (other, _) => Err(format!("a JSON Web Key of type {other} cannot be wrapped; give it as PEM")),
    }
}

fn of_pem(raw: &[u8]) -> Result<Vec<u8>, String> {
    let (kind, der) = <(SectionKind, Vec<u8>)>::from_pem_slice(raw).map_err(|error| format!("not PEM: {error:?}"))?;
    match kind {
        SectionKind::PrivateKey | SectionKind::PublicKey => Ok(der),
        _ => Err("expected `PRIVATE KEY` (PKCS #8) or `PUBLIC KEY` in PEM".to_owned()),
    }
}

fn symmetric(raw: &[u8]) -> Vec<u8> {
    let end = raw.iter().rposition(|byte| !matches!(byte, b'\n' | b'=')).map_or(0, |last| last + 1);
    let trimmed = &raw[..end];
    let decoded = STANDARD_NO_PAD.decode(trimmed).or_else(|_| URL_SAFE_NO_PAD.decode(trimmed));
    decoded.unwrap_or_else(|_| raw.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symmetric_key_may_be_written_in_many_ways() {
        let key: Vec<u8> = (0..32).collect();
        assert_eq!(parse(&key).unwrap(), key);
        assert_eq!(parse(b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n").unwrap(), key);
        assert_eq!(parse(b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap(), key);
        let jwk = br#"{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}"#;
        assert_eq!(parse(jwk).unwrap(), key);
    }

    #[test]
    fn a_pem_is_its_der_and_what_is_no_key_is_refused() {
        assert_eq!(parse(b"-----BEGIN PUBLIC KEY-----\nAAEC\n-----END PUBLIC KEY-----\n").unwrap(), [0, 1, 2]);
        for bad in [
            &b""[..],
            b"{}..................",
            b"{\"kty\":\"RSA\"}",
            b"-----BEGIN X-----",
            b"-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n",
        ] {
            assert!(parse(bad).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
