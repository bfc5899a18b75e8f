//! What follows the header, piece by piece.

use bytes::Bytes;

use super::cipher::KeyAlgorithm;
use super::key::FileKey;
use super::{Error, SEGMENT, TAG, header};

/// Makes a document of plaintext.
#[derive(Debug)]
pub struct Encryption {
    key: FileKey,
    cutter: Cutter,
}

/// Makes plaintext of a document's segments.
#[derive(Debug)]
pub struct Decryption {
    key: FileKey,
    cutter: Cutter,
}

/// Cuts a stream into segments. A whole segment is held back until a further byte shows that it is not the last one.
#[derive(Debug)]
struct Cutter {
    length: usize,
    held: Vec<u8>,
    number: u32,
    is_over: bool,
}

impl Cutter {
    fn new(length: usize) -> Self {
        Self { length, held: Vec::with_capacity(length + TAG), number: 0, is_over: false }
    }

    /// Calls `process` with every segment that is known not to be the last one.
    fn push(
        &mut self,
        mut piece: &[u8],
        mut process: impl FnMut(&mut Vec<u8>, u32) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while !piece.is_empty() {
            if self.held.len() == self.length {
                if self.is_over {
                    return Err(Error::TooLarge);
                }
                process(&mut self.held, self.number)?;
                self.held.clear();
                match self.number.checked_add(1) {
                    Some(next) => self.number = next,
                    None => self.is_over = true,
                }
            }
            let (taken, rest) = piece.split_at(piece.len().min(self.length - self.held.len()));
            self.held.extend_from_slice(taken);
            piece = rest;
        }
        if self.is_over && !self.held.is_empty() { Err(Error::TooLarge) } else { Ok(()) }
    }
}

impl Encryption {
    /// Begins a document; `wrapped_key` is `key`, wrapped by a vault. An empty `key_name` is left out. Returns the header.
    ///
    /// # Errors
    /// The header would be too long.
    pub fn begin(
        key: FileKey,
        key_name: &str,
        algorithm: KeyAlgorithm,
        wrapped_key: &[u8],
    ) -> Result<(Self, Bytes), Error> {
        let header = header::write(&key, key_name, algorithm, wrapped_key)?;
        Ok((Self { key, cutter: Cutter::new(SEGMENT) }, header.into()))
    }

    /// Takes plaintext and returns the part of the document that is ready; may be empty.
    ///
    /// # Errors
    /// There are too many segments.
    pub fn push(&mut self, plaintext: &[u8]) -> Result<Bytes, Error> {
        let Self { key, cutter } = self;
        let mut ready = Vec::new();
        cutter.push(plaintext, |segment, number| {
            key.seal(segment, number, false)?;
            ready.extend_from_slice(segment);
            Ok(())
        })?;
        Ok(ready.into())
    }

    /// Returns the last segment. That of an empty document is empty and authenticated all the same.
    ///
    /// # Errors
    /// The library failed.
    pub fn finish(self) -> Result<Bytes, Error> {
        let Self { key, cutter } = self;
        let mut segment = cutter.held;
        key.seal(&mut segment, cutter.number, true)?;
        Ok(segment.into())
    }
}

impl Decryption {
    /// Begins with the key of a verified header.
    pub fn begin(key: FileKey) -> Self {
        Self { key, cutter: Cutter::new(SEGMENT + TAG) }
    }

    /// Takes what follows the header and returns the plaintext that is verified; may be empty.
    ///
    /// # Errors
    /// The document was changed.
    pub fn push(&mut self, document: &[u8]) -> Result<Bytes, Error> {
        let Self { key, cutter } = self;
        let mut ready = Vec::new();
        cutter.push(document, |segment, number| {
            key.open(segment, number, false)?;
            ready.extend_from_slice(segment);
            Ok(())
        })?;
        Ok(ready.into())
    }

    /// The document has ended: returns the rest of the plaintext.
    ///
    /// The incumbent writes no segment at all for an empty message, so nothing is an empty message here, too.
    ///
    /// # Errors
    /// The document was changed or cut.
    pub fn finish(self) -> Result<Bytes, Error> {
        let Self { key, cutter } = self;
        let mut segment = cutter.held;
        if segment.is_empty() && cutter.number == 0 {
            return Ok(Bytes::new());
        }
        key.open(&mut segment, cutter.number, true)?;
        Ok(segment.into())
    }
}
