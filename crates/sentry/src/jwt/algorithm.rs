//! The JWS algorithms that Sentry signs with.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::signature::{self, RsaSignatureEncoding};

use crate::ca::KeyKind;

/// A JWS signature algorithm (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, PKCS #1 v1.5, SHA-256: what every verifier knows.
    #[default]
    Rs256,
    /// The same with SHA-384.
    Rs384,
    /// The same with SHA-512.
    Rs512,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// The same with SHA-384.
    Ps384,
    /// The same with SHA-512.
    Ps512,
    /// ECDSA, P-256, SHA-256.
    Es256,
    /// ECDSA, P-384, SHA-384.
    Es384,
    /// ECDSA, P-521, SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
}

const ALL: [(Algorithm, &str); 10] = [
    (Algorithm::Rs256, "RS256"),
    (Algorithm::Rs384, "RS384"),
    (Algorithm::Rs512, "RS512"),
    (Algorithm::Ps256, "PS256"),
    (Algorithm::Ps384, "PS384"),
    (Algorithm::Ps512, "PS512"),
    (Algorithm::Es256, "ES256"),
    (Algorithm::Es384, "ES384"),
    (Algorithm::Es512, "ES512"),
    (Algorithm::EdDsa, "EdDSA"),
];

/// A name that is none of the algorithms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unsupported signature algorithm: {0}; --jwt-signing-algorithm takes RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA"
)]
pub struct UnknownAlgorithm(String);

impl Algorithm {
    /// The kind of key that it needs.
    pub fn kind(self) -> KeyKind {
        match self {
            Self::Es256 => KeyKind::P256,
            Self::Es384 => KeyKind::P384,
            Self::Es512 => KeyKind::P521,
            Self::EdDsa => KeyKind::Ed25519,
            _ => KeyKind::Rsa,
        }
    }

    /// The same for people.
    pub(super) fn needed(self) -> &'static str {
        match self.kind() {
            KeyKind::P256 => "an ECDSA key on P-256",
            KeyKind::P384 => "an ECDSA key on P-384",
            KeyKind::P521 => "an ECDSA key on P-521",
            KeyKind::Ed25519 => "an Ed25519 key",
            KeyKind::Rsa => "an RSA key",
        }
    }

    /// Padding and hash if the key is RSA; anything else for other keys, which do not look at it.
    pub(super) fn rsa(self) -> &'static RsaSignatureEncoding {
        match self {
            Self::Rs384 => &signature::RSA_PKCS1_SHA384,
            Self::Rs512 => &signature::RSA_PKCS1_SHA512,
            Self::Ps256 => &signature::RSA_PSS_SHA256,
            Self::Ps384 => &signature::RSA_PSS_SHA384,
            Self::Ps512 => &signature::RSA_PSS_SHA512,
            _ => &signature::RSA_PKCS1_SHA256,
        }
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        let found = ALL.iter().find(|(_, name)| *name == text);
        found.map(|(algorithm, _)| *algorithm).ok_or_else(|| UnknownAlgorithm(text.to_owned()))
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ALL.iter().find(|(algorithm, _)| algorithm == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}
