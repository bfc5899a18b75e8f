//! Tokens: reading what they say, and checking them against a key set.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

/// How far the clocks of whoever signed may differ, in seconds.
const SKEW: u64 = 5 * 60;

/// The claims of a token that somebody else has checked: a JWT, or its claims alone.
pub(super) fn unverified(token: &str) -> Result<Value, String> {
    if token.trim_start().starts_with('{') {
        return serde_json::from_str(token).map_err(|error| error.to_string());
    }
    let claims = token.split('.').nth(1).ok_or("it is no JWT")?;
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).map_err(|error| error.to_string())?;
    serde_json::from_slice(&claims).map_err(|error| error.to_string())
}

/// Checks signature, audience, subject and dates.
///
/// # Errors
/// Which of them is wrong; claims are named in double quotes, as clients expect.
pub(super) fn verify(token: &str, keys: &JwkSet, audience: &str, subject: &str) -> Result<(), String> {
    let unverifiable = || "could not verify message using any of the signatures or keys".to_owned();
    let header = decode_header(token).map_err(|_| unverifiable())?;
    let is_named = |key: &&Jwk| header.kid.is_none() || header.kid == key.common.key_id;
    for key in keys.keys.iter().filter(is_named).filter(|key| fits(key, header.alg)) {
        let Ok(decoding) = DecodingKey::from_jwk(key) else { continue };
        let mut validation = Validation::new(header.alg);
        validation.leeway = SKEW;
        validation.validate_nbf = true;
        validation.set_audience(&[audience]);
        validation.sub = Some(subject.to_owned());
        validation.set_required_spec_claims(&["aud", "sub"]);
        // A token that never expires is for whoever signs to decide.
        validation.validate_exp = unverified(token).is_ok_and(|claims| !claims["exp"].is_null());
        match decode::<Value>(token, &decoding, &validation).map_err(jsonwebtoken::errors::Error::into_kind) {
            Ok(_) => return Ok(()),
            Err(ErrorKind::ExpiredSignature) => return Err("\"exp\" not satisfied".into()),
            Err(ErrorKind::ImmatureSignature) => return Err("\"nbf\" not satisfied".into()),
            Err(ErrorKind::InvalidAudience) => return Err("\"aud\" not satisfied".into()),
            Err(ErrorKind::InvalidSubject) => return Err("\"sub\" not satisfied".into()),
            Err(ErrorKind::MissingRequiredClaim(claim)) => {
                return Err(format!("\"{claim}\" not satisfied: it is missing"));
            }
            Err(ErrorKind::InvalidClaimFormat(claim)) => return Err(format!("\"{claim}\" is malformed")),
            // Another key may fit.
            Err(_) => {}
        }
    }
    Err(unverifiable())
}

/// Whether a key makes signatures of this algorithm; the token alone must not choose.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    use jsonwebtoken::jwk::EllipticCurve::{Ed25519, P256, P384};
    if let Some(stated) = key.common.key_algorithm
        && stated.to_string() != format!("{algorithm:?}")
    {
        return false;
    }
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => matches!(
            algorithm,
            Algorithm::RS256
                | Algorithm::RS384
                | Algorithm::RS512
                | Algorithm::PS256
                | Algorithm::PS384
                | Algorithm::PS512
        ),
        AlgorithmParameters::EllipticCurve(curve) => match algorithm {
            Algorithm::ES256 => curve.curve == P256,
            Algorithm::ES384 => curve.curve == P384,
            _ => false,
        },
        AlgorithmParameters::OctetKeyPair(pair) => pair.curve == Ed25519 && algorithm == Algorithm::EdDSA,
        // Not shared secrets: in a public set they would let everybody sign.
        _ => false,
    }
}
