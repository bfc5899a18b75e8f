//! The operations, with whatever key is found.

use async_trait::async_trait;
use dapr_spi::crypto::{Cipher, CryptoProvider, PublicKey, Sealed};
use dapr_spi::{Error, ErrorKind, Result};

use crate::key::{Key, Material};
use crate::{CryptoError, asymmetric, jwk, symmetric};

/// Where keys are.
#[async_trait]
pub(crate) trait Keys: Send + Sync {
    /// The key of that name.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    async fn find(&self, name: &str) -> Result<Key>;
}

/// Cryptography in this process.
pub(crate) struct Vault<K>(pub(crate) K);

impl<K: Keys> Vault<K> {
    /// The key, if it is for that operation and algorithm.
    async fn usable(&self, name: &str, operation: &str, algorithm: &str) -> Result<Key> {
        let key = self.0.find(name).await.map_err(|error| error.context("failed to retrieve the key"))?;
        if !key.allows(operation) {
            return Err(Error::invalid(format!("key cannot perform the '{operation}' operation")));
        }
        if !key.algorithm.is_empty() && key.algorithm != algorithm {
            return Err(Error::invalid(format!("key cannot be used with algorithm '{algorithm}'")));
        }
        Ok(key)
    }

    async fn seal(&self, operation: &str, cipher: Cipher<'_>, plaintext: &[u8]) -> Result<Sealed> {
        let key = self.usable(cipher.key, operation, cipher.algorithm).await?;
        let sealed = match &key.material {
            Material::Symmetric(key) if symmetric::knows(cipher.algorithm) => {
                symmetric::encrypt(key, cipher, plaintext)
            }
            Material::Asymmetric { public, .. } if asymmetric::encrypts(cipher.algorithm) => {
                asymmetric::encrypt(cipher.algorithm, public, plaintext, cipher.associated_data)
                    .map(|data| Sealed { data, tag: Vec::new() })
            }
            _ => Err(mismatch(cipher.algorithm)),
        };
        sealed.map_err(|cause| failed("failed to encrypt data", cause))
    }

    async fn open(&self, operation: &str, cipher: Cipher<'_>, sealed: &Sealed) -> Result<Vec<u8>> {
        let key = self.usable(cipher.key, operation, cipher.algorithm).await?;
        let opened = match &key.material {
            Material::Symmetric(key) if symmetric::knows(cipher.algorithm) => symmetric::decrypt(key, cipher, sealed),
            Material::Asymmetric { private: Some(private), .. } if asymmetric::encrypts(cipher.algorithm) => {
                asymmetric::decrypt(cipher.algorithm, private, &sealed.data, cipher.associated_data)
            }
            _ => Err(mismatch(cipher.algorithm)),
        };
        opened.map_err(|cause| failed("failed to decrypt data", cause))
    }
}

fn mismatch(algorithm: &str) -> CryptoError {
    let is_known = symmetric::knows(algorithm) || asymmetric::encrypts(algorithm);
    if is_known { CryptoError::KeyType } else { CryptoError::Algorithm }
}

fn failed(what: &str, cause: CryptoError) -> Error {
    Error::new(ErrorKind::Invalid, format!("{what}: {cause}"))
}

#[async_trait]
impl<K: Keys> CryptoProvider for Vault<K> {
    async fn public_key(&self, name: &str) -> Result<PublicKey> {
        let key = self.0.find(name).await?;
        let Material::Asymmetric { kind, public, .. } = key.material else {
            return Err(Error::new(ErrorKind::NotFound, "key not found"));
        };
        let jwk = jwk::write(kind, &public).ok_or_else(|| Error::failed("failed to obtain public key"))?;
        Ok(PublicKey { name: None, der: public, jwk })
    }

    async fn encrypt(&self, cipher: Cipher<'_>, plaintext: &[u8]) -> Result<Sealed> {
        self.seal("encrypt", cipher, plaintext).await
    }

    async fn decrypt(&self, cipher: Cipher<'_>, sealed: &Sealed) -> Result<Vec<u8>> {
        self.open("decrypt", cipher, sealed).await
    }

    async fn wrap_key(&self, cipher: Cipher<'_>, key: &[u8]) -> Result<Sealed> {
        self.seal("wrapKey", cipher, key).await
    }

    async fn unwrap_key(&self, cipher: Cipher<'_>, sealed: &Sealed) -> Result<Vec<u8>> {
        self.open("unwrapKey", cipher, sealed).await
    }

    async fn sign(&self, algorithm: &str, name: &str, digest: &[u8]) -> Result<Vec<u8>> {
        let key = self.usable(name, "sign", algorithm).await?;
        let signature = match &key.material {
            Material::Asymmetric { kind, private: Some(private), .. } => {
                asymmetric::sign(algorithm, *kind, private, digest)
            }
            _ => Err(CryptoError::KeyType),
        };
        signature.map_err(|cause| failed("failed to sign message", cause))
    }

    async fn verify(&self, algorithm: &str, name: &str, digest: &[u8], signature: &[u8]) -> Result<bool> {
        let key = self.usable(name, "verify", algorithm).await?;
        let verified = match &key.material {
            Material::Asymmetric { kind, public, .. } => {
                asymmetric::verify(algorithm, *kind, public, digest, signature)
            }
            Material::Symmetric(_) => Err(CryptoError::KeyType),
        };
        verified.map_err(|cause| failed("failed to validate the signature", cause))
    }
}
