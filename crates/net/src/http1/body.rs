//! The body of an answer, which drives its connection and gives it back at its end.

use std::pin::Pin;
use std::sync::Weak;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::Shared;
use super::connection::Connection;
use super::response::Decoder;
use crate::{Body, BoxError};

/// A body that streams.
pub(super) struct Driven {
    /// None once the body has ended or failed.
    connection: Option<Box<Connection>>,
    decoder: Decoder,
    pool: Weak<Shared>,
    /// What was taken ahead.
    first: Option<Frame<Bytes>>,
}

impl Driven {
    pub(super) fn new(connection: Box<Connection>, decoder: Decoder, pool: Weak<Shared>) -> Self {
        Self { connection: Some(connection), decoder, pool, first: None }
    }

    /// The whole body when it has come with its head, so that the connection is free at once; else a stream.
    pub(super) fn eagerly(mut self) -> Body {
        let Some(connection) = &mut self.connection else { return Body::empty() };
        match connection.take_frame(&mut self.decoder) {
            Ok(frame) if self.decoder == Decoder::Done => {
                self.end();
                match frame.map(Frame::into_data) {
                    None => Body::empty(),
                    Some(Ok(data)) => Body::full(data),
                    Some(Err(trailers)) => {
                        self.first = Some(trailers);
                        Body::stream(self)
                    }
                }
            }
            Ok(frame) => {
                self.first = frame;
                Body::stream(self)
            }
            Err(error) => Body::stream(Failed(Some(error))),
        }
    }

    /// The body is over: the connection may serve the next call.
    fn end(&mut self) {
        if let (Some(connection), Some(pool)) = (self.connection.take(), self.pool.upgrade()) {
            pool.give_back(connection);
        }
    }
}

impl http_body::Body for Driven {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        let Some(connection) = &mut this.connection else { return Poll::Ready(None) };
        let frame = ready!(connection.poll_body(&mut this.decoder, context));
        match &frame {
            Some(Err(_)) => this.connection = None,
            _ if this.decoder == Decoder::Done => this.end(),
            _ => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.connection.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().and_then(Frame::data_ref).map_or(0, Bytes::len) as u64;
        match self.decoder.left() {
            Some(left) => SizeHint::with_exact(left + first),
            None => SizeHint::default(),
        }
    }
}

/// A body that failed before it was read.
struct Failed(Option<BoxError>);

impl http_body::Body for Failed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(Err))
    }
}
