//! Listening sockets, and serving the connections that arrive on them until told to stop.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// Clients over this number wait to be accepted.
const MAX_CONNECTIONS: u32 = 1024;
/// Connections that the kernel holds for us.
const BACKLOG: i32 = 1024;
/// How long a TLS handshake may take, and a request's head.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long connections may take to end after a stop.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// Binds a TCP port. An empty address, and `0.0.0.0`, mean every interface of both families where the machine has both.
///
/// # Errors
/// The port is taken, or the address is not one of this machine.
pub(crate) fn bind((address, port): &(String, u16)) -> io::Result<TcpListener> {
    let every = |ip: IpAddr| bind_one(SocketAddr::new(ip, *port));
    let context = |error: io::Error| {
        let place = if address.is_empty() { format!("port {port}") } else { format!("{address}:{port}") };
        io::Error::new(error.kind(), format!("could not listen on {place}: {error}"))
    };
    if matches!(address.as_str(), "" | "0.0.0.0") {
        let both = every(Ipv6Addr::UNSPECIFIED.into());
        return both.or_else(|_| every(Ipv4Addr::UNSPECIFIED.into())).map_err(context);
    }
    let host = address.trim_start_matches('[').trim_end_matches(']');
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
    // IPv4 first: `localhost` is more often asked for there.
    let mut resolved: Vec<SocketAddr> = (host, *port).to_socket_addrs().map_err(context)?.collect();
    resolved.sort_by_key(SocketAddr::is_ipv6);
    for address in resolved {
        match bind_one(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(context(last))
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// Accepts until `stop` turns true, then waits a little for connections to end.
pub(crate) async fn accept<F, C>(listener: TcpListener, mut stop: watch::Receiver<bool>, connection: F)
where
    F: Fn(TcpStream, watch::Receiver<bool>) -> C,
    C: Future<Output = ()> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    loop {
        let arrived = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            arrived = arrived => arrived,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let serving = connection(stream, stop.clone());
                dapr_kit::task::spawn_detached("sentry connection", async move {
                    serving.await;
                    drop(place);
                });
            }
            Err(error) => {
                // Of one client, or the process is out of file descriptors: both pass.
                tracing::debug!(target: "dapr.sentry.server", "failed to accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(SHUTDOWN, places.acquire_many(MAX_CONNECTIONS)).await.is_err() {
        tracing::warn!(target: "dapr.sentry.server", "connections still open after {SHUTDOWN:?} are cut");
    }
}

/// Waits until `stop` turns true.
pub(crate) async fn asked(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// Does the TLS handshake of a server.
///
/// # Errors
/// The client does not speak TLS, does not trust us, or takes too long.
pub(crate) async fn handshake(
    config: Arc<ServerConfig>,
    stream: TcpStream,
) -> io::Result<tokio_rustls::server::TlsStream<TcpStream>> {
    let accepting = TlsAcceptor::from(config).accept(stream);
    tokio::time::timeout(PATIENCE, accepting).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Serves small answers over HTTP/1.1, with TLS or without.
pub(crate) async fn http<H>(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    stop: watch::Receiver<bool>,
    handle: H,
) where
    H: Fn(&Request<Incoming>) -> Response<Full<Bytes>> + Clone + Send + Sync + 'static,
{
    accept(listener, stop, move |stream, stop| {
        let (tls, handle) = (tls.clone(), handle.clone());
        async move {
            let ended = match tls {
                None => http_connection(stream, stop, handle).await,
                Some(config) => match handshake(config, stream).await {
                    Ok(stream) => http_connection(stream, stop, handle).await,
                    Err(error) => Err(error.to_string()),
                },
            };
            if let Err(error) = ended {
                tracing::debug!(target: "dapr.sentry.server", "an HTTP connection ended: {error}");
            }
        }
    })
    .await;
}

async fn http_connection<S, H>(stream: S, mut stop: watch::Receiver<bool>, handle: H) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    H: Fn(&Request<Incoming>) -> Response<Full<Bytes>> + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        std::future::ready(Ok::<_, std::convert::Infallible>(handle(&request)))
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = asked(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    ended.map_err(|error| error.to_string())
}
