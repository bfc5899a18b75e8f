//! The text in front of the segments.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use super::cipher::{DataCipher, KeyAlgorithm};
use super::key::FileKey;
use super::{Error, NAME, NONCE_PREFIX, SEGMENT};

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The vault's key that unwraps the document's; may be empty.
    pub key_name: String,
    /// How the document's key is wrapped.
    pub algorithm: KeyAlgorithm,
    /// The document's key, wrapped.
    pub wrapped_key: Vec<u8>,
    cipher: DataCipher,
    nonce_prefix: [u8; NONCE_PREFIX],
}

/// The manifest as JSON has it.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(rename = "k", default, skip_serializing_if = "String::is_empty")]
    key_name: String,
    #[serde(rename = "kw")]
    algorithm: u8,
    #[serde(rename = "wfk")]
    wrapped_key: String,
    #[serde(rename = "cph")]
    cipher: u8,
    #[serde(rename = "np")]
    nonce_prefix: String,
}

impl Manifest {
    fn read(line: &[u8]) -> Option<Self> {
        let written: Written = serde_json::from_slice(line).ok()?;
        let wrapped_key = STANDARD.decode(written.wrapped_key).ok().filter(|key| !key.is_empty())?;
        Some(Self {
            key_name: written.key_name,
            algorithm: KeyAlgorithm::of_number(written.algorithm)?,
            wrapped_key,
            cipher: DataCipher::of_number(written.cipher)?,
            nonce_prefix: STANDARD.decode(written.nonce_prefix).ok()?.try_into().ok()?,
        })
    }
}

/// Writes the header of a new document.
///
/// # Errors
/// The key's name is too long.
pub(super) fn write(
    key: &FileKey,
    key_name: &str,
    algorithm: KeyAlgorithm,
    wrapped_key: &[u8],
) -> Result<Vec<u8>, Error> {
    let written = Written {
        key_name: key_name.to_owned(),
        algorithm: algorithm.number(),
        wrapped_key: STANDARD.encode(wrapped_key),
        cipher: key.cipher().number(),
        nonce_prefix: STANDARD.encode(key.nonce_prefix()),
    };
    let mut header = format!("{NAME}\n").into_bytes();
    serde_json::to_writer(&mut header, &written).map_err(|_| Error::Library)?;
    header.push(b'\n');
    let code = key.sign(&header)?;
    header.extend_from_slice(STANDARD.encode(code).as_bytes());
    header.push(b'\n');
    if header.len() > SEGMENT { Err(Error::HeaderTooLong) } else { Ok(header) }
}

/// A header that was read, and is not verified yet.
#[derive(Clone, Debug)]
pub struct Header {
    /// What it says. Only [`Header::open`] makes sure that the document's writer said so.
    pub manifest: Manifest,
    /// The first two lines.
    lines: Vec<u8>,
    code: Vec<u8>,
}

impl Header {
    /// Verifies the header with the document's key, unwrapped. A key that could not be unwrapped is `None`; then the
    /// same work is done in vain, so that time does not tell whether the vault has the key.
    ///
    /// # Errors
    /// It is not the key of this document, or the header was changed.
    pub fn open(&self, key: Option<&[u8]>) -> Result<FileKey, Error> {
        let key = key.and_then(|key| <[u8; 32]>::try_from(key).ok());
        let is_known = key.is_some();
        let manifest = &self.manifest;
        let key = FileKey::import(key.unwrap_or_default(), manifest.nonce_prefix, manifest.cipher)?;
        key.verify(&self.lines, &self.code)?;
        if is_known { Ok(key) } else { Err(Error::Signature) }
    }
}

/// Gathers the header from the pieces of a document.
#[derive(Debug, Default)]
pub struct HeaderReader(BytesMut);

impl HeaderReader {
    /// Takes the next piece. When the header is complete, it is returned with what follows it.
    ///
    /// # Errors
    /// This is no document of the scheme.
    pub fn push(&mut self, piece: &[u8]) -> Result<Option<(Header, Bytes)>, Error> {
        self.0.extend_from_slice(piece);
        let begin = &self.0[..self.0.len().min(NAME.len() + 1)];
        if !format!("{NAME}\n").as_bytes().starts_with(begin) {
            return Err(Error::Header("unsupported scheme"));
        }
        let within = &self.0[..self.0.len().min(SEGMENT)];
        let mut ends = within.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        let (Some(first), Some(second), Some(third)) = (ends.next(), ends.next(), ends.next()) else {
            return if self.0.len() >= SEGMENT { Err(Error::Header("it is longer than 64 KiB")) } else { Ok(None) };
        };
        let manifest = Manifest::read(&self.0[first..second - 1]).ok_or(Error::Header("invalid manifest"))?;
        let code = STANDARD.decode(&self.0[second..third - 1]);
        let code = code.map_err(|_| Error::Header("message authentication code is not base64"))?;
        let lines = self.0[..second].to_vec();
        let rest = std::mem::take(&mut self.0).freeze().slice(third..);
        Ok(Some((Header { manifest, lines, code }, rest)))
    }

    /// The document has ended and the header has not.
    pub fn unfinished(&self) -> Error {
        match self.0.iter().filter(|byte| **byte == b'\n').count() {
            0 => Error::Header("scheme name not found"),
            1 => Error::Header("manifest not found"),
            _ => Error::Header("message authentication code not found"),
        }
    }
}
