//! One HTTP/2 connection over a Unix socket. It never reconnects: whoever holds it sees when it is over.

use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};

use dapr_kit::task::{self, Task};
use futures_util::future::BoxFuture;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::UnixStream;
use tonic::body::Body;

/// Tells a component that serves several instances which one is meant.
const INSTANCE: &str = "x-component-instance";
/// A socket has no host, but HTTP/2 wants one.
const AUTHORITY: &str = "localhost";
/// Bytes in flight on one call and on one connection.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// A channel for generated clients. No pings: servers of gRPC's Go library cut clients that ping often, and a closed
/// Unix socket is seen without them.
#[derive(Clone)]
pub(crate) struct Connection {
    requests: SendRequest<Body>,
    instance: Option<HeaderValue>,
    authority: Authority,
    /// Moves the bytes as long as anybody holds the connection.
    _driver: Arc<Task<()>>,
}

/// The connection could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// Nobody listens.
    #[error("{0}")]
    Socket(#[from] std::io::Error),
    /// Whoever listens ended the connection at once.
    #[error("{0}")]
    Handshake(#[from] hyper::Error),
}

impl Connection {
    /// Connects to `socket`, to talk to the component instance of that name.
    ///
    /// # Errors
    /// Nobody listens there.
    pub(crate) async fn open(socket: &Path, instance: Option<HeaderValue>) -> Result<Self, OpenError> {
        let stream = UnixStream::connect(socket).await?;
        let (requests, connection) = Builder::new(TokioExecutor::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .handshake(TokioIo::new(stream))
            .await?;
        let driver = task::spawn("pluggable component connection", async move {
            if let Err(error) = connection.await {
                tracing::debug!(target: "dapr.runtime", "connection to a pluggable component ended: {error}");
            }
        });
        Ok(Self { requests, instance, authority: Authority::from_static(AUTHORITY), _driver: Arc::new(driver) })
    }

    /// Whether no further call can be made.
    pub(crate) fn is_closed(&self) -> bool {
        self.requests.is_closed()
    }
}

impl tower::Service<Request<Body>> for Connection {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.requests.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(instance) = &self.instance {
            request.headers_mut().insert(INSTANCE, instance.clone());
        }
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(self.authority.clone());
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
        Box::pin(self.requests.send_request(request))
    }
}
