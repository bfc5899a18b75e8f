//! Upper-casing of text in pieces: a character may begin in one piece and end in the next.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use dapr_net::{Body, BoxError};
use http_body::Frame;

/// A body whose text is upper-cased piece by piece.
pub(super) struct Uppercased {
    body: Body,
    /// The first bytes of a character whose rest has not come yet.
    begun: Vec<u8>,
    /// What comes after the last text.
    trailers: Option<Frame<Bytes>>,
    ended: bool,
}

impl Uppercased {
    pub(super) fn new(body: Body) -> Self {
        Self { body, begun: Vec::new(), trailers: None, ended: false }
    }

    /// The piece in upper case, without a character at its end that is not complete.
    fn piece(&mut self, piece: &[u8]) -> Vec<u8> {
        if self.begun.is_empty() && piece.is_ascii() {
            return piece.to_ascii_uppercase();
        }
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend_from_slice(piece);
        self.begun = bytes.split_off(bytes.len() - incomplete(&bytes));
        uppercase_all(&bytes)
    }
}

impl http_body::Body for Uppercased {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        while !self.ended {
            let Some(frame) = std::task::ready!(Pin::new(&mut self.body).poll_frame(context)) else {
                self.ended = true;
                break;
            };
            match frame?.into_data() {
                Ok(data) => {
                    let piece = self.piece(&data);
                    if !piece.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(piece.into()))));
                    }
                }
                Err(trailers) => {
                    self.trailers = Some(trailers);
                    self.ended = true;
                }
            }
        }
        let rest = std::mem::take(&mut self.begun);
        if rest.is_empty() {
            return Poll::Ready(self.trailers.take().map(Ok));
        }
        Poll::Ready(Some(Ok(Frame::data(rest.into()))))
    }
}

/// How many bytes at the end begin a character that is not complete.
fn incomplete(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let length = match bytes[bytes.len() - back] {
            0x80..=0xBF => continue,
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => 1,
        };
        return if length > back { back } else { 0 };
    }
    0
}

/// The text in upper case; what is not UTF-8 stays as it is.
pub(super) fn uppercase_all(bytes: &[u8]) -> Vec<u8> {
    if bytes.is_ascii() {
        return bytes.to_ascii_uppercase();
    }
    let mut upper = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            upper.extend_from_slice(uppercase(character).encode_utf8(&mut [0; 4]).as_bytes());
        }
        upper.extend_from_slice(chunk.invalid());
    }
    upper
}

/// The one upper-case character of Unicode's simple mapping, as the incumbent has it: `ß` stays, it does not become `SS`.
pub(super) fn uppercase(character: char) -> char {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => simple(character),
    }
}

/// The simple mapping of those whose full mapping is several characters: Greek letters with an iota below have one.
fn simple(character: char) -> char {
    let code = u32::from(character);
    let mapped = match code {
        0x1F80..=0x1F87 | 0x1F90..=0x1F97 | 0x1FA0..=0x1FA7 => code + 8,
        0x1FB3 | 0x1FC3 | 0x1FF3 => code + 9,
        _ => code,
    };
    char::from_u32(mapped).unwrap_or(character)
}
