//! Calls to one origin over HTTP/2.
//!
//! Calls share connections. A connection has one task, which sends all that its
//! calls have ready in one write; the body of a request is moved by the task
//! that makes the call, so dropping the call resets its stream.

mod body;
mod connection;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use http::{Request, Response};

use crate::{Body, Origin, SendError};
use connection::Connection;

/// Calls on one connection before another one is opened.
const STREAMS: usize = 1000;

/// Makes calls to one origin. Cheap to clone.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    origin: Origin,
    pings: bool,
    connections: Mutex<Vec<Arc<Connection>>>,
    /// One task dials at a time; the others wait for its connection.
    dialing: tokio::sync::Mutex<()>,
}

impl Client {
    /// A client without connections yet.
    pub fn new(origin: Origin) -> Self {
        Self(Arc::new(Shared {
            origin,
            pings: true,
            connections: Mutex::default(),
            dialing: tokio::sync::Mutex::new(()),
        }))
    }

    /// The same, which sends no pings of its own: for servers that end a connection with more of them than one in
    /// five minutes, as gRPC servers do by default.
    pub fn without_pings(origin: Origin) -> Self {
        let shared =
            Shared { origin, pings: false, connections: Mutex::default(), dialing: tokio::sync::Mutex::new(()) };
        Self(Arc::new(shared))
    }

    /// Where the calls go.
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// Makes a call; the URI needs scheme and authority.
    ///
    /// # Errors
    /// No connection could be made, or the call was reset before the answer's head.
    pub async fn send(&self, request: Request<Body>) -> Result<Response<Body>, SendError> {
        loop {
            let (connection, fresh) = match self.0.usable() {
                Some(connection) => (connection, false),
                None => (self.0.dial().await?, true),
            };
            match connection.reserve().await {
                Ok(stream) => return connection.call(stream, request).await,
                // The peer is closing this one: nothing was sent, another one will do.
                Err(_) if !fresh => connection.retire(),
                Err(error) => return Err(error),
            }
        }
    }

    /// Opens a connection unless there is one.
    ///
    /// # Errors
    /// No connection could be made.
    pub async fn connect(&self) -> Result<(), SendError> {
        match self.0.usable() {
            Some(_) => Ok(()),
            None => self.0.dial().await.map(|_| ()),
        }
    }

    /// Calls in flight.
    pub fn in_flight(&self) -> usize {
        self.0.connections().iter().map(|connection| connection.calls()).sum()
    }

    /// Whether a connection is open.
    pub fn is_connected(&self) -> bool {
        self.0.connections().iter().any(|connection| connection.is_open())
    }

    /// Forgets all connections; calls in flight end in their own time.
    pub fn clear(&self) {
        self.0.connections().clear();
    }
}

impl Shared {
    fn connections(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Connection>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fullest open connection that has room, so that idle ones can end.
    fn usable(&self) -> Option<Arc<Connection>> {
        let mut connections = self.connections();
        connections.retain(|connection| connection.is_open());
        connections.iter().find(|connection| connection.calls() < STREAMS.min(connection.limit())).cloned()
    }

    async fn dial(&self) -> Result<Arc<Connection>, SendError> {
        let _dialing = self.dialing.lock().await;
        if let Some(connection) = self.usable() {
            return Ok(connection);
        }
        let connection = Arc::new(Connection::open(&self.origin, self.pings).await?);
        self.connections().push(connection.clone());
        Ok(connection)
    }
}
