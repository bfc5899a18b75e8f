//! Keys that never leave their vault: operations with a key that is named, not given.

use async_trait::async_trait;

use crate::Result;

/// The public half of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// The key's full name, version included, if the vault has a better one than it was asked for.
    pub name: Option<String>,
    /// `SubjectPublicKeyInfo`, in DER.
    pub der: Vec<u8>,
    /// The same as a JSON Web Key.
    pub jwk: String,
}

/// What encrypts, decrypts, wraps or unwraps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cipher<'a> {
    /// The algorithm, by its name in JSON Object Signing and Encryption.
    pub algorithm: &'a str,
    /// The key in the vault.
    pub key: &'a str,
    /// Of algorithms that have one; else empty.
    pub nonce: &'a [u8],
    /// Authenticated and not encrypted, for algorithms that can; else ignored.
    pub associated_data: &'a [u8],
}

/// What came out of encrypting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// As long as the plaintext, or a little longer.
    pub data: Vec<u8>,
    /// Of authenticated algorithms; else empty.
    pub tag: Vec<u8>,
}

/// A vault.
///
/// Errors say what is wrong, and the engine tells an application less: too much would help whoever guesses.
#[async_trait]
pub trait CryptoProvider: Send + Sync {
    /// The public half of an asymmetric key.
    ///
    /// # Errors
    /// There is no such key, or it has no public half.
    async fn public_key(&self, name: &str) -> Result<PublicKey>;

    /// Encrypts a small message.
    ///
    /// # Errors
    /// No such key, not for this algorithm, or a wrong nonce.
    async fn encrypt(&self, cipher: Cipher<'_>, plaintext: &[u8]) -> Result<Sealed>;

    /// Decrypts a small message.
    ///
    /// # Errors
    /// As above, or the message was not encrypted with that key.
    async fn decrypt(&self, cipher: Cipher<'_>, sealed: &Sealed) -> Result<Vec<u8>>;

    /// Encrypts a key.
    ///
    /// # Errors
    /// As for [`CryptoProvider::encrypt`].
    async fn wrap_key(&self, cipher: Cipher<'_>, key: &[u8]) -> Result<Sealed>;

    /// Decrypts a symmetric key.
    ///
    /// # Errors
    /// As for [`CryptoProvider::decrypt`].
    async fn unwrap_key(&self, cipher: Cipher<'_>, sealed: &Sealed) -> Result<Vec<u8>>;

    /// Signs the hash of a message; with EdDSA the message itself.
    ///
    /// # Errors
    /// No such key, or not for this algorithm.
    async fn sign(&self, algorithm: &str, key: &str, digest: &[u8]) -> Result<Vec<u8>>;

    /// Whether the signature is that of the hash.
    ///
    /// # Errors
    /// No such key, or not for this algorithm.
    async fn verify(&self, algorithm: &str, key: &str, digest: &[u8], signature: &[u8]) -> Result<bool>;

    /// Ends background work and connections; no call follows.
    async fn close(&self) {}
}
