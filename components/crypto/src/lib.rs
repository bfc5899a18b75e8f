//! Keys that this process holds itself: `crypto.dapr.localstorage`.
//!
//! [`vault`] does the operations with whatever key a [`vault::Keys`] finds; where keys come from is a file each.

mod asymmetric;
mod jwk;
mod key;
mod local_storage;
mod symmetric;
mod vault;

#[cfg(test)]
mod tests;

use dapr_spi::registry::Registry;

pub use local_storage::{LocalStorage, LocalStorageMetadata};

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("crypto.dapr.localstorage").factory::<LocalStorage>();
}

/// What is wrong with a key or a request for it; the texts are those that logs of the incumbent have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CryptoError {
    #[error("unsupported algorithm")]
    Algorithm,
    #[error("key type mismatch")]
    KeyType,
    #[error("invalid nonce")]
    Nonce,
    #[error("invalid tag")]
    Tag,
    #[error("invalid plaintext length")]
    PlaintextLength,
    #[error("invalid ciphertext length")]
    CiphertextLength,
    /// It was not encrypted with this key, or somebody changed it.
    #[error("message authentication failed")]
    Authentication,
    #[error("cryptography failed")]
    Library,
}
