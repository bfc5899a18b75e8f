//! The body of an answer, which drives its connection and gives it back at its end.

use std::pin::Pin;
use std::sync::Weak;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use super::Shared;
use super::connection::Connection;
use crate::{Body, BoxError};

/// A body that streams.
pub(super) struct Driven {
    incoming: Incoming,
    /// None once the body has ended or failed.
    connection: Option<Box<Connection>>,
    pool: Weak<Shared>,
    /// What was read ahead.
    first: Option<Bytes>,
}

impl Driven {
    pub(super) fn new(incoming: Incoming, connection: Box<Connection>, pool: Weak<Shared>) -> Self {
        Self { incoming, connection: Some(connection), pool, first: None }
    }

    /// The whole body when it has come with its head, so that the connection is free at once; else a stream.
    pub(super) fn eagerly(mut self) -> Body {
        if self.incoming.is_end_stream() {
            self.end();
            return Body::empty();
        }
        let mut nobody = Context::from_waker(Waker::noop());
        match Pin::new(&mut self.incoming).poll_frame(&mut nobody) {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) if self.incoming.is_end_stream() => {
                    self.end();
                    Body::full(data)
                }
                Ok(data) => {
                    self.first = Some(data);
                    Body::stream(self)
                }
                Err(_) => {
                    self.end();
                    Body::empty()
                }
            },
            Poll::Ready(Some(Err(error))) => {
                self.connection = None;
                Body::stream(Failed(Some(error.into())))
            }
            Poll::Ready(None) => {
                self.end();
                Body::empty()
            }
            Poll::Pending => Body::stream(self),
        }
    }

    /// The body is over: the connection may serve the next call.
    fn end(&mut self) {
        if let (Some(connection), Some(pool)) = (self.connection.take(), self.pool.upgrade()) {
            pool.give_back(connection);
        }
    }

    /// A frame that has arrived.
    fn poll_arrived(&mut self) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // Only the driver delivers frames, so the body needs no waker of its own.
        let mut nobody = Context::from_waker(Waker::noop());
        let frame = Pin::new(&mut self.incoming).poll_frame(&mut nobody);
        match &frame {
            Poll::Ready(Some(Ok(_))) if self.incoming.is_end_stream() => self.end(),
            Poll::Ready(None) => self.end(),
            Poll::Ready(Some(Err(_))) => self.connection = None,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        frame.map_err(Into::into)
    }
}

impl http_body::Body for Driven {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let arrived = self.poll_arrived();
        if arrived.is_ready() {
            return arrived;
        }
        let Some(connection) = &mut self.connection else { return Poll::Ready(None) };
        let ended = connection.poll_driver(context);
        let arrived = self.poll_arrived();
        if arrived.is_pending() && ended.is_ready() {
            self.connection = None;
            return Poll::Ready(Some(Err("the connection ended inside the body".into())));
        }
        arrived
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.incoming.size_hint();
        let first = self.first.as_ref().map_or(0, Bytes::len) as u64;
        match rest.exact() {
            Some(exact) => SizeHint::with_exact(exact + first),
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
