//! One request and its answer, as a guest sees and changes them.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use dapr_net::body::CollectError;
use dapr_net::{Body, BoxError};
use dapr_spi::http_middleware::{Peer, Request, Response};
use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, request, response};
use http_body::Frame;
use http_body_util::BodyExt;

/// What is held of a body for a guest at most: that it keeps, reads ahead or writes.
pub(crate) const MAX_HELD: usize = 8 << 20;

/// The request's body is kept for the next handler though the guest reads it.
pub(crate) const BUFFER_REQUEST: u32 = 1;
/// The answer waits until the guest has seen it, and may be changed.
pub(crate) const BUFFER_RESPONSE: u32 = 2;

/// One request and its answer.
pub(crate) struct Exchange {
    /// The bits of [`BUFFER_REQUEST`] and [`BUFFER_RESPONSE`].
    pub(crate) features: u32,
    /// The next handler has answered.
    pub(crate) is_after_next: bool,
    /// Where the request came from, `address:port`.
    pub(crate) source: String,
    pub(crate) request: request::Parts,
    pub(crate) request_body: Reader,
    /// What the guest wrote in place of the request's body.
    pub(crate) request_written: Option<Vec<u8>>,
    pub(crate) response: response::Parts,
    pub(crate) response_body: Reader,
    /// What the guest wrote in place of the answer's body.
    pub(crate) response_written: Option<Vec<u8>>,
}

impl Exchange {
    pub(crate) fn new(request: Request, features: u32) -> Self {
        let source = request.extensions().get::<Peer>().map(|peer| peer.0.to_string()).unwrap_or_default();
        let (parts, body) = request.into_parts();
        Self {
            features,
            is_after_next: false,
            source,
            request: parts,
            request_body: Reader::new(body),
            request_written: None,
            response: Response::new(Body::empty()).into_parts().0,
            response_body: Reader::new(Body::empty()),
            response_written: None,
        }
    }

    /// The request as the next handler gets it.
    pub(crate) fn take_request(&mut self) -> Request {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.clone_from(&self.request);
        let reader = std::mem::replace(&mut self.request_body, Reader::new(Body::empty()));
        let body = match self.request_written.take() {
            Some(written) => replaced(&mut parts.headers, written),
            None if reader.is_untouched() => reader.body,
            None => {
                let body = reader.into_body();
                if body.length().is_none() {
                    parts.headers.remove(CONTENT_LENGTH);
                }
                body
            }
        };
        Request::from_parts(parts, body)
    }

    /// Takes the next handler's answer in place of the one at hand; headers that the guest has set already stay when the
    /// answer has none of that name. The body is read whole when the guest wants to see it.
    pub(crate) async fn take_response(&mut self, response: Response) -> Result<(), CollectError> {
        let (mut parts, body) = response.into_parts();
        for (name, value) in &self.response.headers {
            if !parts.headers.contains_key(name) {
                parts.headers.append(name, value.clone());
            }
        }
        self.response = parts;
        self.is_after_next = true;
        self.response_written = None;
        self.response_body = Reader::new(body);
        if self.features & BUFFER_RESPONSE != 0 {
            self.response_body.hold().await?;
        }
        Ok(())
    }

    /// The answer.
    pub(crate) fn into_response(mut self) -> Response {
        let body = match self.response_written.take() {
            Some(written) => replaced(&mut self.response.headers, written),
            None => self.response_body.into_body(),
        };
        Response::from_parts(self.response, body)
    }
}

/// A body that is not the one the headers describe.
fn replaced(headers: &mut HeaderMap, written: Vec<u8>) -> Body {
    headers.remove(TRANSFER_ENCODING);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(written.len()));
    Body::full(written)
}

/// A body that a guest reads in pieces.
pub(crate) struct Reader {
    body: Body,
    /// Read from the body, but not by the guest yet.
    ahead: Bytes,
    /// Read by the guest, and kept for whoever comes after.
    kept: Vec<u8>,
    is_touched: bool,
    has_ended: bool,
    trailers: Option<HeaderMap>,
}

impl Reader {
    fn new(body: Body) -> Self {
        Self { body, ahead: Bytes::new(), kept: Vec::new(), is_touched: false, has_ended: false, trailers: None }
    }

    fn is_untouched(&self) -> bool {
        !self.is_touched
    }

    /// Reads the whole body ahead.
    async fn hold(&mut self) -> Result<(), CollectError> {
        let (bytes, trailers) = std::mem::take(&mut self.body).collect_all(MAX_HELD).await?;
        (self.ahead, self.trailers, self.has_ended, self.is_touched) = (bytes, trailers, true, true);
        self.kept = Vec::new();
        Ok(())
    }

    /// Fills as much of `buffer` as there is; gives the number of bytes and whether the body has ended. With `keep`, what
    /// is read is kept.
    pub(crate) async fn read(&mut self, buffer: &mut [u8], keep: bool) -> Result<(usize, bool), CollectError> {
        self.is_touched = true;
        let mut filled = 0;
        while filled < buffer.len() {
            if self.ahead.is_empty() && !self.next().await? {
                break;
            }
            let count = self.ahead.len().min(buffer.len() - filled);
            buffer[filled..filled + count].copy_from_slice(&self.ahead[..count]);
            self.ahead.advance(count);
            filled += count;
        }
        if keep {
            if self.kept.len() + filled > MAX_HELD {
                return Err(CollectError::TooLarge(MAX_HELD));
            }
            self.kept.extend_from_slice(&buffer[..filled]);
        }
        // A guest that asked for just as much as there is need not ask again.
        let has_ended = self.ahead.is_empty() && (self.has_ended || http_body::Body::is_end_stream(&self.body));
        Ok((filled, has_ended))
    }

    /// Takes the next piece; false at the end.
    async fn next(&mut self) -> Result<bool, CollectError> {
        while !self.has_ended {
            match self.body.frame().await {
                None => self.has_ended = true,
                Some(Err(error)) => return Err(CollectError::Broken(error)),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => {
                        self.ahead = data;
                        return Ok(true);
                    }
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
            }
        }
        Ok(false)
    }

    /// What was kept, what was not read by the guest, and the rest.
    fn into_body(self) -> Body {
        if self.is_untouched() {
            return self.body;
        }
        let mut begun = self.kept;
        begun.extend_from_slice(&self.ahead);
        if self.has_ended && self.trailers.is_none() {
            return Body::full(begun);
        }
        let first = [(!begun.is_empty()).then(|| Frame::data(Bytes::from(begun))), self.trailers.map(Frame::trailers)];
        let rest = (!self.has_ended).then_some(self.body);
        Body::stream(Chained { first: first.into_iter().flatten(), rest })
    }
}

/// Frames at hand, then the rest of a body.
struct Chained<I> {
    first: I,
    rest: Option<Body>,
}

impl<I: Iterator<Item = Frame<Bytes>> + Unpin> http_body::Body for Chained<I> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(frame) = self.first.next() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut self.rest {
            Some(rest) => Pin::new(rest).poll_frame(context),
            None => Poll::Ready(None),
        }
    }
}
