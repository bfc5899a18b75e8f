//! What a Component resource says about a state store that the store itself does not read.

use dapr_spi::metadata::Properties;

use crate::encryption::{self, Encryption, Key};
use crate::key::{InvalidKey, KeyPrefix};

/// Whom the sidecar serves; key prefixes are made of it.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// `--app-id`.
    pub app_id: String,
    /// Environment variable `NAMESPACE`; empty when unset.
    pub namespace: String,
}

/// Key prefix and encryption of one store.
#[derive(Default)]
pub struct Settings {
    /// The prefix of every key.
    pub key_prefix: KeyPrefix,
    /// Encryption at rest, when a primary key is given.
    pub encryption: Option<Encryption>,
}

/// A field of the resource is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// `keyPrefix`.
    #[error("field `keyPrefix`: {0}")]
    KeyPrefix(#[from] InvalidKey),
    /// `primaryEncryptionKey` or `secondaryEncryptionKey`.
    #[error("field `{0}`: {1}")]
    Key(&'static str, encryption::Error),
    /// A secondary key without a primary one.
    #[error("field `secondaryEncryptionKey` needs a `primaryEncryptionKey` beside it")]
    SecondaryAlone,
}

impl Settings {
    /// Reads `keyPrefix`, `primaryEncryptionKey` and `secondaryEncryptionKey`.
    ///
    /// `secret_name` gives the name of the secret a field's value came from; records carry it.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn read(
        store: &str,
        properties: &Properties,
        secret_name: impl Fn(&str) -> String,
        identity: &Identity,
    ) -> Result<Self, InvalidSettings> {
        let key_prefix = KeyPrefix::parse(properties.get("keyPrefix"), store, identity)?;
        let read = |field: &'static str| match properties.get(field).filter(|text| !text.is_empty()) {
            Some(text) => {
                Key::from_hex(&secret_name(field), text).map(Some).map_err(|error| InvalidSettings::Key(field, error))
            }
            None => Ok(None),
        };
        let encryption = match (read("primaryEncryptionKey")?, read("secondaryEncryptionKey")?) {
            (Some(primary), secondary) => Some(Encryption::new(primary, secondary)),
            (None, Some(_)) => return Err(InvalidSettings::SecondaryAlone),
            (None, None) => None,
        };
        Ok(Self { key_prefix, encryption })
    }
}
