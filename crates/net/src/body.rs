//! One body type for every request and answer: bytes at hand, a stream from a connection, or any other stream.

use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;

/// Why a body ended early.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body that streams; dropping it tells its source that nobody reads on.
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Full(Bytes),
    Incoming(Incoming),
    /// Behind a lock that nobody ever waits for: it makes a body that is only `Send` shareable, as servers ask.
    Stream(Mutex<Stream>),
}

type Stream = Pin<Box<dyn http_body::Body<Data = Bytes, Error = BoxError> + Send>>;

fn lock(stream: &Mutex<Stream>) -> MutexGuard<'_, Stream> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a body could not be collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// It is longer than the limit, in bytes.
    #[error("the body is longer than {0} bytes")]
    TooLarge(usize),
    /// Its source failed.
    #[error("the body ended early: {0}")]
    Broken(BoxError),
}

impl Body {
    /// No bytes.
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// Bytes at hand.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() { Self::empty() } else { Self(Kind::Full(bytes)) }
    }

    /// Any other stream of bytes.
    pub fn stream<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(Kind::Stream(Mutex::new(Box::pin(body.map_err(Into::into)))))
    }

    /// The bytes, when all of them are at hand.
    pub fn bytes(&self) -> Option<Bytes> {
        match &self.0 {
            Kind::Empty => Some(Bytes::new()),
            Kind::Full(bytes) => Some(bytes.clone()),
            Kind::Incoming(body) => http_body::Body::is_end_stream(body).then(Bytes::new),
            Kind::Stream(body) => lock(body).is_end_stream().then(Bytes::new),
        }
    }

    /// Its exact length, when that is known.
    pub fn length(&self) -> Option<u64> {
        http_body::Body::size_hint(self).exact()
    }

    /// All bytes, at most `limit`; trailers are dropped.
    ///
    /// # Errors
    /// It is longer than the limit, or its source failed.
    pub async fn collect(self, limit: usize) -> Result<Bytes, CollectError> {
        self.collect_all(limit).await.map(|(bytes, _)| bytes)
    }

    /// All bytes, at most `limit`, and the trailers.
    ///
    /// # Errors
    /// It is longer than the limit, or its source failed.
    pub async fn collect_all(self, limit: usize) -> Result<(Bytes, Option<HeaderMap>), CollectError> {
        if let Some(bytes) = self.bytes() {
            return if bytes.len() > limit { Err(CollectError::TooLarge(limit)) } else { Ok((bytes, None)) };
        }
        match Limited::new(self, limit).collect().await {
            Ok(all) => {
                let trailers = all.trailers().cloned();
                Ok((all.to_bytes(), trailers))
            }
            Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Err(CollectError::TooLarge(limit)),
            Err(error) => Err(CollectError::Broken(error)),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Incoming(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Kind::Stream(body) => body.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Full(_) => false,
            Kind::Incoming(body) => body.is_end_stream(),
            Kind::Stream(body) => lock(body).is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Incoming(body) => body.size_hint(),
            Kind::Stream(body) => lock(body).size_hint(),
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::full(bytes)
    }
}

impl From<Incoming> for Body {
    fn from(body: Incoming) -> Self {
        if http_body::Body::is_end_stream(&body) { Self::empty() } else { Self(Kind::Incoming(body)) }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Empty => f.write_str("Body(empty)"),
            Kind::Full(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Kind::Incoming(_) | Kind::Stream(_) => f.write_str("Body(stream)"),
        }
    }
}
