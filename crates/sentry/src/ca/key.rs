//! Private keys of the kinds that Go's x509 package signs with: Ed25519, ECDSA on P-256, P-384 and P-521, RSA.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaSignatureEncoding,
};
use rustls::pki_types::pem::SectionKind;

use super::pem;

/// What kind of key, and so which signatures it can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Ed25519.
    Ed25519,
    /// ECDSA with SHA-256.
    P256,
    /// ECDSA with SHA-384.
    P384,
    /// ECDSA with SHA-512.
    P521,
    /// RSA of 2048 to 8192 bits.
    Rsa,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not PEM, or PEM without a private key in it.
    #[error("no private key found: expected a PEM block PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY")]
    Missing,
    /// The PEM is damaged.
    #[error(transparent)]
    Pem(#[from] pem::PemError),
    /// A block that is none of the kinds we know, or a broken one.
    #[error("unsupported or damaged private key: use Ed25519, ECDSA (P-256, P-384, P-521) or RSA (2048 to 8192 bits)")]
    Unsupported,
    /// The library of cryptography failed.
    #[error("failed to make a key")]
    Generate,
}

/// A private key that signs certificates and tokens.
pub struct PrivateKey {
    kind: KeyKind,
    pair: Pair,
    public: Vec<u8>,
    pkcs8: Vec<u8>,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    /// The same key twice: certificates carry signatures in ASN.1, tokens two plain numbers.
    Ecdsa {
        asn1: EcdsaKeyPair,
        fixed: EcdsaKeyPair,
    },
    Rsa(RsaKeyPair),
}

/// The algorithms of one curve: for certificates and for tokens.
fn curve(kind: KeyKind) -> Option<(&'static EcdsaSigningAlgorithm, &'static EcdsaSigningAlgorithm)> {
    match kind {
        KeyKind::P256 => {
            Some((&signature::ECDSA_P256_SHA256_ASN1_SIGNING, &signature::ECDSA_P256_SHA256_FIXED_SIGNING))
        }
        KeyKind::P384 => {
            Some((&signature::ECDSA_P384_SHA384_ASN1_SIGNING, &signature::ECDSA_P384_SHA384_FIXED_SIGNING))
        }
        KeyKind::P521 => {
            Some((&signature::ECDSA_P521_SHA512_ASN1_SIGNING, &signature::ECDSA_P521_SHA512_FIXED_SIGNING))
        }
        KeyKind::Ed25519 | KeyKind::Rsa => None,
    }
}

impl PrivateKey {
    /// A new key; RSA has 2048 bits, which takes a second now and then.
    ///
    /// # Errors
    /// The library of cryptography failed.
    pub fn generate(kind: KeyKind) -> Result<Self, KeyError> {
        let failed = |_| KeyError::Generate;
        if let Some((asn1, _)) = curve(kind) {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(asn1, &SystemRandom::new()).map_err(failed)?;
            return Self::from_pkcs8(pkcs8.as_ref());
        }
        if kind == KeyKind::Rsa {
            return Self::rsa(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?);
        }
        Self::ed25519(Ed25519KeyPair::generate().map_err(failed)?)
    }

    /// The first private key of a PEM text: PKCS #8, SEC1 or PKCS #1.
    ///
    /// # Errors
    /// There is none, or it is damaged or of a kind that cannot sign.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        for (kind, der) in pem::blocks(text)? {
            match kind {
                SectionKind::PrivateKey => return Self::from_pkcs8(&der),
                SectionKind::EcPrivateKey => return Self::from_sec1(&der),
                SectionKind::RsaPrivateKey => {
                    return Self::rsa(RsaKeyPair::from_der(&der).map_err(|_| KeyError::Unsupported)?);
                }
                _ => {}
            }
        }
        Err(KeyError::Missing)
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            return Self::ed25519(pair);
        }
        if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
            return Self::rsa(pair);
        }
        Self::ecdsa(|algorithm| EcdsaKeyPair::from_pkcs8(algorithm, der).ok())
    }

    fn from_sec1(der: &[u8]) -> Result<Self, KeyError> {
        Self::ecdsa(|algorithm| EcdsaKeyPair::from_private_key_der(algorithm, der).ok())
    }

    fn ed25519(pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let public = x509_form(pair.public_key())?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError::Unsupported)?.as_ref().to_vec();
        Ok(Self { kind: KeyKind::Ed25519, pair: Pair::Ed25519(pair), public, pkcs8 })
    }

    fn rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        if !(256..=1024).contains(&pair.public_modulus_len()) {
            return Err(KeyError::Unsupported);
        }
        let public = x509_form(pair.public_key())?;
        let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(|_| KeyError::Unsupported)?.as_ref().to_vec();
        Ok(Self { kind: KeyKind::Rsa, pair: Pair::Rsa(pair), public, pkcs8 })
    }

    fn ecdsa(read: impl Fn(&'static EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair>) -> Result<Self, KeyError> {
        for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521] {
            let Some((asn1, fixed)) = curve(kind).and_then(|(asn1, fixed)| Some((read(asn1)?, read(fixed)?))) else {
                continue;
            };
            let public = x509_form(asn1.public_key())?;
            let pkcs8 = asn1.to_pkcs8v1().map_err(|_| KeyError::Unsupported)?.as_ref().to_vec();
            return Ok(Self { kind, pair: Pair::Ecdsa { asn1, fixed }, public, pkcs8 });
        }
        Err(KeyError::Unsupported)
    }

    /// What kind of key this is.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public half as certificates carry it: a DER encoded SubjectPublicKeyInfo.
    pub fn public_key_info(&self) -> &[u8] {
        &self.public
    }

    /// The public half without its wrapping: 32 bytes, an uncompressed point, or a PKCS #1 RSAPublicKey.
    pub fn public_key(&self) -> &[u8] {
        match &self.pair {
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::Ecdsa { asn1, .. } => asn1.public_key().as_ref(),
            Pair::Rsa(pair) => pair.public_key().as_ref(),
        }
    }

    /// Unencrypted PKCS #8, DER encoded.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// Unencrypted PKCS #8 in a PEM block `PRIVATE KEY`.
    pub fn to_pem(&self) -> String {
        pem::encode("PRIVATE KEY", &self.pkcs8)
    }

    /// Signs as certificates want it: RSA with PKCS #1 v1.5 and SHA-256, ECDSA in ASN.1 with its curve's hash.
    ///
    /// # Errors
    /// The library of cryptography failed.
    pub fn sign_certificate(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Ecdsa { asn1, .. } => ecdsa_sign(asn1, message),
            Pair::Rsa(pair) => rsa_sign(pair, &signature::RSA_PKCS1_SHA256, message),
        }
    }

    /// Signs as a JWS wants it: ECDSA as two numbers of fixed width. `rsa` chooses padding and hash of an RSA key.
    ///
    /// # Errors
    /// The library of cryptography failed.
    pub fn sign_token(&self, message: &[u8], rsa: &'static RsaSignatureEncoding) -> Result<Vec<u8>, KeyError> {
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Ecdsa { fixed, .. } => ecdsa_sign(fixed, message),
            Pair::Rsa(pair) => rsa_sign(pair, rsa, message),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:?})", self.kind)
    }
}

fn x509_form<'a>(key: &impl AsDer<PublicKeyX509Der<'a>>) -> Result<Vec<u8>, KeyError> {
    Ok(key.as_der().map_err(|_| KeyError::Unsupported)?.as_ref().to_vec())
}

fn ecdsa_sign(pair: &EcdsaKeyPair, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    Ok(pair.sign(&SystemRandom::new(), message).map_err(|_| KeyError::Generate)?.as_ref().to_vec())
}

fn rsa_sign(pair: &RsaKeyPair, how: &'static RsaSignatureEncoding, message: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(how, &SystemRandom::new(), message, &mut signature).map_err(|_| KeyError::Generate)?;
    Ok(signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_written_and_read_back() {
        for kind in [KeyKind::Ed25519, KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::Rsa] {
            let key = PrivateKey::generate(kind).unwrap();
            let again = PrivateKey::from_pem(key.to_pem().as_bytes()).unwrap();
            assert_eq!((again.kind(), again.public_key_info()), (kind, key.public_key_info()));
            assert!(!key.sign_certificate(b"x").unwrap().is_empty());
        }
    }

    #[test]
    fn what_is_no_key_says_what_would_be() {
        assert!(matches!(PrivateKey::from_pem(b"nothing"), Err(KeyError::Missing)));
        let broken = pem::encode("PRIVATE KEY", b"not a key");
        assert!(matches!(PrivateKey::from_pem(broken.as_bytes()), Err(KeyError::Unsupported)));
    }

    #[test]
    fn debug_output_has_no_secret() {
        let key = PrivateKey::generate(KeyKind::Ed25519).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey(Ed25519)");
    }
}
