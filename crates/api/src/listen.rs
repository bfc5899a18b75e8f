//! Opening listeners: TCP on one or many addresses, Unix sockets.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// How long to wait before accepting again when the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// A bound socket, ready to be served.
#[derive(Debug)]
pub enum Listener {
    /// TCP.
    Tcp(tokio::net::TcpListener),
    /// A Unix socket and its path, which is removed with the listener.
    Unix(tokio::net::UnixListener, PathBuf),
}

/// An accepted connection.
pub(crate) enum Stream {
    /// TCP, without delay for small writes.
    Tcp(tokio::net::TcpStream),
    /// A Unix socket.
    Unix(tokio::net::UnixStream),
}

/// Binds `port` on an address or host name; empty means every interface, over IPv6 and IPv4 alike.
///
/// # Errors
/// The name cannot be resolved, or the port is taken.
pub fn tcp(address: &str, port: u16) -> io::Result<tokio::net::TcpListener> {
    if address.is_empty() {
        return bind(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port))
            .or_else(|_| bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)));
    }
    let host = address.trim_start_matches('[').trim_end_matches(']');
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, format!("no address for {address}"));
    for resolved in (host, port).to_socket_addrs()? {
        match bind(resolved) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn bind(address: SocketAddr) -> io::Result<tokio::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    tokio::net::TcpListener::from_std(socket.into())
}

/// Binds one listener for each address; addresses that fail are passed over as long as one succeeds.
///
/// # Errors
/// None could be bound; the error of the last one.
pub fn tcp_all(addresses: &[String], port: u16) -> io::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    let mut failure = None;
    for address in addresses {
        match tcp(address, port) {
            Ok(listener) => listeners.push(Listener::Tcp(listener)),
            Err(error) => {
                tracing::debug!(target: "dapr.runtime.http", "cannot listen on {address}:{port}: {error}");
                failure = Some(error);
            }
        }
    }
    match failure {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok(listeners),
    }
}

/// Binds a Unix socket; one that a dead process left behind is replaced.
///
/// # Errors
/// The path cannot be bound, or a living process listens on it.
pub fn unix(path: &Path) -> io::Result<Listener> {
    if path.exists() {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, format!("{} is in use", path.display())));
        }
        std::fs::remove_file(path)?;
    }
    Ok(Listener::Unix(tokio::net::UnixListener::bind(path)?, path.to_owned()))
}

impl Listener {
    /// Waits for the next connection; when the process is out of descriptors, says so and waits a little.
    pub(crate) async fn accept(&self) -> Stream {
        loop {
            let accepted = match self {
                Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| {
                    let _ = stream.set_nodelay(true);
                    Stream::Tcp(stream)
                }),
                Self::Unix(listener, _) => listener.accept().await.map(|(stream, _)| Stream::Unix(stream)),
            };
            match accepted {
                Ok(stream) => return stream,
                Err(error) => {
                    tracing::warn!(target: "dapr.runtime", "{}: cannot accept a connection: {error}", self.describe());
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Where it listens, for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Tcp(listener) => listener.local_addr().map(|a| a.to_string()).unwrap_or_default(),
            Self::Unix(_, path) => path.display().to_string(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self {
            let _ = std::fs::remove_file(path);
        }
    }
}
