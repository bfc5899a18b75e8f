//! Accepting connections, HTTP/1.1 and HTTP/2 on one port, and stopping them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::serve::Service;
use crate::Api;
use crate::listen::{Listener as Socket, Stream};
use crate::routes::Listener;

/// How long a client may take to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connections may take to end after a stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// Slack over `--read-buffer-size` before a header block is refused, as the incumbent's server has it.
const HEADER_SLACK: usize = 4096;
/// The least buffer that the HTTP library takes.
const LEAST_BUFFER: usize = 8192;

/// An HTTP server; [`Server::run`] ends when `stop` turns true and all connections have ended.
pub struct Server {
    service: Arc<Service>,
    builder: auto::Builder<TokioExecutor>,
}

impl Server {
    /// A server of those endpoints of `api` that belong on `listener`.
    pub fn new(api: Arc<Api>, listener: Listener) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        let buffer = (api.options.read_buffer_size + HEADER_SLACK).max(LEAST_BUFFER);
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(buffer);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(buffer).unwrap_or(u32::MAX))
            .max_concurrent_streams(1024);
        if !api.options.h2c {
            builder = builder.http1_only();
        }
        Self { service: Arc::new(Service::new(api, listener)), builder }
    }

    /// Serves `socket` until `stop` turns true, then finishes what is in flight.
    pub async fn run(self, socket: Socket, mut stop: watch::Receiver<bool>) {
        let connections = GracefulShutdown::new();
        loop {
            tokio::select! {
                stream = socket.accept() => match stream {
                    Stream::Tcp(stream) => {
                        let peer = stream.peer_addr().ok();
                        self.connect(stream, peer, &connections);
                    }
                    Stream::Unix(stream) => self.connect(stream, None, &connections),
                },
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        tracing::info!(target: "dapr.runtime.http", "closing HTTP server {}", socket.describe());
        drop(socket);
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, connections.shutdown()).await.is_err() {
            tracing::warn!(target: "dapr.runtime.http", "HTTP connections still open after {SHUTDOWN_TIMEOUT:?} are cut");
        }
    }

    fn connect<S>(&self, stream: S, peer: Option<SocketAddr>, connections: &GracefulShutdown)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = self.service.clone();
        let serve = service_fn(move |request| service.clone().serve(request, peer));
        let connection = self.builder.serve_connection_with_upgrades(TokioIo::new(stream), serve).into_owned();
        let watched = connections.watch(connection);
        dapr_kit::task::spawn_detached("http connection", async move {
            if let Err(error) = watched.await {
                tracing::debug!(target: "dapr.runtime.http", "connection ended: {error}");
            }
        });
    }
}
