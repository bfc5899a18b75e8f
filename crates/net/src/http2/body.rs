//! The bodies of a call: the request's on its way out, the answer's on its way in.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use http_body::{Body as _, Frame};

use super::connection::{Connection, InFlight, poll_upload};
use crate::{Body, BoxError};

/// A request's body that is being sent.
pub(super) struct Upload {
    body: Body,
    /// Bytes that wait for the peer to make room.
    waiting: Option<Bytes>,
    /// Nothing follows `waiting`.
    is_last: bool,
    stream: SendStream<Bytes>,
    failure: Option<BoxError>,
}

impl Upload {
    pub(super) fn new(body: Body, whole: Option<Bytes>, stream: SendStream<Bytes>) -> Self {
        Self { body, is_last: whole.is_some(), waiting: whole, stream, failure: None }
    }

    /// Why the body ended early, if it did.
    pub(super) fn failure(&self) -> Option<&BoxError> {
        self.failure.as_ref()
    }

    /// Moves on as far as the body and the peer allow; ready when all is sent. Pending for ever after a failure, which
    /// the reset stream reports to whoever awaits the answer.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.failure.is_some() {
                return Poll::Pending;
            }
            if self.waiting.is_some() {
                ready!(self.poll_waiting(context));
                if self.is_last && self.waiting.is_none() {
                    return Poll::Ready(());
                }
                continue;
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => {
                    let _ = self.stream.send_data(Bytes::new(), true);
                    return Poll::Ready(());
                }
                Some(Err(error)) => {
                    self.failure = Some(error);
                    self.stream.send_reset(h2::Reason::CANCEL);
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        self.is_last = self.body.is_end_stream();
                        self.waiting = (!data.is_empty() || self.is_last).then_some(data);
                    }
                    Err(frame) => {
                        if let Ok(trailers) = frame.into_trailers() {
                            let _ = self.stream.send_trailers(trailers);
                            return Poll::Ready(());
                        }
                    }
                },
            }
        }
    }

    /// Sends what waits, as much as the peer has room for.
    fn poll_waiting(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(mut data) = self.waiting.take() else { return Poll::Ready(()) };
        if data.is_empty() {
            let _ = self.stream.send_data(data, self.is_last);
            return Poll::Ready(());
        }
        self.stream.reserve_capacity(data.len());
        let mut room = self.stream.capacity();
        // The library may say that room was made and mean none: an empty frame in answer would count against us.
        while room == 0 {
            room = match self.stream.poll_capacity(context) {
                Poll::Pending => {
                    self.waiting = Some(data);
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(room))) => room,
                // The stream was reset: whoever awaits the answer sees why.
                Poll::Ready(Some(Err(_)) | None) => {
                    self.failure = Some("the peer reset the call".into());
                    return Poll::Ready(());
                }
            };
        }
        let now = data.split_to(room.min(data.len()));
        let is_end = self.is_last && data.is_empty();
        if self.stream.send_data(now, is_end).is_err() {
            self.failure = Some("the peer reset the call".into());
            return Poll::Ready(());
        }
        self.waiting = (!data.is_empty()).then_some(data);
        Poll::Ready(())
    }
}

/// An answer's body; it also moves the rest of the request's body.
pub(super) struct Answer {
    stream: RecvStream,
    upload: Option<Box<Upload>>,
    data_ended: bool,
    _in_flight: InFlight,
    /// The connection's task lives as long as its calls.
    _connection: Arc<Connection>,
}

impl Answer {
    pub(super) fn new(
        stream: RecvStream,
        upload: Option<Box<Upload>>,
        in_flight: InFlight,
        connection: Arc<Connection>,
    ) -> Self {
        Self { stream, upload, data_ended: false, _in_flight: in_flight, _connection: connection }
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        poll_upload(&mut self.upload, context);
        while !self.data_ended {
            match ready!(self.stream.poll_data(context)) {
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => {
                    let _ = self.stream.flow_control().release_capacity(data.len());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => self.data_ended = true,
            }
        }
        match ready!(self.stream.poll_trailers(context)) {
            Ok(Some(trailers)) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
            Ok(None) => Poll::Ready(None),
            Err(error) => Poll::Ready(Some(Err(error.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }
}
