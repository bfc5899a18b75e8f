//! The algorithms of the scheme, by name and by number in manifests.

/// How segments are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataCipher {
    /// `AES-GCM`, with 256 bits.
    #[default]
    AesGcm,
    /// `CHACHA20-POLY1305`, for machines without instructions for AES.
    ChaCha20Poly1305,
}

impl DataCipher {
    /// Case is ignored.
    ///
    /// # Errors
    /// No such cipher.
    pub fn of_name(name: &str) -> Result<Self, String> {
        match name.to_ascii_uppercase().as_str() {
            "AES-GCM" => Ok(Self::AesGcm),
            "CHACHA20-POLY1305" => Ok(Self::ChaCha20Poly1305),
            other => Err(format!("option Cipher is not valid: cipher {other} is not supported")),
        }
    }

    pub(super) fn number(self) -> u8 {
        match self {
            Self::AesGcm => 1,
            Self::ChaCha20Poly1305 => 2,
        }
    }

    pub(super) fn of_number(number: u8) -> Option<Self> {
        [Self::AesGcm, Self::ChaCha20Poly1305].into_iter().find(|cipher| cipher.number() == number)
    }
}

/// How a vault wraps the key of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the algorithm of its name")]
pub enum KeyAlgorithm {
    A256Kw,
    A128CbcNoPad,
    A192CbcNoPad,
    A256CbcNoPad,
    RsaOaep256,
}

impl KeyAlgorithm {
    const ALL: [Self; 5] = [Self::A256Kw, Self::A128CbcNoPad, Self::A192CbcNoPad, Self::A256CbcNoPad, Self::RsaOaep256];

    /// Case is ignored; `AES` means `A256KW`, and `RSA` means `RSA-OAEP-256`.
    ///
    /// # Errors
    /// No such algorithm.
    pub fn of_name(name: &str) -> Result<Self, String> {
        let upper = name.to_ascii_uppercase();
        match upper.as_str() {
            "AES" => Ok(Self::A256Kw),
            "RSA" => Ok(Self::RsaOaep256),
            upper => Self::ALL
                .into_iter()
                .find(|algorithm| algorithm.name() == upper)
                .ok_or_else(|| format!("option Algorithm is not valid: algorithm {upper} is not supported")),
        }
    }

    /// As vaults know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::A256Kw => "A256KW",
            Self::A128CbcNoPad => "A128CBC-NOPAD",
            Self::A192CbcNoPad => "A192CBC-NOPAD",
            Self::A256CbcNoPad => "A256CBC-NOPAD",
            Self::RsaOaep256 => "RSA-OAEP-256",
        }
    }

    pub(super) fn number(self) -> u8 {
        match self {
            Self::A256Kw => 1,
            Self::A128CbcNoPad => 2,
            Self::A192CbcNoPad => 3,
            Self::A256CbcNoPad => 4,
            Self::RsaOaep256 => 5,
        }
    }

    pub(super) fn of_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.number() == number)
    }
}
