//! One connection, driven by whoever uses it.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::unconstrained;
use tokio::time::Instant;

use crate::dial::{Socket, dial};
use crate::{Body, BoxError, Origin, SendError};

/// Header lines of an answer.
const MAX_HEADERS: usize = 256;

/// An open connection and the state machine that speaks on it.
pub(super) struct Connection {
    sender: SendRequest<Body>,
    driver: http1::Connection<TokioIo<Socket>, Body>,
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
        let handshake = http1::Builder::new().max_headers(MAX_HEADERS).handshake(TokioIo::new(socket)).await;
        let (sender, driver) = handshake.map_err(|error| SendError::Unsent(error.into()))?;
        Ok(Box::new(Self { sender, driver, idle_since: Instant::now() }))
    }

    pub(super) fn idle_for(&self) -> Duration {
        self.idle_since.elapsed()
    }

    /// Moves bytes in both directions; ready when the connection has ended.
    pub(super) fn poll_driver(&mut self, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.driver).poll(context).map(|_| ())
    }

    /// Whether another request can be sent: the last one is over and the peer keeps the connection open.
    pub(super) fn is_usable(&mut self) -> bool {
        let mut nobody = Context::from_waker(Waker::noop());
        let driver = std::pin::pin!(unconstrained(Pin::new(&mut self.driver)));
        driver.poll(&mut nobody).is_pending() && self.sender.is_ready()
    }

    /// Sends a request and drives the connection until the head of its answer.
    pub(super) async fn exchange(
        mut self: Box<Self>,
        request: Request<Body>,
    ) -> Result<(Response<Incoming>, Box<Self>), Failure> {
        let answered = {
            // Without the runtime's budget for one turn of a task: a task that has used it up would be told "pending"
            // and woken through the waker below, which is nobody's. The answer would then never be seen.
            let mut answering = pin!(unconstrained(self.sender.try_send_request(request)));
            let driver = &mut self.driver;
            poll_fn(|context| {
                let ended = Pin::new(&mut *driver).poll(context);
                // Only the driver completes the answer, so the answer needs no waker of its own.
                let mut nobody = Context::from_waker(Waker::noop());
                match (answering.as_mut().poll(&mut nobody), ended) {
                    (Poll::Ready(answered), _) => Poll::Ready(Some(answered)),
                    (Poll::Pending, Poll::Ready(_)) => Poll::Ready(None),
                    (Poll::Pending, Poll::Pending) => Poll::Pending,
                }
            })
            .await
        };
        match answered {
            Some(Ok(response)) => Ok((response, self)),
            Some(Err(mut error)) => {
                let unsent = error.take_message().map(Box::new);
                Err(Failure { error: error.into_error().into(), unsent })
            }
            None => Err(Failure { error: "the connection ended".into(), unsent: None }),
        }
    }
}
