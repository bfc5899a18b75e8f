//! A key, however it was written down.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING,
    ECDSA_P521_SHA512_ASN1, ECDSA_P521_SHA512_ASN1_SIGNING, ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, Ed25519KeyPair, KeyPair, ParsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use rustls::pki_types::pem::{PemObject, SectionKind};

use crate::jwk::Jwk;

/// A key and what it may be used for.
#[derive(Clone, Default)]
pub(crate) struct Key {
    pub(crate) material: Material,
    /// `enc`, `sig`, or empty for both.
    pub(crate) usage: String,
    /// Operations that are allowed; empty for all.
    pub(crate) operations: Vec<String>,
    /// The one algorithm that is allowed; empty for any.
    pub(crate) algorithm: String,
}

/// The key itself.
#[derive(Clone)]
pub(crate) enum Material {
    Symmetric(Vec<u8>),
    Asymmetric {
        kind: Kind,
        /// `SubjectPublicKeyInfo`.
        public: Vec<u8>,
        /// PKCS #8; `None` when only the public half is known.
        private: Option<Vec<u8>>,
    },
}

impl Default for Material {
    fn default() -> Self {
        Self::Symmetric(Vec::new())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Rsa,
    Ec(Curve),
    Ed25519,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Jwk,
    Pem,
    /// Its content tells.
    Guess,
}

impl Curve {
    pub(crate) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    pub(crate) fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Self::P384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Self::P521 => &ECDSA_P521_SHA512_ASN1_SIGNING,
        }
    }

    pub(crate) fn verifying(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256 => &ECDSA_P256_SHA256_ASN1,
            Self::P384 => &ECDSA_P384_SHA384_ASN1,
            Self::P521 => &ECDSA_P521_SHA512_ASN1,
        }
    }
}

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    /// It is none, or of a kind that nothing here can use. Nothing of the key is quoted.
    pub(crate) fn parse(raw: &[u8], format: Format) -> Result<Self, String> {
        if raw.is_empty() {
            return Err("key is empty".to_owned());
        }
        // What has the length of an AES key and begins with a brace is a key all the same.
        let is_jwk = raw[0] == b'{' && ![16, 24, 32].contains(&raw.len());
        match format {
            Format::Jwk => Jwk::parse(raw)?.into_key(),
            Format::Guess if is_jwk => Jwk::parse(raw)?.into_key(),
            Format::Pem => of_pem(raw).map(Self::of),
            Format::Guess if raw.len() > 10 && raw.starts_with(b"-----") => of_pem(raw).map(Self::of),
            Format::Guess => Ok(Self::of(Material::Symmetric(symmetric(raw)))),
        }
    }

    fn of(material: Material) -> Self {
        Self { material, ..Self::default() }
    }

    /// Whether the key says that it is for this: `encrypt`, `wrapKey`, `sign` and the like.
    pub(crate) fn allows(&self, operation: &str) -> bool {
        let listed = self.operations.is_empty() || self.operations.iter().any(|known| known == operation);
        let wanted = if matches!(operation, "sign" | "verify") { "sig" } else { "enc" };
        listed && (self.usage.is_empty() || self.usage == wanted)
    }
}

/// Base64 of either alphabet, or else the bytes as they are.
fn symmetric(raw: &[u8]) -> Vec<u8> {
    let end = raw.iter().rposition(|byte| !matches!(byte, b'\n' | b'=')).map_or(0, |last| last + 1);
    let trimmed = &raw[..end];
    let decoded = STANDARD_NO_PAD.decode(trimmed).or_else(|_| URL_SAFE_NO_PAD.decode(trimmed));
    decoded.unwrap_or_else(|_| raw.to_vec())
}

fn of_pem(raw: &[u8]) -> Result<Material, String> {
    let (kind, der) = <(SectionKind, Vec<u8>)>::from_pem_slice(raw)
        .map_err(|_| "no key in PEM; expected PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY or PUBLIC KEY".to_owned())?;
    match kind {
        SectionKind::PrivateKey => of_pkcs8(&der),
        SectionKind::RsaPrivateKey => {
            let pair = rsa::KeyPair::from_der(&der).map_err(|_| "not an RSA key".to_owned())?;
            of_rsa(&pair)
        }
        SectionKind::EcPrivateKey => {
            let of_curve =
                |curve: Curve| Some((curve, EcdsaKeyPair::from_private_key_der(curve.signing(), &der).ok()?));
            let (curve, pair) =
                Curve::ALL.into_iter().find_map(of_curve).ok_or("not a key of P-256, P-384 or P-521")?;
            of_ec(curve, &pair)
        }
        SectionKind::PublicKey => of_spki(der),
        _ => Err("expected PRIVATE KEY, RSA PRIVATE KEY, EC PRIVATE KEY or PUBLIC KEY in PEM".to_owned()),
    }
}

fn of_pkcs8(der: &[u8]) -> Result<Material, String> {
    if let Ok(pair) = rsa::KeyPair::from_pkcs8(der) {
        return of_rsa(&pair);
    }
    for curve in Curve::ALL {
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(curve.signing(), der) {
            return of_ec(curve, &pair);
        }
    }
    match Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
        Ok(pair) => of_ed25519(&pair),
        Err(_) => Err("invalid key type: expected RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519".to_owned()),
    }
}

fn of_spki(der: Vec<u8>) -> Result<Material, String> {
    let is_ec = |curve: &Curve| ParsedPublicKey::new(curve.verifying(), der.as_slice()).is_ok();
    let kind = if rsa::PublicEncryptingKey::from_der(&der).is_ok() {
        Kind::Rsa
    } else if let Some(curve) = Curve::ALL.into_iter().find(is_ec) {
        Kind::Ec(curve)
    } else if ParsedPublicKey::new(&ED25519, der.as_slice()).is_ok() {
        Kind::Ed25519
    } else {
        return Err("invalid key type: expected RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519".to_owned());
    };
    Ok(Material::Asymmetric { kind, public: der, private: None })
}

const BROKEN: &str = "the key cannot be written again";

pub(crate) fn of_rsa(pair: &rsa::KeyPair) -> Result<Material, String> {
    let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| BROKEN)?;
    let private = private.as_ref().to_vec();
    let decrypting = rsa::PrivateDecryptingKey::from_pkcs8(&private).map_err(|_| BROKEN)?;
    let public: PublicKeyX509Der<'_> = decrypting.public_key().as_der().map_err(|_| BROKEN)?;
    Ok(Material::Asymmetric { kind: Kind::Rsa, public: public.as_ref().to_vec(), private: Some(private) })
}

pub(crate) fn of_ec(curve: Curve, pair: &EcdsaKeyPair) -> Result<Material, String> {
    let private = pair.to_pkcs8v1().map_err(|_| BROKEN)?.as_ref().to_vec();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| BROKEN)?;
    Ok(Material::Asymmetric { kind: Kind::Ec(curve), public: public.as_ref().to_vec(), private: Some(private) })
}

pub(crate) fn of_ed25519(pair: &Ed25519KeyPair) -> Result<Material, String> {
    let private = pair.to_pkcs8v1().map_err(|_| BROKEN)?.as_ref().to_vec();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| BROKEN)?;
    Ok(Material::Asymmetric { kind: Kind::Ed25519, public: public.as_ref().to_vec(), private: Some(private) })
}
