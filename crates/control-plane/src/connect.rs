//! gRPC channels to services of the control plane.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use dapr_net::dial::{Origin, Socket, Tls, dial};
use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use socket2::{SockRef, TcpKeepalive};
use tonic::transport::{Channel, Endpoint};

/// The port of an address without one, as gRPC has it.
const DEFAULT_PORT: u16 = 443;

/// A peer that vanishes without a word is noticed after this time without an answer: from its silence when there is
/// something to send, and from probes when there is not. HTTP/2 pings would do the same, but a Go server takes them
/// for an attack.
const SILENCE: Duration = Duration::from_secs(30);

/// An address of the command line that cannot be connected to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("address {address:?} of {service} is not host:port")]
pub struct MalformedAddress {
    service: &'static str,
    address: String,
}

/// A channel that connects when it is used, and again when the connection was lost.
pub(crate) fn channel(
    service: &'static str,
    address: &str,
    tls: Option<Arc<ClientConfig>>,
) -> Result<Channel, MalformedAddress> {
    let malformed = || MalformedAddress { service, address: address.to_owned() };
    let (host, port) = parse(address).ok_or_else(malformed)?;
    let tls = tls.map(|config| Tls { config, server_name: dapr_security::server_name() });
    let scheme = if tls.is_some() { "https" } else { "http" };
    let origin = Origin { host: host.to_owned(), port, tls };
    let uri: Uri = format!("http://{origin}").parse().map_err(|_| malformed())?;
    let named: Uri = format!("{scheme}://{origin}").parse().map_err(|_| malformed())?;
    // The address that is dialled has the scheme `http` in any case: TLS is ours, and tonic must not add its own.
    let endpoint = Endpoint::from(uri).origin(named);
    Ok(endpoint.connect_with_connector_lazy(tower::service_fn(move |_: Uri| {
        let origin = origin.clone();
        async move { open(&origin).await.map(TokioIo::new) }
    })))
}

async fn open(origin: &Origin) -> io::Result<Socket> {
    let socket = dial(origin).await?;
    let stream = match &socket {
        Socket::Plain(stream) => stream,
        Socket::Tls(stream) => stream.get_ref().0,
    };
    let keepalive = TcpKeepalive::new().with_time(SILENCE / 2).with_interval(SILENCE / 6);
    let stream = SockRef::from(stream);
    stream.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    stream.set_tcp_user_timeout(Some(SILENCE))?;
    Ok(socket)
}

/// Host and port of `host:port`, `[::1]:port` or `host`, with or without gRPC's `dns:///` before it.
fn parse(address: &str) -> Option<(&str, u16)> {
    let address = address.strip_prefix("dns:///").unwrap_or(address);
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            let port = if after.is_empty() { None } else { Some(after.strip_prefix(':')?) };
            (host, port)
        }
        None => match address.split_once(':') {
            // More colons than one: an IPv6 address without brackets, so without a port.
            Some((_, rest)) if rest.contains(':') => (address, None),
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        },
    };
    let port = port.map_or(Some(DEFAULT_PORT), |port| port.parse().ok().filter(|port| *port != 0))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
    (!host.is_empty() && host.bytes().all(plain)).then_some((host, port))
}

/// Whether a call failed since this side refused the certificate of the other.
pub(crate) fn is_refused_certificate(status: &tonic::Status) -> bool {
    let mut next = status.source();
    while let Some(error) = next {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        next = error.source();
    }
    false
}

/// The text of a failed call with its causes, which gRPC's own text leaves out.
pub(crate) fn describe(status: &tonic::Status) -> String {
    let mut text = format!("rpc error: code = {:?} desc = {}", status.code(), status.message());
    let mut next = status.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_grpc_reads_them() {
        for (address, expected) in [
            ("localhost:50001", Some(("localhost", 50001))),
            (
                "dns:///dapr-sentry.dapr-system.svc.cluster.local:443",
                Some(("dapr-sentry.dapr-system.svc.cluster.local", 443)),
            ),
            ("dapr-api", Some(("dapr-api", 443))),
            ("[::1]:80", Some(("::1", 80))),
            ("[::1]", Some(("::1", 443))),
            ("::1", Some(("::1", 443))),
            ("10.0.0.1:6500", Some(("10.0.0.1", 6500))),
            ("", None),
            (":80", None),
            ("host:", None),
            ("host:0", None),
            ("host:65536", None),
            ("host:port", None),
            ("[::1", None),
            ("[::1]80", None),
            ("http://host:80", None),
            ("user@host:80", None),
            ("host/path:80", None),
        ] {
            assert_eq!(parse(address), expected, "{address}");
        }
    }
}
