//! Algorithms with a pair of keys.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::rsa::{
    KeyPair, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512, OaepAlgorithm,
    OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{
    ED25519, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaParameters, RsaPssSaltLength, UnparsedPublicKey,
};

use crate::CryptoError;
use crate::key::{Curve, Kind};

/// Whether the algorithm encrypts with a public key.
pub(crate) fn encrypts(name: &str) -> bool {
    padding(name).is_some()
}

#[derive(Clone, Copy)]
enum Padding {
    Pkcs1,
    Oaep(&'static OaepAlgorithm),
}

fn padding(name: &str) -> Option<Padding> {
    Some(match name {
        "RSA1_5" => Padding::Pkcs1,
        "RSA-OAEP" => Padding::Oaep(&OAEP_SHA1_MGF1SHA1),
        "RSA-OAEP-256" => Padding::Oaep(&OAEP_SHA256_MGF1SHA256),
        "RSA-OAEP-384" => Padding::Oaep(&OAEP_SHA384_MGF1SHA384),
        "RSA-OAEP-512" => Padding::Oaep(&OAEP_SHA512_MGF1SHA512),
        _ => return None,
    })
}

fn label(label: &[u8]) -> Option<&[u8]> {
    Some(label).filter(|label| !label.is_empty())
}

pub(crate) fn encrypt(
    algorithm: &str,
    public: &[u8],
    plaintext: &[u8],
    associated: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let key = PublicEncryptingKey::from_der(public).map_err(|_| CryptoError::KeyType)?;
    let mut out = vec![0; key.key_size_bytes()];
    let length = match padding(algorithm).ok_or(CryptoError::Algorithm)? {
        Padding::Pkcs1 => {
            let key = Pkcs1PublicEncryptingKey::new(key).map_err(|_| CryptoError::KeyType)?;
            key.encrypt(plaintext, &mut out).map_err(|_| CryptoError::PlaintextLength)?.len()
        }
        Padding::Oaep(oaep) => {
            let key = OaepPublicEncryptingKey::new(key).map_err(|_| CryptoError::KeyType)?;
            key.encrypt(oaep, plaintext, &mut out, label(associated)).map_err(|_| CryptoError::PlaintextLength)?.len()
        }
    };
    out.truncate(length);
    Ok(out)
}

pub(crate) fn decrypt(
    algorithm: &str,
    private: &[u8],
    ciphertext: &[u8],
    associated: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let key = PrivateDecryptingKey::from_pkcs8(private).map_err(|_| CryptoError::KeyType)?;
    let mut out = vec![0; key.key_size_bytes()];
    let length = match padding(algorithm).ok_or(CryptoError::Algorithm)? {
        Padding::Pkcs1 => {
            let key = Pkcs1PrivateDecryptingKey::new(key).map_err(|_| CryptoError::KeyType)?;
            key.decrypt(ciphertext, &mut out).map_err(|_| CryptoError::Authentication)?.len()
        }
        Padding::Oaep(oaep) => {
            let key = OaepPrivateDecryptingKey::new(key).map_err(|_| CryptoError::KeyType)?;
            key.decrypt(oaep, ciphertext, &mut out, label(associated)).map_err(|_| CryptoError::Authentication)?.len()
        }
    };
    out.truncate(length);
    Ok(out)
}

/// RSA signatures of one hash.
struct Rsa {
    hash: &'static digest::Algorithm,
    signing: &'static dyn RsaEncoding,
    /// PSS: a salt as long as the hash, or, as Go signs, as long as there is room.
    verifying: [&'static RsaParameters; 2],
}

fn rsa(name: &str) -> Option<Rsa> {
    const MAX: RsaPssSaltLength = RsaPssSaltLength::Max;
    let (hash, signing, verifying): (_, &'static dyn RsaEncoding, _) = match name {
        "RS256" => (&digest::SHA256, &RSA_PKCS1_SHA256, [&RSA_PKCS1_2048_8192_SHA256; 2]),
        "RS384" => (&digest::SHA384, &RSA_PKCS1_SHA384, [&RSA_PKCS1_2048_8192_SHA384; 2]),
        "RS512" => (&digest::SHA512, &RSA_PKCS1_SHA512, [&RSA_PKCS1_2048_8192_SHA512; 2]),
        "PS256" => (
            &digest::SHA256,
            &RSA_PSS_SHA256,
            [&RSA_PSS_2048_8192_SHA256, &const { RSA_PSS_2048_8192_SHA256.with_pss_salt_length(MAX) }],
        ),
        "PS384" => (
            &digest::SHA384,
            &RSA_PSS_SHA384,
            [&RSA_PSS_2048_8192_SHA384, &const { RSA_PSS_2048_8192_SHA384.with_pss_salt_length(MAX) }],
        ),
        "PS512" => (
            &digest::SHA512,
            &RSA_PSS_SHA512,
            [&RSA_PSS_2048_8192_SHA512, &const { RSA_PSS_2048_8192_SHA512.with_pss_salt_length(MAX) }],
        ),
        _ => return None,
    };
    Some(Rsa { hash, signing, verifying })
}

fn ecdsa(name: &str) -> Option<(Curve, &'static digest::Algorithm)> {
    Some(match name {
        "ES256" => (Curve::P256, &digest::SHA256),
        "ES384" => (Curve::P384, &digest::SHA384),
        "ES512" => (Curve::P521, &digest::SHA512),
        _ => return None,
    })
}

/// Signs a hash; with EdDSA the message itself.
pub(crate) fn sign(algorithm: &str, kind: Kind, private: &[u8], hash: &[u8]) -> Result<Vec<u8>, CryptoError> {
    if let Some(rsa) = rsa(algorithm) {
        let pair = KeyPair::from_pkcs8(private).map_err(|_| CryptoError::KeyType)?;
        let mut signature = vec![0; pair.public_modulus_len()];
        let hash = import(hash, rsa.hash)?;
        pair.sign_digest(rsa.signing, &hash, &mut signature).map_err(|_| CryptoError::Library)?;
        return Ok(signature);
    }
    if let Some((curve, of)) = ecdsa(algorithm) {
        let pair = EcdsaKeyPair::from_pkcs8(curve.signing(), private).map_err(|_| CryptoError::KeyType)?;
        let signature = pair.sign_digest(&import(hash, of)?).map_err(|_| CryptoError::Library)?;
        return Ok(signature.as_ref().to_vec());
    }
    match (algorithm, kind) {
        ("EdDSA", Kind::Ed25519) => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(private).map_err(|_| CryptoError::KeyType)?;
            Ok(pair.sign(hash).as_ref().to_vec())
        }
        ("EdDSA", _) => Err(CryptoError::KeyType),
        _ => Err(CryptoError::Algorithm),
    }
}

/// Whether a signature is that of a hash.
pub(crate) fn verify(
    algorithm: &str,
    kind: Kind,
    public: &[u8],
    hash: &[u8],
    signature: &[u8],
) -> Result<bool, CryptoError> {
    if let Some(rsa) = rsa(algorithm) {
        if kind != Kind::Rsa {
            return Err(CryptoError::KeyType);
        }
        let hash = import(hash, rsa.hash)?;
        let fits = |parameters: &'static RsaParameters| {
            UnparsedPublicKey::new(parameters, public).verify_digest(&hash, signature).is_ok()
        };
        return Ok(rsa.verifying.into_iter().any(fits));
    }
    if let Some((curve, of)) = ecdsa(algorithm) {
        if kind != Kind::Ec(curve) {
            return Err(CryptoError::KeyType);
        }
        let key = UnparsedPublicKey::new(curve.verifying(), public);
        return Ok(key.verify_digest(&import(hash, of)?, signature).is_ok());
    }
    match (algorithm, kind) {
        ("EdDSA", Kind::Ed25519) => Ok(UnparsedPublicKey::new(&ED25519, public).verify(hash, signature).is_ok()),
        ("EdDSA", _) => Err(CryptoError::KeyType),
        _ => Err(CryptoError::Algorithm),
    }
}

fn import(hash: &[u8], of: &'static digest::Algorithm) -> Result<Digest, CryptoError> {
    Digest::import_less_safe(hash, of).map_err(|_| CryptoError::PlaintextLength)
}
