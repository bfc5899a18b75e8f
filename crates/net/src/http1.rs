//! A pool of HTTP/1.1 connections to one origin.
//!
//! A connection has no task of its own: the task that makes a call drives it,
//! first for the answer's head, then as it reads the body. So a call costs no
//! hand-over between tasks, and dropping an answer closes its connection, which
//! is how HTTP/1.1 says "cancelled".

mod body;
mod connection;
mod late;
mod request;
mod response;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use dapr_kit::task;
use http::{HeaderMap, Method, Request, Response};
use http_body::Body as _;
use tokio::time::{Instant, sleep};

use crate::{Body, Origin, SendError};
use body::Driven;
use connection::{Connection, Failure};
use response::{Decoder, Head};

/// Idle connections that are kept; the rest are closed when their call ends.
const MAX_IDLE: usize = 512;
/// How long a connection may be idle. Many servers close theirs after five seconds; a request must not meet that.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// From this age on, an idle connection is suspected: a request that may be sent twice is kept until it is answered.
const SUSPECT: Duration = Duration::from_secs(1);

/// Keeps connections to one origin and makes calls on them. Cheap to clone.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    origin: Origin,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    #[expect(clippy::vec_box, reason = "connections are large and move in and out")]
    connections: Vec<Box<Connection>>,
    /// A task closes connections whose time is over.
    reaped: bool,
}

impl Pool {
    /// A pool without connections yet.
    pub fn new(origin: Origin) -> Self {
        Self(Arc::new(Shared { origin, idle: Mutex::default() }))
    }

    /// Where the calls go.
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// Makes a call; the request needs a `host` header and a URI in origin form.
    ///
    /// The request is sent again only when its connection turns out to be closed and it was not sent, or when it has
    /// no body, may by its method be repeated, and met a connection that had been idle.
    ///
    /// # Errors
    /// No connection could be made, or it broke before the answer's head.
    pub fn send(&self, request: Request<Body>) -> impl Future<Output = Result<Response<Body>, SendError>> + Send {
        // Boxed here, so that a call that waits is small.
        self.send_boxed(Box::new(request))
    }

    async fn send_boxed(&self, mut request: Box<Request<Body>>) -> Result<Response<Body>, SendError> {
        if late::is_unclear(&request) {
            request = Box::new(Box::pin(late::settle(*request)).await);
        }
        while let Some(connection) = self.0.take() {
            let copy = if connection.idle_for() > SUSPECT { copy_of(&request) } else { None };
            match connection.exchange(request).await {
                Ok(answered) => return Ok(self.answer(answered)),
                Err(Failure { unsent: Some(unsent), .. }) => request = unsent,
                Err(Failure { error, unsent: None }) => match copy {
                    Some(copy) => request = Box::new(copy),
                    None => return Err(SendError::Broken(error)),
                },
            }
        }
        let connection = Box::pin(Connection::open(&self.0.origin)).await?;
        let answered = connection.exchange(request).await.map_err(|failure| match failure.unsent {
            Some(_) => SendError::Unsent(failure.error),
            None => SendError::Broken(failure.error),
        })?;
        Ok(self.answer(answered))
    }

    fn answer(&self, (head, decoder, connection): (Head, Decoder, Box<Connection>)) -> Response<Body> {
        let mut response = Response::new(Driven::new(connection, decoder, Arc::downgrade(&self.0)).eagerly());
        *response.status_mut() = head.status;
        *response.version_mut() = head.version;
        *response.headers_mut() = head.headers;
        response
    }

    /// Connections that are open and unused.
    pub fn idle(&self) -> usize {
        self.0.idle().connections.len()
    }

    /// Closes the connections that are not in use.
    pub fn clear(&self) {
        self.0.idle().connections.clear();
    }
}

impl Shared {
    fn idle(&self) -> std::sync::MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last and is still open.
    fn take(&self) -> Option<Box<Connection>> {
        loop {
            let mut connection = self.idle().connections.pop()?;
            if connection.idle_for() < IDLE_TIMEOUT && connection.is_usable() {
                return Some(connection);
            }
        }
    }

    fn give_back(self: &Arc<Self>, mut connection: Box<Connection>) {
        if !connection.is_usable() {
            return;
        }
        connection.idle_since = Instant::now();
        let mut idle = self.idle();
        if idle.connections.len() >= MAX_IDLE {
            return;
        }
        idle.connections.push(connection);
        if !std::mem::replace(&mut idle.reaped, true) {
            task::spawn_detached("idle connections", reap(Arc::downgrade(self)));
        }
    }
}

/// Closes idle connections in time; ends when there are none.
async fn reap(pool: Weak<Shared>) {
    loop {
        sleep(IDLE_TIMEOUT).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.idle();
        let all = std::mem::take(&mut idle.connections);
        let (kept, old): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|connection| connection.idle_for() < IDLE_TIMEOUT);
        idle.connections = kept;
        let is_done = idle.connections.is_empty();
        idle.reaped = !is_done;
        drop(idle);
        drop(old);
        if is_done {
            return;
        }
    }
}

/// A copy of a request that may be sent twice.
fn copy_of(request: &Request<Body>) -> Option<Request<Body>> {
    let repeatable = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if !repeatable || !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(Body::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = HeaderMap::clone(request.headers());
    Some(copy)
}
