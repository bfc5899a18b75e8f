//! Accepting gRPC connections, and stopping them.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use dapr_security::SpiffeId;
use futures_util::stream::FuturesUnordered;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use super::connection::{Calls, Connection};
use super::serve::Service;
use crate::Api;
use crate::listen::{Listener, Stream};
use dapr_net::corked::cork;

/// Time between pings to a quiet client (interface/grpc-api.md 2.3).
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// How long a ping may go unanswered.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connections may take to end after a stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// Calls in flight on one connection.
const MAX_STREAMS: u32 = 4096;
/// Bytes in flight on one call. The connection has no limit of its own: a few requests that no application reads would use
/// it up and stop all other calls.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// Which port is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `--dapr-grpc-port`: the service `Dapr` and reflection.
    Api,
    /// `--dapr-internal-grpc-port`: reflection, calls between sidecars, and proxied calls of any service.
    Internal,
}

/// A gRPC server; [`Server::run`] ends when `stop` turns true and all connections have ended.
pub struct Server {
    service: Arc<Service>,
    /// Largest header block in bytes.
    headers: u32,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// A server of those services of `api` that belong on `surface`.
    pub fn new(api: Arc<Api>, surface: Surface) -> Self {
        // The incumbent multiplies a size in bytes by 1024, so clients may send that much.
        let headers = api.options.read_buffer_size.saturating_mul(1024);
        let headers = u32::try_from(headers).unwrap_or(u32::MAX);
        Self { service: Arc::new(Service::new(api, surface)), headers, tls: None }
    }

    /// Speaks TLS. Callers prove who they are by their certificates.
    #[must_use]
    pub fn with_tls(mut self, config: Option<Arc<rustls::ServerConfig>>) -> Self {
        self.tls = config.map(TlsAcceptor::from);
        self
    }

    fn builder(&self, calls: Calls) -> http2::Builder<Calls> {
        let mut builder = http2::Builder::new(calls);
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .max_concurrent_streams(MAX_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(self.headers);
        builder
    }

    /// Serves `listener` until `stop` turns true, then finishes what is in flight.
    pub async fn run(self, listener: Listener, mut stop: watch::Receiver<bool>) {
        // Each connection holds a sender; when the last one is gone, so are the connections.
        let (open, mut all_ended) = mpsc::channel::<()>(1);
        let stopping = stop.clone();
        loop {
            tokio::select! {
                stream = listener.accept() => match stream {
                    Stream::Tcp(stream) => match &self.tls {
                        None => self.connect(stream, None, stopping.clone(), open.clone()),
                        Some(tls) => self.connect_tls(tls, stream, stopping.clone(), open.clone()),
                    },
                    Stream::Unix(stream) => self.connect(stream, None, stopping.clone(), open.clone()),
                },
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        drop((listener, open));
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, all_ended.recv()).await.is_err() {
            tracing::warn!(target: "dapr.runtime.grpc.api", "gRPC connections still open after {SHUTDOWN_TIMEOUT:?} are cut");
        }
    }

    fn connect_tls(&self, tls: &TlsAcceptor, stream: TcpStream, stop: watch::Receiver<bool>, open: mpsc::Sender<()>) {
        let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
        let service = self.service.clone();
        let headers = self.headers;
        dapr_kit::task::spawn_detached("grpc handshake", async move {
            match handshake.await {
                Ok(Ok(stream)) => {
                    let peer = dapr_security::peer_identity(stream.get_ref().1);
                    Self { service, headers, tls: None }.connect(stream, peer, stop, open);
                }
                Ok(Err(error)) => {
                    tracing::warn!(target: "dapr.runtime.grpc.internal", "a caller failed to prove its identity: {error}");
                }
                Err(_) => tracing::debug!(target: "dapr.runtime.grpc.internal", "a handshake took too long"),
            }
        });
    }

    fn connect<S>(&self, stream: S, peer: Option<SpiffeId>, mut stop: watch::Receiver<bool>, open: mpsc::Sender<()>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = self.service.clone();
        let serve = service_fn(move |request| service.clone().serve(request, peer.clone()));
        let calls = Calls::default();
        let (cork, corked) = cork(stream);
        let http = Box::pin(self.builder(calls.clone()).serve_connection(TokioIo::new(corked), serve));
        let mut connection = Connection { http, arrived: calls, calls: FuturesUnordered::new(), cork };
        dapr_kit::task::spawn_detached("grpc connection", async move {
            let _open = open;
            let asked_to_stop = async { drop(stop.wait_for(|stop| *stop).await) };
            let ended = tokio::select! {
                ended = poll_fn(|context| connection.poll(context)) => ended,
                () = asked_to_stop => {
                    connection.http.as_mut().graceful_shutdown();
                    poll_fn(|context| connection.poll(context)).await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(target: "dapr.runtime.grpc.api", "connection ended: {error}");
            }
        });
    }
}
