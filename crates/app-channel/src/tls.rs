//! TLS to the application: encrypted, not verified.
//!
//! The application stands beside the sidecar and shows whatever certificate it has, mostly one that it signed itself;
//! that it is not checked is part of the interface.

use dapr_net::tls;
use rustls::ClientConfig;

/// TLS 1.2 or newer with any server; `protocol` is what ALPN offers.
pub(crate) fn any_server(protocol: &[u8]) -> ClientConfig {
    let builder = tls::client_builder().dangerous().with_custom_certificate_verifier(tls::any_server());
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    config
}
