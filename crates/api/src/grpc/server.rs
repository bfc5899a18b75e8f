//! Accepting gRPC connections, and stopping them.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::serve::Service;
use crate::Api;
use crate::listen::Listener;

/// Time between pings to a quiet client (interface/grpc-api.md 2.3).
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// How long a ping may go unanswered.
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// How long connections may take to end after a stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// Calls in flight on one connection.
const MAX_STREAMS: u32 = 4096;
/// Bytes in flight on one call and on one connection.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;
/// How long to wait before accepting again when the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Which port is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `--dapr-grpc-port`: the service `Dapr` and reflection.
    Api,
    /// `--dapr-internal-grpc-port`: reflection; calls between sidecars come with service invocation.
    Internal,
}

/// A gRPC server; [`Server::run`] ends when `stop` turns true and all connections have ended.
pub struct Server {
    service: Arc<Service>,
    builder: http2::Builder<TokioExecutor>,
}

impl Server {
    /// A server of those services of `api` that belong on `surface`.
    pub fn new(api: Arc<Api>, surface: Surface) -> Self {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        // The incumbent multiplies a size in bytes by 1024, so clients may send that much.
        let headers = api.options.read_buffer_size.saturating_mul(1024);
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .max_concurrent_streams(MAX_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(u32::try_from(headers).unwrap_or(u32::MAX));
        Self { service: Arc::new(Service::new(api, surface)), builder }
    }

    /// Serves `listener` until `stop` turns true, then finishes what is in flight.
    pub async fn run(self, listener: Listener, mut stop: watch::Receiver<bool>) {
        let connections = GracefulShutdown::new();
        loop {
            tokio::select! {
                () = self.accept(&listener, &connections) => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        drop(listener);
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, connections.shutdown()).await.is_err() {
            tracing::warn!(target: "dapr.runtime.grpc.api", "gRPC connections still open after {SHUTDOWN_TIMEOUT:?} are cut");
        }
    }

    async fn accept(&self, listener: &Listener, connections: &GracefulShutdown) {
        match listener {
            Listener::Tcp(listener) => match listener.accept().await {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    self.connect(stream, connections);
                }
                Err(error) => pause(&error).await,
            },
            Listener::Unix(listener, _) => match listener.accept().await {
                Ok((stream, _)) => self.connect(stream, connections),
                Err(error) => pause(&error).await,
            },
        }
    }

    fn connect<S>(&self, stream: S, connections: &GracefulShutdown)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = self.service.clone();
        let serve = service_fn(move |request| service.clone().serve(request));
        let watched = connections.watch(self.builder.serve_connection(TokioIo::new(stream), serve));
        dapr_kit::task::spawn_detached("grpc connection", async move {
            if let Err(error) = watched.await {
                tracing::debug!(target: "dapr.runtime.grpc.api", "connection ended: {error}");
            }
        });
    }
}

async fn pause(error: &std::io::Error) {
    tracing::warn!(target: "dapr.runtime.grpc.api", "cannot accept a connection: {error}");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}
