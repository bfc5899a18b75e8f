//! Requests of verbs that seldom have a body, with a body of unknown length.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::{Method, Request};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::{Body, BoxError};

/// How long a body is waited for to show whether there is one; other clients of HTTP wait as long.
const PATIENCE: Duration = Duration::from_millis(200);

/// Whether nobody knows if the request has a body: hyper would leave it out.
pub(super) fn is_unclear(request: &Request<Body>) -> bool {
    matches!(*request.method(), Method::GET | Method::HEAD)
        && request.body().length().is_none()
        && !request.headers().contains_key(CONTENT_LENGTH)
}

/// Waits for the beginning of the body: a request without one is not sent as if it had one, since many servers of HTTP
/// do not expect that.
pub(super) async fn settle(request: Request<Body>) -> Request<Body> {
    let (mut parts, mut rest) = request.into_parts();
    let first = loop {
        match timeout(PATIENCE, rest.frame()).await {
            Ok(None) => return Request::from_parts(parts, Body::empty()),
            Ok(Some(Ok(frame))) if frame.data_ref().is_none_or(Bytes::is_empty) => {}
            Ok(Some(first)) => break Some(first),
            Err(_) => break None,
        }
    };
    parts.headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    Request::from_parts(parts, Body::stream(Begun { first, rest }))
}

/// A body whose first frame was read.
struct Begun {
    first: Option<Result<Frame<Bytes>, BoxError>>,
    rest: Body,
}

impl http_body::Body for Begun {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }
}
