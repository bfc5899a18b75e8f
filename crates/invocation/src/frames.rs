//! gRPC messages in a body: five bytes of prefix, then the message.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use dapr_net::{Body, BoxError};
use http::HeaderMap;
use http_body::Body as _;

/// Length of the prefix of a message.
pub(crate) const PREFIX: usize = 5;

/// Puts the prefix of a message of `length` bytes.
pub(crate) fn put_prefix(buffer: &mut BytesMut, length: usize) {
    buffer.put_u8(0);
    buffer.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
}

/// Why messages could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// A message is longer than allowed.
    #[error("a message of {0} bytes is longer than the {1} that `--max-body-size` allows")]
    TooLarge(usize, usize),
    /// A message is compressed, which was not offered.
    #[error("a message is compressed, which was not offered")]
    Compressed,
    /// The body ended inside a message.
    #[error("the call ended inside a message")]
    Cut,
    /// The body failed.
    #[error("{0}")]
    Body(BoxError),
}

/// Reads the messages of a body one by one.
pub(crate) struct Frames {
    body: Body,
    buffer: BytesMut,
    /// Bytes of a message that came whole, without a copy.
    whole: Bytes,
    limit: usize,
    ended: bool,
    trailers: Option<HeaderMap>,
}

impl Frames {
    /// Messages longer than `limit` are refused.
    pub(crate) fn new(body: Body, limit: usize) -> Self {
        Self { body, buffer: BytesMut::new(), whole: Bytes::new(), limit, ended: false, trailers: None }
    }

    /// Nothing follows what was read.
    pub(crate) fn is_ended(&self) -> bool {
        self.buffer.is_empty() && self.whole.is_empty() && (self.ended || self.body.is_end_stream())
    }

    /// The trailers, once the messages are over.
    pub(crate) fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    /// The next message; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, FrameError> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// The next message; none at the end.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, FrameError>> {
        loop {
            if let Some(message) = self.take()? {
                return Poll::Ready(Ok(Some(message)));
            }
            if self.ended {
                let is_cut = !self.buffer.is_empty() || !self.whole.is_empty();
                return Poll::Ready(if is_cut { Err(FrameError::Cut) } else { Ok(None) });
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => self.ended = true,
                Some(Err(error)) => return Poll::Ready(Err(FrameError::Body(error))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.push(data),
                    Err(frame) => {
                        self.trailers = frame.into_trailers().ok();
                        self.ended = true;
                    }
                },
            }
        }
    }

    /// Takes in what has arrived, so that [`Frames::is_ended`] knows of an end that came with the last message.
    pub(crate) fn read_ahead(&mut self) {
        let mut nobody = Context::from_waker(std::task::Waker::noop());
        if self.ended || !self.buffer.is_empty() || !self.whole.is_empty() {
            return;
        }
        match Pin::new(&mut self.body).poll_frame(&mut nobody) {
            Poll::Ready(None) => self.ended = true,
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => self.push(data),
                Err(frame) => {
                    self.trailers = frame.into_trailers().ok();
                    self.ended = true;
                }
            },
            Poll::Ready(Some(Err(error))) => self.body = Body::stream(Failed(Some(error))),
            Poll::Pending => {}
        }
    }

    fn push(&mut self, data: Bytes) {
        if self.buffer.is_empty() && self.whole.is_empty() {
            self.whole = data;
            return;
        }
        if !self.whole.is_empty() {
            self.buffer.extend_from_slice(&self.whole);
            self.whole = Bytes::new();
        }
        self.buffer.extend_from_slice(&data);
    }

    /// A message that is there as a whole.
    fn take(&mut self) -> Result<Option<Bytes>, FrameError> {
        let at_hand: &[u8] = if self.buffer.is_empty() { &self.whole } else { &self.buffer };
        let Some((prefix, rest)) = at_hand.split_first_chunk::<PREFIX>() else { return Ok(None) };
        let [flag, length @ ..] = *prefix;
        let length = u32::from_be_bytes(length) as usize;
        if flag != 0 {
            return Err(FrameError::Compressed);
        }
        if length > self.limit {
            return Err(FrameError::TooLarge(length, self.limit));
        }
        if rest.len() < length {
            return Ok(None);
        }
        let message = if self.buffer.is_empty() {
            self.whole.advance(PREFIX);
            self.whole.split_to(length)
        } else {
            self.buffer.advance(PREFIX);
            self.buffer.split_to(length).freeze()
        };
        Ok(Some(message))
    }
}

/// A body that failed while nobody was reading.
struct Failed(Option<BoxError>);

impl http_body::Body for Failed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body::Frame;
    use http_body_util::StreamBody;
    use proptest::prelude::*;

    fn body_of(pieces: Vec<Bytes>) -> Body {
        let frames = pieces.into_iter().map(|piece| Ok::<_, std::convert::Infallible>(Frame::data(piece)));
        Body::stream(StreamBody::new(futures_util::stream::iter(frames)))
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    proptest! {
        #[test]
        fn messages_come_out_however_they_are_cut(
            messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..8),
            cuts in proptest::collection::vec(1usize..200, 1..20),
        ) {
            let mut wire = BytesMut::new();
            for message in &messages {
                put_prefix(&mut wire, message.len());
                wire.extend_from_slice(message);
            }
            let mut wire = wire.freeze();
            let mut pieces = Vec::new();
            for cut in cuts.iter().cycle() {
                if wire.is_empty() {
                    break;
                }
                pieces.push(wire.split_to((*cut).min(wire.len())));
            }
            let mut frames = Frames::new(body_of(pieces), 1000);
            let mut seen = Vec::new();
            while let Some(message) = block_on(frames.next()).unwrap() {
                seen.push(message.to_vec());
            }
            prop_assert_eq!(seen, messages);
            prop_assert!(frames.is_ended());
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut frames = Frames::new(body_of(vec![Bytes::from(bytes)]), 1000);
            while let Ok(Some(_)) = block_on(frames.next()) {}
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_refused_before_it_is_read() {
        let mut frames = Frames::new(Body::full(&[0, 0, 0, 4, 0][..]), 1000);
        assert!(matches!(block_on(frames.next()), Err(FrameError::TooLarge(1024, 1000))));
    }
}
