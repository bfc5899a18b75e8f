//! A request's body that can be sent again while it is one message.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use dapr_net::{Body, BoxError};
use http_body::{Body as _, Frame};

use crate::frames::PREFIX;

/// A body and what was read of it. Each attempt sends [`Source::body`].
#[derive(Clone)]
pub(crate) struct Source(Arc<Mutex<Kept>>);

struct Kept {
    body: Body,
    read: Vec<Bytes>,
    length: usize,
    limit: usize,
    ended: bool,
    /// It has more than one message, or a larger one than may be kept: it cannot be sent again.
    is_stream: bool,
    /// What a stream ends with; none to let it pass.
    refusal: Option<fn() -> BoxError>,
}

impl Source {
    /// Keeps a message of up to `limit` bytes. What is longer, or has several messages, passes and can be sent once.
    pub(crate) fn passing(body: Body, limit: usize) -> Self {
        Self::new(body, limit, None)
    }

    /// The same, but what cannot be sent again ends with an error.
    pub(crate) fn strict(body: Body, limit: usize, refusal: fn() -> BoxError) -> Self {
        Self::new(body, limit, Some(refusal))
    }

    fn new(body: Body, limit: usize, refusal: Option<fn() -> BoxError>) -> Self {
        let limit = limit.saturating_add(PREFIX);
        let kept = Kept { body, read: Vec::new(), length: 0, limit, ended: false, is_stream: false, refusal };
        Self(Arc::new(Mutex::new(kept)))
    }

    /// The whole body, from its beginning.
    pub(crate) fn body(&self) -> Body {
        Body::stream(Replay { source: self.clone(), next: 0 })
    }

    /// It cannot be sent again.
    pub(crate) fn is_stream(&self) -> bool {
        self.lock().is_stream
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn poll(&mut self, next: usize, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        if let Some(piece) = self.read.get(next) {
            return Poll::Ready(Some(Ok(piece.clone())));
        }
        while !self.ended {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => self.ended = true,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
                    if !data.is_empty() {
                        return Poll::Ready(Some(self.accept(data)));
                    }
                }
            }
        }
        Poll::Ready(None)
    }

    fn accept(&mut self, data: Bytes) -> Result<Bytes, BoxError> {
        if !self.is_stream && (self.length + data.len() > self.limit || self.is_second_message(&data)) {
            self.is_stream = true;
            self.read.clear();
        }
        if self.is_stream {
            return self.refusal.map_or(Ok(data), |refusal| Err(refusal()));
        }
        self.length += data.len();
        self.read.push(data.clone());
        Ok(data)
    }

    /// Whether bytes begin after the end of the first message.
    fn is_second_message(&self, data: &Bytes) -> bool {
        let mut head = [0; PREFIX];
        let all = self.read.iter().flatten().chain(data).copied();
        let known = head.iter_mut().zip(all).map(|(to, byte)| *to = byte).count();
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        known == PREFIX && self.length + data.len() > PREFIX + length
    }
}

/// One attempt's view of a body.
struct Replay {
    source: Source,
    next: usize,
}

impl http_body::Body for Replay {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = self.source.lock().poll(self.next, context);
        self.next += 1;
        if polled.is_pending() {
            self.next -= 1;
        }
        polled.map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        let kept = self.source.lock();
        self.next >= kept.read.len() && (kept.ended || kept.body.is_end_stream())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    fn message(length: u8, bytes: &[u8]) -> Bytes {
        Bytes::from([&[0, 0, 0, 0, length], bytes].concat())
    }

    fn body(pieces: Vec<Bytes>) -> Body {
        let frames = pieces.into_iter().map(|piece| Ok::<_, BoxError>(Frame::data(piece)));
        Body::stream(StreamBody::new(stream::iter(frames)))
    }

    async fn read(body: Body) -> Result<Bytes, BoxError> {
        Ok(body.collect(1000).await.map_err(|error| error.to_string())?)
    }

    #[tokio::test]
    async fn one_message_can_be_sent_again() {
        let source = Source::passing(body(vec![message(4, b"ab"), Bytes::new(), Bytes::from_static(b"cd")]), 100);
        for _ in 0..3 {
            assert_eq!(read(source.body()).await.unwrap(), message(4, b"abcd"));
        }
        assert!(!source.is_stream());
        let mut half = source.body();
        half.frame().await.unwrap().unwrap();
        assert_eq!(
            read(source.body()).await.unwrap(),
            message(4, b"abcd"),
            "an attempt that broke off changes nothing"
        );
    }

    #[tokio::test]
    async fn several_messages_and_large_ones_pass_once() {
        let two = vec![message(2, b"ab"), message(2, b"cd")];
        let large = vec![message(200, &[b'x'; 100]), Bytes::from_static(&[b'x'; 100])];
        for pieces in [two, large] {
            let source = Source::passing(body(pieces.clone()), 100);
            assert_eq!(read(source.body()).await.unwrap(), pieces.concat());
            assert!(source.is_stream());
            let source = Source::strict(body(pieces), 100, || "once".into());
            assert!(read(source.body()).await.is_err());
            assert!(source.is_stream());
        }
    }

    #[tokio::test]
    async fn a_second_message_is_seen_when_it_comes_with_the_first() {
        let source = Source::passing(body(vec![[message(1, b"a"), message(1, b"b")].concat().into()]), 100);
        read(source.body()).await.unwrap();
        assert!(source.is_stream());
    }
}
