//! Heads and bodies of answers, as they are read from the wire.

use std::mem::MaybeUninit;

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, StatusCode, Version};
use http_body::Frame;
use httparse::Status;

use crate::BoxError;

/// Header lines of an answer.
const MAX_HEADERS: usize = 256;
/// Bytes of an answer's head.
const MAX_HEAD: usize = 400 << 10;
/// Bytes of a line that tells the size of a chunk.
const MAX_SIZE_LINE: usize = 4 << 10;
/// The end of a body without trailers, as it stands behind the data of its last chunk.
const END_BEHIND_DATA: &[u8] = b"\r\n0\r\n\r\n";
/// Bytes of trailers.
const MAX_TRAILERS: usize = 64 << 10;

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
}

impl Head {
    /// Takes a head from the front of `buffer`; `None` when it has not come whole. `seen` is how much of the buffer was
    /// looked at before.
    pub(super) fn take(buffer: &mut BytesMut, seen: &mut usize) -> Result<Option<Self>, BoxError> {
        let from = seen.saturating_sub(3);
        *seen = buffer.len();
        if !has_blank_line(&buffer[from.min(buffer.len())..]) {
            return if buffer.len() > MAX_HEAD { Err(too_large()) } else { Ok(None) };
        }
        let mut lines = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut parsed = httparse::Response::new(&mut []);
        let parser = httparse::ParserConfig::default();
        let length = match parser.parse_response_with_uninit_headers(&mut parsed, buffer, &mut lines) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) if buffer.len() > MAX_HEAD => return Err(too_large()),
            Ok(Status::Partial) => return Ok(None),
            Err(error) => return Err(format!("the answer's head is not HTTP: {error}").into()),
        };
        let status = StatusCode::from_u16(parsed.code.unwrap_or_default())?;
        let version = if parsed.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
        let start = buffer.as_ptr().addr();
        let spans: Vec<(HeaderName, usize, usize)> = parsed
            .headers
            .iter()
            .map(|line| {
                let name = HeaderName::from_bytes(line.name.as_bytes())?;
                Ok((name, line.value.as_ptr().addr() - start, line.value.len()))
            })
            .collect::<Result<_, http::header::InvalidHeaderName>>()?;
        let bytes = buffer.split_to(length).freeze();
        *seen = 0;
        let mut headers = HeaderMap::with_capacity(spans.len());
        for (name, at, length) in spans {
            // Parts of the one piece that was read: nothing is copied.
            headers.append(name, HeaderValue::from_maybe_shared(bytes.slice(at..at + length))?);
        }
        Ok(Some(Self { status, version, headers }))
    }

    /// Whether the connection may serve another call, as far as the head says.
    pub(super) fn keeps_alive(&self) -> bool {
        let says = |token: &str| {
            let values = self.headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(',')).any(|found| found.trim().eq_ignore_ascii_case(token))
        };
        !says("close") && (self.version == Version::HTTP_11 || says("keep-alive"))
    }

    /// How the body is read.
    pub(super) fn decoder(&mut self, method: &Method) -> Result<Decoder, BoxError> {
        let bodiless = self.status.is_informational()
            || matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || *method == Method::HEAD;
        if bodiless {
            return Ok(Decoder::Done);
        }
        if self.headers.contains_key(TRANSFER_ENCODING) {
            // Both at once is how requests are smuggled: the encoding counts, and the length is not passed on.
            self.headers.remove(CONTENT_LENGTH);
            let last = self.headers.get_all(TRANSFER_ENCODING).iter().next_back();
            let last = last.and_then(|value| value.to_str().ok()?.rsplit(',').next()).unwrap_or_default();
            let is_chunked = last.trim().eq_ignore_ascii_case("chunked");
            return Ok(if is_chunked { Decoder::Chunked(Chunk::Size) } else { Decoder::UntilClose });
        }
        let mut length = None;
        for value in self.headers.get_all(CONTENT_LENGTH) {
            let found = value.to_str().ok().and_then(digits);
            let found = found.ok_or("the content-length of the answer is not a number of bytes")?;
            if length.is_some_and(|known| known != found) {
                return Err("the answer has two content-lengths".into());
            }
            length = Some(found);
        }
        Ok(match length {
            Some(0) => Decoder::Done,
            Some(length) => Decoder::Length(length),
            None => Decoder::UntilClose,
        })
    }
}

/// Digits and nothing else.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn has_blank_line(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
        rest = &rest[at + 1..];
        if rest.starts_with(b"\n") || rest.starts_with(b"\r\n") {
            return true;
        }
    }
    false
}

fn too_large() -> BoxError {
    format!("the answer's head is longer than {MAX_HEAD} bytes").into()
}

/// Finds the end of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decoder {
    /// The body has ended.
    Done,
    /// So many bytes are still to come.
    Length(u64),
    Chunked(Chunk),
    /// What comes until the peer closes the connection.
    UntilClose,
}

/// Where in a chunk the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// In the line that tells its size.
    Size,
    /// In its data, of which so much is to come.
    Data(u64),
    /// In the line break behind its data.
    End,
    /// Behind the last chunk.
    Trailers,
}

impl Decoder {
    /// The next frame that is wholly in `buffer`; `None` when more must be read, or when the body has ended.
    pub(super) fn take(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame<Bytes>>, BoxError> {
        match self {
            Self::Done => Ok(None),
            Self::Length(left) => {
                let data = take_up_to(buffer, *left);
                *left -= data.len() as u64;
                if *left == 0 {
                    *self = Self::Done;
                }
                Ok((!data.is_empty()).then(|| Frame::data(data)))
            }
            Self::UntilClose => Ok((!buffer.is_empty()).then(|| Frame::data(buffer.split().freeze()))),
            Self::Chunked(_) => self.take_chunk(buffer),
        }
    }

    fn take_chunk(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame<Bytes>>, BoxError> {
        while let Self::Chunked(place) = self {
            match place {
                Chunk::Size => match httparse::parse_chunk_size(buffer) {
                    Ok(Status::Complete((length, size))) => {
                        buffer.advance(length);
                        *place = if size == 0 { Chunk::Trailers } else { Chunk::Data(size) };
                    }
                    Ok(Status::Partial) if buffer.len() > MAX_SIZE_LINE => return Err("a chunk has no size".into()),
                    Ok(Status::Partial) => return Ok(None),
                    Err(_) => return Err("the size of a chunk is not a number".into()),
                },
                Chunk::Data(left) => {
                    let data = take_up_to(buffer, *left);
                    if data.is_empty() {
                        return Ok(None);
                    }
                    *left -= data.len() as u64;
                    if *left == 0 {
                        *place = Chunk::End;
                        // Mostly the end has come with the last data; the connection is then free at once.
                        if buffer.starts_with(END_BEHIND_DATA) {
                            buffer.advance(END_BEHIND_DATA.len());
                            *self = Self::Done;
                        }
                    }
                    return Ok(Some(Frame::data(data)));
                }
                Chunk::End if buffer.starts_with(b"\r\n") => {
                    buffer.advance(2);
                    *place = Chunk::Size;
                }
                Chunk::End if buffer.len() >= 2 => return Err("a chunk is longer than its size".into()),
                Chunk::End => return Ok(None),
                Chunk::Trailers => {
                    let trailers = trailers(buffer)?;
                    if trailers.is_some() {
                        *self = Self::Done;
                    }
                    return Ok(trailers.filter(|trailers| !trailers.is_empty()).map(Frame::trailers));
                }
            }
        }
        Ok(None)
    }

    /// What the end of the connection means: the end of the body, or that a part is missing.
    pub(super) fn close(&mut self) -> Result<(), BoxError> {
        match self {
            Self::Done => Ok(()),
            Self::UntilClose => {
                *self = Self::Done;
                Ok(())
            }
            Self::Length(_) | Self::Chunked(_) => Err("the connection ended inside the body".into()),
        }
    }

    /// How many bytes are worth reading at once, if that is known.
    pub(super) fn left(&self) -> Option<u64> {
        match self {
            Self::Done => Some(0),
            Self::Length(left) => Some(*left),
            Self::Chunked(_) | Self::UntilClose => None,
        }
    }
}

fn take_up_to(buffer: &mut BytesMut, most: u64) -> Bytes {
    let length = buffer.len().min(usize::try_from(most).unwrap_or(usize::MAX));
    if length == buffer.len() { buffer.split().freeze() } else { buffer.split_to(length).freeze() }
}

/// The trailers at the front of `buffer`; `None` when they have not come whole.
fn trailers(buffer: &mut BytesMut) -> Result<Option<HeaderMap>, BoxError> {
    let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let (length, trailers) = match httparse::parse_headers(buffer, &mut lines) {
        Ok(Status::Complete((length, lines))) => {
            let mut trailers = HeaderMap::with_capacity(lines.len());
            for line in lines {
                trailers.append(HeaderName::from_bytes(line.name.as_bytes())?, HeaderValue::from_bytes(line.value)?);
            }
            (length, trailers)
        }
        Ok(Status::Partial) if buffer.len() > MAX_TRAILERS => return Err("the trailers are too long".into()),
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("the trailers are not HTTP: {error}").into()),
    };
    buffer.advance(length);
    Ok(Some(trailers))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Parts = (Vec<u8>, Option<HeaderMap>, Decoder);

    /// What comes out of `bytes` when they arrive in pieces that end at `cuts`.
    fn decode(mut decoder: Decoder, bytes: &[u8], cuts: &[usize]) -> Result<Parts, String> {
        let (mut buffer, mut body, mut trailers, mut from) = (BytesMut::new(), Vec::new(), None, 0);
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        ends.sort_unstable();
        ends.push(bytes.len());
        for end in ends {
            buffer.extend_from_slice(&bytes[from..end]);
            from = end;
            while let Some(frame) = decoder.take(&mut buffer).map_err(|error| error.to_string())? {
                match frame.into_data() {
                    Ok(data) => body.extend_from_slice(&data),
                    Err(frame) => trailers = frame.into_trailers().ok(),
                }
            }
        }
        Ok((body, trailers, decoder))
    }

    fn head(text: &str) -> Result<Option<Head>, String> {
        Head::take(&mut BytesMut::from(text), &mut 0).map_err(|error| error.to_string())
    }

    fn decoder(method: Method, text: &str) -> Result<Decoder, String> {
        head(text)?.expect("a whole head").decoder(&method).map_err(|error| error.to_string())
    }

    #[test]
    fn the_end_of_a_body_is_found_by_its_head() {
        let get = |lines: &str| decoder(Method::GET, &format!("HTTP/1.1 200 OK\r\n{lines}\r\n"));
        assert_eq!(get("content-length: 5\r\n"), Ok(Decoder::Length(5)));
        assert_eq!(get("content-length: 5\r\ncontent-length: 5\r\n"), Ok(Decoder::Length(5)));
        assert_eq!(get("content-length: 0\r\n"), Ok(Decoder::Done));
        assert_eq!(get("transfer-encoding: gzip, Chunked\r\n"), Ok(Decoder::Chunked(Chunk::Size)));
        assert_eq!(get("transfer-encoding: gzip\r\n"), Ok(Decoder::UntilClose));
        assert_eq!(get(""), Ok(Decoder::UntilClose));
        for wrong in ["content-length: +5\r\n", "content-length: 5\r\ncontent-length: 6\r\n", "content-length: \r\n"] {
            assert!(get(wrong).is_err(), "{wrong}");
        }
        assert_eq!(decoder(Method::HEAD, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), Ok(Decoder::Done));
        assert_eq!(decoder(Method::GET, "HTTP/1.1 204 No Content\r\n\r\n"), Ok(Decoder::Done));
    }

    #[test]
    fn a_length_beside_an_encoding_does_not_count_and_is_not_passed_on() {
        let mut head =
            head("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n").unwrap().unwrap();
        assert_eq!(head.decoder(&Method::GET).unwrap(), Decoder::Chunked(Chunk::Size));
        assert!(!head.headers.contains_key(CONTENT_LENGTH));
    }

    #[test]
    fn connections_stay_open_as_the_head_says() {
        for (text, keeps) in [
            ("HTTP/1.1 200 OK\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\n\r\n", true),
        ] {
            assert_eq!(head(text).unwrap().unwrap().keeps_alive(), keeps, "{text}");
        }
    }

    #[test]
    fn what_is_no_http_or_never_ends_is_an_error() {
        assert!(head("SMTP 220 hello\r\n\r\n").is_err());
        assert!(head(&format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(MAX_HEAD))).is_err());
        assert!(head(&format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(MAX_HEADERS + 1))).is_err());
        assert!(head("HTTP/1.1 200 OK\r\nx: y\r\n").unwrap().is_none());
        let chunked = Decoder::Chunked(Chunk::Size);
        for wrong in ["x\r\n", "fffffffffffffffff\r\n", "1\r\nab\r\n", "0\r\n: x\r\n\r\n"] {
            assert!(decode(chunked, wrong.as_bytes(), &[]).is_err(), "{wrong}");
        }
        assert!(decode(chunked, format!("1;{}", "x".repeat(MAX_SIZE_LINE)).as_bytes(), &[]).is_err());
        assert!(decode(chunked, format!("0\r\nx: {}", "x".repeat(MAX_TRAILERS)).as_bytes(), &[]).is_err());
        for mut open in [Decoder::Length(1), chunked] {
            assert!(open.close().is_err());
        }
    }

    proptest! {
        #[test]
        fn chunks_give_their_data_however_they_are_cut(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..8),
            cuts in prop::collection::vec(any::<usize>(), 0..12),
            has_trailers: bool,
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                wire.extend_from_slice(format!("{:X};x=y\r\n", chunk.len()).as_bytes());
                wire.extend_from_slice(chunk);
                wire.extend_from_slice(b"\r\n");
            }
            wire.extend_from_slice(if has_trailers { b"0\r\na: b\r\n\r\n" } else { b"0\r\n\r\n" });
            let (body, trailers, decoder) = decode(Decoder::Chunked(Chunk::Size), &wire, &cuts).unwrap();
            prop_assert_eq!(body, chunks.concat());
            prop_assert_eq!(trailers.is_some_and(|trailers| trailers["a"] == "b"), has_trailers);
            prop_assert_eq!(decoder, Decoder::Done);
        }

        #[test]
        fn any_bytes_are_an_answer_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), cuts in prop::collection::vec(any::<usize>(), 0..4)) {
            let _ = Head::take(&mut BytesMut::from(bytes.as_slice()), &mut 0);
            let whole = decode(Decoder::Chunked(Chunk::Size), &bytes, &[]);
            let cut = decode(Decoder::Chunked(Chunk::Size), &bytes, &cuts);
            prop_assert_eq!(whole.map(|(body, ..)| body), cut.map(|(body, ..)| body));
        }
    }
}
