//! One connection, driven by whoever uses it.
//!
//! A call that waits holds no buffer: one is taken when there is something to read, and given back when it is used up.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Method, Request, StatusCode};
use http_body::Frame;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tokio::task::unconstrained;
use tokio::time::Instant;

use super::request::{Sending, Trouble};
use super::response::{Decoder, Head};
use crate::dial::{Socket, dial};
use crate::{Body, BoxError, Origin, SendError};

/// Bytes that are read at once: at first, and at most.
const FIRST_READ: usize = 4 << 10;
const LARGEST_READ: usize = 64 << 10;
/// Heads that may come before the answer's own, such as `100 Continue`.
const MAX_INTERIM: usize = 16;

/// An open connection.
pub(super) struct Connection {
    socket: Socket,
    /// What was read and is not used.
    buffer: BytesMut,
    /// How much of `buffer` was searched for the end of a head.
    seen: usize,
    interim: usize,
    /// The request, while it is not wholly sent.
    sending: Option<Sending>,
    /// Whether another call may follow, as far as this one says.
    keeps_alive: bool,
    pub(super) idle_since: Instant,
}

/// Why there was no answer.
pub(super) struct Failure {
    pub(super) error: BoxError,
    /// The request, when no byte of it was sent.
    pub(super) unsent: Option<Box<Request<Body>>>,
}

impl Connection {
    /// Opens a connection.
    pub(super) async fn open(origin: &Origin) -> Result<Box<Self>, SendError> {
        let socket = dial(origin).await.map_err(SendError::Connect)?;
        Ok(Box::new(Self {
            socket,
            buffer: BytesMut::new(),
            seen: 0,
            interim: 0,
            sending: None,
            keeps_alive: true,
            idle_since: Instant::now(),
        }))
    }

    pub(super) fn idle_for(&self) -> Duration {
        self.idle_since.elapsed()
    }

    /// Whether another request can be sent: the last one is over and the peer keeps the connection open.
    pub(super) fn is_usable(&mut self) -> bool {
        if !self.keeps_alive || self.sending.is_some() || !self.buffer.is_empty() {
            return false;
        }
        match &mut self.socket {
            Socket::Plain(stream) => {
                stream.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
            }
            Socket::Tls(stream) => {
                let (mut byte, mut nobody) = ([0], Context::from_waker(Waker::noop()));
                let mut byte = ReadBuf::new(&mut byte);
                let read = unconstrained(poll_fn(|context| Pin::new(&mut *stream).poll_read(context, &mut byte)));
                pin!(read).poll(&mut nobody).is_pending()
            }
        }
    }

    /// Sends a request and reads the head of its answer.
    pub(super) async fn exchange(
        mut self: Box<Self>,
        request: Box<Request<Body>>,
    ) -> Result<(Head, Decoder, Box<Self>), Failure> {
        let method = request.method().clone();
        (self.seen, self.interim) = (0, 0);
        self.sending = Some(Sending::new(request));
        match poll_fn(|context| self.poll_answer(&method, context)).await {
            Ok((head, decoder)) => Ok((head, decoder, self)),
            Err(error) => Err(Failure { error, unsent: self.sending.take().and_then(Sending::into_unsent) }),
        }
    }

    fn poll_answer(&mut self, method: &Method, context: &mut Context<'_>) -> Poll<Result<(Head, Decoder), BoxError>> {
        let broken = match self.poll_sending(context) {
            Ok(()) => None,
            Err(Trouble::Body(error)) => return Poll::Ready(Err(error)),
            // The peer may have answered before it stopped reading.
            Err(Trouble::Connection(error)) => Some(error),
        };
        match (self.poll_head(context), broken) {
            (Poll::Ready(Ok(mut head)), _) => {
                let decoder = head.decoder(method)?;
                let reads_until_close =
                    decoder == Decoder::UntilClose || head.status == StatusCode::SWITCHING_PROTOCOLS;
                self.keeps_alive &= head.keeps_alive() && !reads_until_close;
                Poll::Ready(Ok((head, decoder)))
            }
            (Poll::Ready(Err(_)) | Poll::Pending, Some(error)) => Poll::Ready(Err(error.into())),
            (Poll::Ready(Err(error)), None) => Poll::Ready(Err(error)),
            (Poll::Pending, None) => Poll::Pending,
        }
    }

    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<Result<Head, BoxError>> {
        loop {
            if !self.buffer.is_empty()
                && let Some(head) = Head::take(&mut self.buffer, &mut self.seen)?
            {
                if !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS {
                    return Poll::Ready(Ok(head));
                }
                self.interim += 1;
                if self.interim > MAX_INTERIM {
                    return Poll::Ready(Err("the answer has too many interim heads".into()));
                }
                continue;
            }
            if ready!(self.poll_fill(context, FIRST_READ))? == 0 {
                return Poll::Ready(Err("the connection ended before the answer".into()));
            }
        }
    }

    /// The next frame of the answer's body. Goes on sending the request if that is not done.
    pub(super) fn poll_body(
        &mut self,
        decoder: &mut Decoder,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.poll_sending(context) {
            Ok(()) => {}
            Err(Trouble::Body(error)) => return Poll::Ready(Some(Err(error))),
            // An answer that has begun may still come whole.
            Err(Trouble::Connection(_)) => (self.sending, self.keeps_alive) = (None, false),
        }
        let mut read = FIRST_READ;
        loop {
            match decoder.take(&mut self.buffer) {
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame))),
                Ok(None) if *decoder == Decoder::Done => return Poll::Ready(None),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
            let most = decoder.left().and_then(|left| usize::try_from(left).ok()).unwrap_or(LARGEST_READ / 4);
            read = read.max(most.min(LARGEST_READ));
            match ready!(self.poll_fill(context, read)) {
                Ok(0) => {
                    let ended = decoder.close();
                    return Poll::Ready(ended.err().map(Err));
                }
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
    }

    /// The next frame of the body when it was read already.
    pub(super) fn take_frame(&mut self, decoder: &mut Decoder) -> Result<Option<Frame<Bytes>>, BoxError> {
        decoder.take(&mut self.buffer)
    }

    /// Sends on.
    fn poll_sending(&mut self, context: &mut Context<'_>) -> Result<(), Trouble> {
        let Some(sending) = &mut self.sending else { return Ok(()) };
        match sending.poll(Pin::new(&mut self.socket), context) {
            Poll::Ready(Ok(())) => {
                self.sending = None;
                Ok(())
            }
            Poll::Ready(Err(trouble)) => Err(trouble),
            Poll::Pending => Ok(()),
        }
    }

    /// Reads what has come, up to `most` bytes; 0 means that the peer has closed.
    fn poll_fill(&mut self, context: &mut Context<'_>, most: usize) -> Poll<io::Result<usize>> {
        if let Socket::Plain(stream) = &self.socket {
            ready!(stream.poll_read_ready(context))?;
        }
        self.buffer.reserve(most);
        let filled = pin!(self.socket.read_buf(&mut self.buffer)).poll(context);
        if filled.is_pending() && self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        filled
    }
}
