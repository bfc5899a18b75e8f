//! A request on its way to the wire.

use std::io::{self, IoSlice, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Method, Request};
use http_body::Body as _;
use tokio::io::AsyncWrite;

use crate::{Body, BoxError};

/// Bodies up to this length are written in one piece with their head.
const SMALL: usize = 4 << 10;
/// The last chunk, without trailers.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
const END_OF_CHUNK: &[u8] = b"\r\n";

/// How the receiver finds the end of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// There is none.
    Empty,
    /// So many bytes are still to come.
    Length(u64),
    Chunked,
}

/// A request that is not wholly sent.
pub(super) struct Sending {
    /// As it came; none from the first byte on that is sent.
    request: Option<Box<Request<Body>>>,
    body: Body,
    framing: Framing,
    /// The head, or the size of a chunk.
    before: Bytes,
    data: Bytes,
    after: &'static [u8],
    has_ended: bool,
}

/// Why a request cannot be sent to its end.
pub(super) enum Trouble {
    /// The connection is broken; the peer may have answered before.
    Connection(io::Error),
    /// The body's source failed, or gave another length than was declared.
    Body(BoxError),
}

impl Sending {
    pub(super) fn new(request: Box<Request<Body>>) -> Self {
        let framing = framing(&request);
        let mut head = head(&request, framing);
        let mut sending = Self {
            request: None,
            body: Body::empty(),
            framing,
            before: Bytes::new(),
            data: Bytes::new(),
            after: b"",
            has_ended: matches!(framing, Framing::Empty | Framing::Length(0)),
        };
        // A body at hand leaves with its head.
        if let (Framing::Length(length), Some(bytes)) = (framing, request.body().bytes())
            && bytes.len() as u64 == length
        {
            sending.has_ended = true;
            if bytes.len() <= SMALL {
                head.extend_from_slice(&bytes);
            } else {
                sending.data = bytes;
            }
        }
        sending.before = head.into();
        sending.request = Some(request);
        sending
    }

    /// The request, when no byte of it was sent.
    pub(super) fn into_unsent(self) -> Option<Box<Request<Body>>> {
        self.request
    }

    /// Writes what there is; ready when all is sent.
    pub(super) fn poll<W>(&mut self, mut socket: Pin<&mut W>, context: &mut Context<'_>) -> Poll<Result<(), Trouble>>
    where
        W: AsyncWrite,
    {
        loop {
            ready!(self.poll_write(socket.as_mut(), context)).map_err(Trouble::Connection)?;
            if self.has_ended {
                return socket.poll_flush(context).map_err(Trouble::Connection);
            }
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(data) = frame.into_data() {
                        self.add(data).map_err(Trouble::Body)?;
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(Trouble::Body(error))),
                Poll::Ready(None) => self.end().map_err(Trouble::Body)?,
                Poll::Pending => {
                    let _ = socket.poll_flush(context).map_err(Trouble::Connection)?;
                    return Poll::Pending;
                }
            }
        }
    }

    fn poll_write<W>(&mut self, mut socket: Pin<&mut W>, context: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        W: AsyncWrite,
    {
        while !(self.before.is_empty() && self.data.is_empty() && self.after.is_empty()) {
            let written = if self.data.is_empty() && self.after.is_empty() {
                ready!(socket.as_mut().poll_write(context, &self.before))?
            } else {
                let slices = [IoSlice::new(&self.before), IoSlice::new(&self.data), IoSlice::new(self.after)];
                ready!(socket.as_mut().poll_write_vectored(context, &slices))?
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if let Some(request) = self.request.take()
                && !self.has_ended
            {
                self.body = request.into_body();
            }
            self.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        for part in [&mut self.before, &mut self.data] {
            let of_it = written.min(part.len());
            part.advance(of_it);
            written -= of_it;
        }
        self.after = &self.after[written..];
    }

    /// The next piece of the body.
    fn add(&mut self, data: Bytes) -> Result<(), BoxError> {
        if data.is_empty() {
            return Ok(());
        }
        match &mut self.framing {
            Framing::Empty => {}
            Framing::Length(left) => {
                *left = left.checked_sub(data.len() as u64).ok_or("the body is longer than its content-length")?;
                self.data = data;
                if *left == 0 {
                    // A stream may go on without a byte; nobody waits for that.
                    self.has_ended = true;
                    self.body = Body::empty();
                }
            }
            Framing::Chunked => {
                self.before = format!("{:x}\r\n", data.len()).into();
                self.data = data;
                self.after = END_OF_CHUNK;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), BoxError> {
        self.has_ended = true;
        match self.framing {
            Framing::Length(left) if left > 0 => Err("the body is shorter than its content-length".into()),
            Framing::Chunked => {
                self.after = LAST_CHUNK;
                Ok(())
            }
            Framing::Length(_) | Framing::Empty => Ok(()),
        }
    }
}

fn framing(request: &Request<Body>) -> Framing {
    let (headers, body) = (request.headers(), request.body());
    if body.is_end_stream() {
        return Framing::Empty;
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        return Framing::Chunked;
    }
    let declared = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    match declared.or_else(|| body.length()) {
        Some(length) => Framing::Length(length),
        // These seldom have a body; who sends one says so with a header.
        None if matches!(*request.method(), Method::GET | Method::HEAD | Method::CONNECT) => Framing::Empty,
        None => Framing::Chunked,
    }
}

fn head(request: &Request<Body>, framing: Framing) -> Vec<u8> {
    let headers = request.headers();
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let lines: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let mut head = Vec::with_capacity(lines + path.len() + 80);
    for part in [request.method().as_str(), " ", if path.is_empty() { "/" } else { path }, " HTTP/1.1\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
    for (name, value) in headers {
        if *name == TRANSFER_ENCODING || (*name == CONTENT_LENGTH && framing == Framing::Chunked) {
            continue;
        }
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    let has_length = headers.contains_key(CONTENT_LENGTH);
    match framing {
        Framing::Chunked => head.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Framing::Length(length) if !has_length => {
            // Writing to a Vec never fails.
            let _ = write!(head, "content-length: {length}\r\n");
        }
        Framing::Empty if !has_length && matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH) => {
            head.extend_from_slice(b"content-length: 0\r\n");
        }
        Framing::Length(_) | Framing::Empty => {}
    }
    head.extend_from_slice(b"\r\n");
    head
}
