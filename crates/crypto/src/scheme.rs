//! The Dapr encryption scheme, version 1: `dapr.io/enc/v1`.
//!
//! A document is three lines of text (the scheme's name, a manifest in JSON, and the authentication code of both), and
//! then segments of 64 KiB, each encrypted and authenticated by itself. Nothing of a segment is given out before all of
//! it is verified, and the last one is marked, so that a document that was cut is refused.
//!
//! [`Encryption`] and [`Decryption`] take bytes as they come and give bytes as they are ready.

mod cipher;
mod header;
mod key;
mod segments;

#[cfg(test)]
mod tests;

pub use cipher::{DataCipher, KeyAlgorithm};
pub use header::{Header, HeaderReader, Manifest};
pub use key::FileKey;
pub use segments::{Decryption, Encryption};

/// First line of every document.
pub const NAME: &str = "dapr.io/enc/v1";
/// Bytes of plaintext in a segment; the last one may have less.
pub const SEGMENT: usize = 64 << 10;
/// Bytes that authenticate a segment.
pub const TAG: usize = 16;
/// Random bytes that begin the nonce of every segment.
pub const NONCE_PREFIX: usize = 7;

/// Why a document cannot be made or read. The texts are the incumbent's where it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// What comes before the segments is none of this scheme.
    #[error("invalid header: {0}")]
    Header(&'static str),
    /// Somebody changed the header, or the key is not the right one.
    #[error("failed to validate the document's signature")]
    Signature,
    /// The header names no key, and the caller did not either.
    #[error("document's manifest does not contain a key name, and no key name was provided")]
    KeyMissing,
    /// Somebody changed or cut the document.
    #[error("error processing segment {0}: failed to decrypt segment")]
    Segment(u32),
    /// More than 2^32 segments.
    #[error("input stream is too large")]
    TooLarge,
    /// The header would be longer than a segment.
    #[error("header is too long")]
    HeaderTooLong,
    /// The system has no random numbers, or the library failed.
    #[error("cryptography failed")]
    Library,
}
