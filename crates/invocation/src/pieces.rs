//! Bodies between sidecars: payload messages from and to streams of bytes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use dapr_net::{Body, BoxError};
use http::{HeaderMap, HeaderValue};
use http_body::{Frame, SizeHint};
use tonic::Status;

use crate::frames::Frames;
use crate::wire::{Message, ReadError, payload_prefix};

/// Bytes of a body in one message.
const PIECE: usize = 32 << 10;
/// A message up to this length is copied into one frame with its prefix.
const COPIED: usize = 8 << 10;

/// Writes messages: the leading one, then a body in pieces, then the trailers of an answer.
pub(crate) struct Writer {
    leading: Option<Bytes>,
    body: Body,
    sequence: u64,
    /// What is left of the piece that came.
    rest: Bytes,
    /// Bytes whose prefix was sent.
    prefixed: Option<Bytes>,
    /// Sent after the body: an answer ends with its status.
    trailers: Option<HeaderMap>,
}

impl Writer {
    /// The messages of a request.
    pub(crate) fn request(leading: Bytes, body: Body) -> Body {
        Body::stream(Self {
            leading: Some(leading),
            body,
            sequence: 0,
            rest: Bytes::new(),
            prefixed: None,
            trailers: None,
        })
    }

    /// The messages of an answer, and the status that ends it.
    pub(crate) fn answer(leading: Bytes, body: Body) -> Body {
        let trailers =
            HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
        let rest = Bytes::new();
        Body::stream(Self { leading: Some(leading), body, sequence: 0, rest, prefixed: None, trailers: Some(trailers) })
    }

    /// The next frame of a piece.
    fn piece(&mut self) -> Bytes {
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        let mut buffer = BytesMut::with_capacity(32 + if piece.len() <= COPIED { piece.len() } else { 0 });
        payload_prefix(&mut buffer, piece.len(), self.sequence);
        self.sequence += 1;
        if piece.len() <= COPIED {
            buffer.extend_from_slice(&piece);
        } else {
            self.prefixed = Some(piece);
        }
        buffer.freeze()
    }
}

impl http_body::Body for Writer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(bytes) = self.leading.take().or_else(|| self.prefixed.take()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) if self.trailers.is_some() => {
                    self.trailers = None;
                    self.body = Body::empty();
                    let status = Status::internal(format!("the application's answer ended early: {error}"));
                    let mut trailers = HeaderMap::new();
                    let _ = status.add_header(&mut trailers);
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers)))),
            }
        }
        let piece = self.piece();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.leading.is_none()
            && self.prefixed.is_none()
            && self.trailers.is_none()
            && self.rest.is_empty()
            && self.body.is_end_stream()
    }
}

/// Reads the body that follows a leading message.
pub(crate) struct Reader<H> {
    frames: Frames,
    read: fn(Bytes) -> Result<Message<H>, ReadError>,
    first: Option<Bytes>,
    expected: u64,
    /// Its length, when the sender told it.
    length: Option<u64>,
    seen: u64,
    failed: bool,
}

impl<H: Send + 'static> Reader<H> {
    /// The body: all at once when it is there, else a stream. `length` is its length where known.
    ///
    /// # Errors
    /// The first piece has a wrong number.
    pub(crate) fn body(
        frames: Frames,
        read: fn(Bytes) -> Result<Message<H>, ReadError>,
        payload: Option<(Bytes, u64)>,
        length: Option<u64>,
    ) -> Result<Body, BoxError> {
        let mut reader = Self { frames, read, first: None, expected: 0, length, seen: 0, failed: false };
        let first = payload.map(|payload| reader.accept(payload)).transpose()?.unwrap_or_default();
        if reader.frames.is_ended() {
            return Ok(Body::full(first));
        }
        reader.first = (!first.is_empty()).then_some(first);
        Ok(Body::stream(reader))
    }

    fn accept(&mut self, (bytes, sequence): (Bytes, u64)) -> Result<Bytes, BoxError> {
        if sequence != self.expected {
            let text = format!("invalid sequence number received: {sequence} (expected: {})", self.expected);
            return Err(text.into());
        }
        self.expected += 1;
        Ok(bytes)
    }

    fn take(&mut self, message: Bytes) -> Result<Bytes, BoxError> {
        let message = (self.read)(message)?;
        if message.head.is_some() {
            return Err("metadata found in non-leading chunk".into());
        }
        message.payload.map(|payload| self.accept(payload)).transpose().map(Option::unwrap_or_default)
    }

    /// A call that failed after its answer began ends with its status.
    fn end(&self) -> Option<BoxError> {
        let status = Status::from_header_map(self.frames.trailers()?)?;
        (status.code() != tonic::Code::Ok).then(|| status.into())
    }
}

impl<H: Send + 'static> http_body::Body for Reader<H> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.failed {
            return Poll::Ready(None);
        }
        let next = match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => loop {
                match ready!(self.frames.poll_next(context)) {
                    Ok(Some(message)) => match self.take(message) {
                        Ok(bytes) if bytes.is_empty() => {}
                        taken => break taken.map(Some),
                    },
                    Ok(None) => break self.end().map_or(Ok(None), Err),
                    Err(error) => break Err(error.into()),
                }
            },
        };
        Poll::Ready(match next {
            Ok(Some(bytes)) => {
                self.seen += bytes.len() as u64;
                Some(Ok(Frame::data(bytes)))
            }
            Ok(None) => None,
            Err(error) => {
                self.failed = true;
                Some(Err(error))
            }
        })
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            Some(length) => SizeHint::with_exact(length.saturating_sub(self.seen)),
            None => SizeHint::default(),
        }
    }
}
