//! All vaults of a sidecar, found by name, and what the API does with them.

use std::sync::Arc;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dapr_errors::{Error, Result, table};
use dapr_kit::slots::{Found, Slots};
use dapr_resiliency::{ComponentType, Error as PolicyError, Provider as Resiliency, Verdict};
use dapr_spi::crypto::{Cipher, CryptoProvider, PublicKey, Sealed};
use dapr_spi::{ErrorKind, Result as Outcome};
use dapr_telemetry::metrics::Metrics;

use crate::keys;
use crate::scheme::{self, FileKey, Header, KeyAlgorithm};

/// What metrics call a read of a key, and anything else.
const GET: &str = "get";
const OPERATION: &str = "crypto_op";

/// Vaults by name.
pub struct Providers {
    slots: Slots<Arc<dyn CryptoProvider>>,
    resiliency: Resiliency,
    metrics: Metrics,
}

/// One vault as the API sees it.
pub struct Provider {
    name: String,
    vault: Arc<dyn CryptoProvider>,
    resiliency: Resiliency,
    metrics: Metrics,
}

/// How a public key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFormat {
    /// `-----BEGIN PUBLIC KEY-----`
    Pem,
    /// A JSON Web Key.
    Json,
}

impl Providers {
    /// No vaults yet.
    pub fn new(resiliency: Resiliency, metrics: Metrics) -> Self {
        Self { slots: Slots::default(), resiliency, metrics }
    }

    /// Adds or replaces a vault.
    pub fn insert(&self, name: &str, vault: Arc<dyn CryptoProvider>) {
        self.slots.insert(name, vault);
    }

    /// Notes that a vault exists but cannot be used, and why.
    pub fn set_unready(&self, name: &str, why: &str) {
        self.slots.set_unready(name, why);
    }

    /// Forgets a vault.
    pub fn remove(&self, name: &str) {
        self.slots.remove(name);
    }

    /// The vault of that name.
    ///
    /// # Errors
    /// No vault is configured at all, none has that name, or it is not ready.
    pub fn find(&self, name: &str) -> Result<Provider> {
        let found = self.slots.find(name);
        if matches!(found, Found::Empty) {
            return Err(Error::new(&table::CRYPTO_PROVIDERS_NOT_CONFIGURED, &[]));
        }
        if name.is_empty() {
            return Err(Error::new(&table::BAD_REQUEST, &[&"missing component name"]));
        }
        match found {
            Found::Ready(vault) => Ok(Provider {
                name: name.to_owned(),
                vault,
                resiliency: self.resiliency.clone(),
                metrics: self.metrics.clone(),
            }),
            Found::Unready(why) => {
                Err(Error::new(&table::CRYPTO, &[&format_args!("crypto provider {name} is not ready: {why}")]))
            }
            Found::Empty | Found::Unknown => Err(Error::new(&table::CRYPTO_PROVIDER_NOT_FOUND, &[&name])),
        }
    }
}

impl Provider {
    /// Makes the key of a new document and wraps it.
    ///
    /// # Errors
    /// The vault refused; its reason is told, since it is the caller's own key.
    pub async fn wrap_file_key(&self, key: &FileKey, key_name: &str, algorithm: KeyAlgorithm) -> Result<Vec<u8>> {
        let cipher = Cipher { algorithm: algorithm.name(), key: key_name, ..Cipher::default() };
        let wrapped = self.run(OPERATION, || self.vault.wrap_key(cipher, key.bytes())).await;
        let wrapped = wrapped.map_err(|cause| failed(&format_args!("failed to wrap the file key: {cause}")))?;
        Ok(wrapped.data)
    }

    /// Unwraps the key of a document and verifies its header. `key_name` overrides the header's; empty leaves it.
    ///
    /// # Errors
    /// No key is named, or the header was not written with it. Whether the vault knows the key is not told.
    pub async fn open_header(&self, header: &Header, key_name: &str) -> Result<FileKey> {
        let manifest = &header.manifest;
        let key_name = if key_name.is_empty() { manifest.key_name.as_str() } else { key_name };
        if key_name.is_empty() {
            return Err(failed(&scheme::Error::KeyMissing));
        }
        let cipher = Cipher { algorithm: manifest.algorithm.name(), key: key_name, ..Cipher::default() };
        let sealed = Sealed { data: manifest.wrapped_key.clone(), tag: Vec::new() };
        let unwrapped = self.run(OPERATION, || self.vault.unwrap_key(cipher, &sealed)).await;
        if let Err(cause) = &unwrapped {
            tracing::debug!(target: "dapr.runtime.crypto", "crypto provider {}: the file key cannot be unwrapped: {cause}", self.name);
        }
        header.open(unwrapped.ok().as_deref()).map_err(|cause| failed(&cause))
    }

    /// The public half of a key: its full name and its text.
    ///
    /// # Errors
    /// The vault has no such key, or it has no public half.
    pub async fn public_key(&self, name: &str, format: KeyFormat) -> Result<(String, String)> {
        let key = self.run(GET, || self.vault.public_key(name)).await;
        let PublicKey { name: full, der, jwk } =
            key.map_err(|cause| Error::new(&table::CRYPTO_KEY, &[&name, &cause]))?;
        let text = match format {
            KeyFormat::Json => jwk,
            KeyFormat::Pem => pem(&der),
        };
        Ok((full.unwrap_or_else(|| name.to_owned()), text))
    }

    /// Encrypts a small message.
    ///
    /// # Errors
    /// It failed; the log says why, and the application is not told, so that nobody learns by trying.
    pub async fn encrypt(&self, cipher: Cipher<'_>, plaintext: &[u8]) -> Result<Sealed> {
        self.quiet("failed to encrypt", self.run(OPERATION, || self.vault.encrypt(cipher, plaintext)).await)
    }

    /// Decrypts a small message.
    ///
    /// # Errors
    /// As for [`Provider::encrypt`].
    pub async fn decrypt(&self, cipher: Cipher<'_>, sealed: &Sealed) -> Result<Vec<u8>> {
        self.quiet("failed to decrypt", self.run(OPERATION, || self.vault.decrypt(cipher, sealed)).await)
    }

    /// Wraps a key: raw, in base64, as a JSON Web Key or in PEM.
    ///
    /// # Errors
    /// It is no key, or as for [`Provider::encrypt`].
    pub async fn wrap_key(&self, cipher: Cipher<'_>, key: &[u8]) -> Result<Sealed> {
        let key = keys::parse(key).map_err(|cause| failed(&format_args!("failed to parse plaintext key: {cause}")))?;
        self.quiet("failed to wrap key", self.run(OPERATION, || self.vault.wrap_key(cipher, &key)).await)
    }

    /// Unwraps a symmetric key.
    ///
    /// # Errors
    /// As for [`Provider::encrypt`].
    pub async fn unwrap_key(&self, cipher: Cipher<'_>, sealed: &Sealed) -> Result<Vec<u8>> {
        self.quiet("failed to unwrap key", self.run(OPERATION, || self.vault.unwrap_key(cipher, sealed)).await)
    }

    /// Signs the hash of a message.
    ///
    /// # Errors
    /// As for [`Provider::encrypt`].
    pub async fn sign(&self, algorithm: &str, key: &str, digest: &[u8]) -> Result<Vec<u8>> {
        self.quiet("failed to sign", self.run(OPERATION, || self.vault.sign(algorithm, key, digest)).await)
    }

    /// Whether the signature is that of the hash.
    ///
    /// # Errors
    /// As for [`Provider::encrypt`].
    pub async fn verify(&self, algorithm: &str, key: &str, digest: &[u8], signature: &[u8]) -> Result<bool> {
        let verified = self.run(OPERATION, || self.vault.verify(algorithm, key, digest, signature)).await;
        self.quiet("failed to verify signature", verified)
    }

    fn quiet<T>(&self, what: &str, outcome: std::result::Result<T, String>) -> Result<T> {
        outcome.map_err(|cause| {
            tracing::debug!(target: "dapr.runtime.crypto", "crypto provider {}: {what}: {cause}", self.name);
            failed(&what)
        })
    }

    async fn run<T, F>(&self, operation: &'static str, work: impl Fn() -> F) -> std::result::Result<T, String>
    where
        F: Future<Output = Outcome<T>>,
    {
        let started = Instant::now();
        let policy = self.resiliency.component_outbound(&self.name, ComponentType::Crypto);
        let judge = |outcome: &Outcome<T>| match outcome {
            Ok(_) => Verdict::Success,
            Err(error) if error.kind() == ErrorKind::Unavailable => Verdict::Retriable,
            // A key that does not fit will not fit later.
            Err(_) => Verdict::Permanent,
        };
        let outcome = policy.run(judge, |_| work()).await;
        self.metrics.crypto.record(&self.name, operation, outcome.is_ok(), started.elapsed());
        outcome.map_err(|error| match error {
            PolicyError::Failed { error, .. } => error.to_string(),
            other => other.to_string(),
        })
    }
}

/// An operation that failed.
fn failed(cause: &dyn std::fmt::Display) -> Error {
    Error::new(&table::CRYPTO, &[cause])
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PUBLIC KEY-----\n");
    pem
}
