//! Secret stores: named secrets, each with one or more keys.

use std::collections::HashMap;
use std::path::PathBuf;

use async_trait::async_trait;

use crate::Result;

/// The keys of one secret and their values.
pub type Secret = HashMap<String, String>;

/// What a secret store can do beyond get and bulk get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// One secret holds several keys.
    MultipleKeyValuesPerSecret,
}

impl Feature {
    /// The name in the metadata API.
    pub fn name(self) -> &'static str {
        match self {
            Self::MultipleKeyValuesPerSecret => "MULTIPLE_KEY_VALUES_PER_SECRET",
        }
    }
}

/// A place for secrets. Implementations never log a value.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// What the store can do; constant over its life.
    fn features(&self) -> &[Feature] {
        &[]
    }

    /// Reads one secret.
    ///
    /// # Errors
    /// There is no such secret, or the store could not be asked.
    async fn get(&self, name: &str, metadata: &HashMap<String, String>) -> Result<Secret>;

    /// Reads all secrets.
    ///
    /// # Errors
    /// The store could not be asked.
    async fn bulk_get(&self, metadata: &HashMap<String, String>) -> Result<HashMap<String, Secret>>;

    /// Files that were read when the store was opened. When one changes, the store is opened anew, and so is what takes
    /// a secret from it that is different now.
    fn files(&self) -> &[PathBuf] {
        &[]
    }

    /// Ends background work and connections; no call follows.
    async fn close(&self) {}
}
