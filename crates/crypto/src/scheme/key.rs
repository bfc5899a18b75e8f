//! The key of one document, and what is derived from it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac, rand};

use super::cipher::DataCipher;
use super::{Error, NONCE_PREFIX, TAG};

const LENGTH: usize = 32;

/// A random key that is used for one document only.
pub struct FileKey {
    key: [u8; LENGTH],
    nonce_prefix: [u8; NONCE_PREFIX],
    cipher: DataCipher,
    payload: LessSafeKey,
}

impl FileKey {
    /// A new key.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub fn generate(cipher: DataCipher) -> Result<Self, Error> {
        let (mut key, mut nonce_prefix) = ([0; LENGTH], [0; NONCE_PREFIX]);
        rand::fill(&mut key).map_err(|_| Error::Library)?;
        rand::fill(&mut nonce_prefix).map_err(|_| Error::Library)?;
        Self::import(key, nonce_prefix, cipher)
    }

    pub(super) fn import(
        key: [u8; LENGTH],
        nonce_prefix: [u8; NONCE_PREFIX],
        cipher: DataCipher,
    ) -> Result<Self, Error> {
        let algorithm = match cipher {
            DataCipher::AesGcm => &AES_256_GCM,
            DataCipher::ChaCha20Poly1305 => &CHACHA20_POLY1305,
        };
        let payload = derive(&key, &nonce_prefix, b"payload")?;
        let payload = LessSafeKey::new(UnboundKey::new(algorithm, &payload).map_err(|_| Error::Library)?);
        Ok(Self { key, nonce_prefix, cipher, payload })
    }

    /// What a vault wraps.
    pub fn bytes(&self) -> &[u8] {
        &self.key
    }

    pub(super) fn nonce_prefix(&self) -> &[u8] {
        &self.nonce_prefix
    }

    pub(super) fn cipher(&self) -> DataCipher {
        self.cipher
    }

    /// The authentication code of the header's first two lines.
    pub(super) fn sign(&self, lines: &[u8]) -> Result<hmac::Tag, Error> {
        Ok(hmac::sign(&self.header_key()?, lines))
    }

    /// Compares in constant time.
    pub(super) fn verify(&self, lines: &[u8], code: &[u8]) -> Result<(), Error> {
        hmac::verify(&self.header_key()?, lines, code).map_err(|_| Error::Signature)
    }

    fn header_key(&self) -> Result<hmac::Key, Error> {
        Ok(hmac::Key::new(hmac::HMAC_SHA256, &derive(&self.key, &[], b"header")?))
    }

    /// Encrypts a segment in place and puts its tag behind it.
    pub(super) fn seal(&self, segment: &mut Vec<u8>, number: u32, is_last: bool) -> Result<(), Error> {
        let nonce = self.nonce(number, is_last);
        self.payload.seal_in_place_append_tag(nonce, Aad::empty(), segment).map_err(|_| Error::Library)
    }

    /// Decrypts a segment in place and takes its tag off.
    pub(super) fn open(&self, segment: &mut Vec<u8>, number: u32, is_last: bool) -> Result<(), Error> {
        let nonce = self.nonce(number, is_last);
        let opened = self.payload.open_in_place(nonce, Aad::empty(), segment).map_err(|_| Error::Segment(number))?;
        let length = opened.len();
        segment.truncate(length);
        Ok(())
    }

    fn nonce(&self, number: u32, is_last: bool) -> Nonce {
        let mut nonce = [0; NONCE_PREFIX + 5];
        nonce[..NONCE_PREFIX].copy_from_slice(&self.nonce_prefix);
        nonce[NONCE_PREFIX..NONCE_PREFIX + 4].copy_from_slice(&number.to_be_bytes());
        nonce[NONCE_PREFIX + 4] = u8::from(is_last);
        Nonce::assume_unique_for_key(nonce)
    }
}

/// No name of the key in a log.
impl std::fmt::Debug for FileKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileKey({:?})", self.cipher)
    }
}

impl Drop for FileKey {
    fn drop(&mut self) {
        self.key.fill(0);
    }
}

fn derive(key: &[u8], salt: &[u8], info: &[u8]) -> Result<[u8; LENGTH], Error> {
    let mut derived = [0; LENGTH];
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(key);
    let info = [info];
    let expanded = extracted.expand(&info, hkdf::HKDF_SHA256).map_err(|_| Error::Library)?;
    expanded.fill(&mut derived).map_err(|_| Error::Library)?;
    Ok(derived)
}

const _: () = assert!(TAG == 16, "both ciphers have tags of that length");
