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
use connection::{Connection, InFlight, Reserved};

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
        self.ready().await?.send(request).await
    }

    /// The right to make one call. A request that is not yet handed over can still go elsewhere when there is none.
    ///
    /// # Errors
    /// No connection could be made.
    pub async fn ready(&self) -> Result<Ready, SendError> {
        loop {
            let ((connection, place), fresh) = match self.0.place() {
                Some(found) => (found, false),
                None => (Box::pin(self.0.dial()).await?, true),
            };
            match connection.reserve(place).await {
                Ok(stream) => return Ok(Ready { connection, stream }),
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
        match self.0.place() {
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

/// The right to make one call.
pub struct Ready {
    connection: Arc<Connection>,
    stream: Reserved,
}

impl Ready {
    /// Makes the call; the URI needs scheme and authority.
    ///
    /// # Errors
    /// The call was reset before the answer's head, or its connection ended.
    pub async fn send(self, request: Request<Body>) -> Result<Response<Body>, SendError> {
        self.connection.call(self.stream, request).await
    }
}

impl Shared {
    fn connections(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Connection>>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place on the first open connection that has one, so that idle connections can end.
    fn place(&self) -> Option<(Arc<Connection>, InFlight)> {
        let mut connections = self.connections();
        connections.retain(|connection| connection.is_open());
        connections.iter().find_map(|connection| Some((connection.clone(), connection.place(STREAMS)?)))
    }

    async fn dial(&self) -> Result<(Arc<Connection>, InFlight), SendError> {
        let _dialing = self.dialing.lock().await;
        if let Some(found) = self.place() {
            return Ok(found);
        }
        let connection = Arc::new(Connection::open(&self.origin, self.pings).await?);
        let place = connection.place(usize::MAX).ok_or_else(|| SendError::Unsent("the peer takes no calls".into()))?;
        self.connections().push(connection.clone());
        Ok((connection, place))
    }
}
