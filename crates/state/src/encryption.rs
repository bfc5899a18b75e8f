//! Encryption at rest: AES-GCM with a primary and a secondary key
//! (interface/state-pubsub-binding-details.md 8.3).
//!
//! A record is `base64(nonce ‖ ciphertext ‖ tag) || key name`, so a key is
//! rotated by making the old one secondary: old records still open, new ones
//! are sealed with the primary.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use dapr_spi::state::Value;

const SEPARATOR: &[u8] = b"||";

/// One key with the name that records carry.
pub struct Key {
    name: String,
    key: LessSafeKey,
}

/// The keys of one store.
pub struct Encryption {
    primary: Key,
    secondary: Option<Key>,
}

/// Why a key or record cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not hex, or of the wrong length.
    #[error("the encryption key must be 16, 24 or 32 bytes in hex")]
    BadKey,
    /// No separator in the record.
    #[error("the record is not encrypted; it was written before encryption was switched on")]
    NotEncrypted,
    /// Neither of our keys has the record's name.
    #[error(
        "encryption key name not found on record: it was sealed with key `{0}`, which is neither primary nor secondary"
    )]
    UnknownKey(String),
    /// The record was changed, or sealed with another key of the same name.
    #[error("the record cannot be decrypted with key `{0}`")]
    Damaged(String),
    /// The random generator failed.
    #[error("no random numbers for the nonce")]
    Random,
}

impl Key {
    /// A key from its hex text; `name` is that of the secret it came from, or empty.
    ///
    /// # Errors
    /// The text is not hex of 16, 24 or 32 bytes.
    pub fn from_hex(name: &str, text: &str) -> Result<Self, Error> {
        let bytes = hex::decode(text.trim()).map_err(|_| Error::BadKey)?;
        let algorithm: &Algorithm = match bytes.len() {
            16 => &AES_128_GCM,
            24 => &AES_192_GCM,
            32 => &AES_256_GCM,
            _ => return Err(Error::BadKey),
        };
        let key = UnboundKey::new(algorithm, &bytes).map_err(|_| Error::BadKey)?;
        Ok(Self { name: name.to_owned(), key: LessSafeKey::new(key) })
    }
}

impl Encryption {
    /// Seals with `primary`, opens with either.
    pub fn new(primary: Key, secondary: Option<Key>) -> Self {
        Self { primary, secondary }
    }

    /// The record for a value: a JSON string is sealed as its text, any other value as it is.
    ///
    /// # Errors
    /// The random generator failed.
    pub fn seal(&self, value: &Value) -> Result<Value, Error> {
        let mut sealed = plaintext(value);
        let mut nonce = [0u8; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| Error::Random)?;
        self.primary
            .key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .map_err(|_| Error::Random)?;
        let mut record = BASE64_STANDARD.encode([&nonce[..], &sealed].concat()).into_bytes();
        record.extend_from_slice(SEPARATOR);
        record.extend_from_slice(self.primary.name.as_bytes());
        Ok(Value::Binary(record.into()))
    }

    /// The value of a record; an empty record is an empty value.
    ///
    /// # Errors
    /// The record was not sealed by us, with a key we do not have, or was changed.
    pub fn open(&self, record: &Bytes) -> Result<Bytes, Error> {
        if record.is_empty() {
            return Ok(record.clone());
        }
        let at = record.windows(2).rposition(|pair| pair == SEPARATOR).ok_or(Error::NotEncrypted)?;
        let name = String::from_utf8_lossy(&record[at + 2..]).into_owned();
        let key = self.key_named(&name).ok_or_else(|| Error::UnknownKey(name.clone()))?;
        open_with(key, &record[..at]).ok_or(Error::Damaged(name))
    }

    fn key_named(&self, name: &str) -> Option<&Key> {
        [Some(&self.primary), self.secondary.as_ref()].into_iter().flatten().find(|key| key.name == name)
    }
}

fn open_with(key: &Key, encoded: &[u8]) -> Option<Bytes> {
    let mut sealed = BASE64_STANDARD.decode(encoded).ok()?;
    let nonce = Nonce::try_assume_unique_for_key(sealed.get(..NONCE_LEN)?).ok()?;
    let mut sealed = sealed.split_off(NONCE_LEN);
    let length = key.key.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?.len();
    sealed.truncate(length);
    Some(sealed.into())
}

fn plaintext(value: &Value) -> Vec<u8> {
    match value {
        Value::Json(text) if text.first() == Some(&b'"') => match serde_json::from_slice::<String>(text) {
            Ok(string) => string.into_bytes(),
            Err(_) => text.to_vec(),
        },
        Value::Json(bytes) | Value::Binary(bytes) => bytes.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMARY: &str = "fb4ef2bd2c64e9ae3bb9b3c6b1f3d1a0";
    const OTHER: &str = "00112233445566778899aabbccddeeff0011223344556677";

    fn key(name: &str, text: &str) -> Key {
        Key::from_hex(name, text).unwrap()
    }

    fn record(encryption: &Encryption, value: Value) -> Bytes {
        encryption.seal(&value).unwrap().bytes().clone()
    }

    #[test]
    fn a_json_string_is_sealed_as_its_text_and_the_rest_as_it_is() {
        let encryption = Encryption::new(key("k1", PRIMARY), None);
        for (value, opened) in [
            (Value::Json(Bytes::from_static(b"\"secret\"")), &b"secret"[..]),
            (Value::Json(Bytes::from_static(b"{\"a\":1}")), b"{\"a\":1}"),
            (Value::Binary(Bytes::from_static(b"\x00\xff||")), b"\x00\xff||"),
        ] {
            let sealed = record(&encryption, value);
            assert!(sealed.ends_with(b"||k1"), "{sealed:?}");
            assert_eq!(encryption.open(&sealed).unwrap(), opened);
        }
    }

    #[test]
    fn a_key_is_rotated_by_making_the_old_one_secondary() {
        let old = record(&Encryption::new(key("old", PRIMARY), None), Value::Binary("v".into()));
        let rotated = Encryption::new(key("new", OTHER), Some(key("old", PRIMARY)));
        assert_eq!(rotated.open(&old).unwrap(), "v");
        assert!(record(&rotated, Value::Binary("v".into())).ends_with(b"||new"));
        let without = Encryption::new(key("new", OTHER), None);
        assert_eq!(without.open(&old).unwrap_err(), Error::UnknownKey("old".into()));
    }

    #[test]
    fn what_was_changed_or_not_sealed_is_refused() {
        let encryption = Encryption::new(key("", PRIMARY), None);
        let mut sealed = record(&encryption, Value::Binary("value".into())).to_vec();
        assert_eq!(encryption.open(&Bytes::from(sealed.clone())).unwrap(), "value");
        sealed[3] ^= 1;
        assert_eq!(encryption.open(&sealed.into()).unwrap_err(), Error::Damaged(String::new()));
        assert_eq!(encryption.open(&Bytes::from_static(b"plain")).unwrap_err(), Error::NotEncrypted);
        assert_eq!(encryption.open(&Bytes::new()).unwrap(), "");
    }

    #[test]
    fn a_key_of_another_length_is_refused() {
        for text in ["", "00", "zz", "0011223344556677889900112233445566"] {
            assert_eq!(Key::from_hex("k", text).err(), Some(Error::BadKey), "{text}");
        }
    }
}
