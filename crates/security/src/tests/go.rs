//! Chains made by Go's `crypto/x509`, in the shape that a Go Sentry gives them: issuers of all three key types.

use std::sync::Arc;

use dapr_kit::clock::Clock;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::authority::Authority;
use super::handshake::{Connection, Fixed};
use super::workload;
use crate::{PeerMatch, TrustBundle, peer_identity};

/// 2026-06-01T00:00:00Z
const NOW: i64 = 1_780_272_000_000;

const CHAINS: [(&str, &str, &str); 3] = [
    ("ed25519", include_str!("go/ed25519.pem"), include_str!("go/ed25519-root.pem")),
    ("ecdsa", include_str!("go/ecdsa.pem"), include_str!("go/ecdsa-root.pem")),
    ("rsa", include_str!("go/rsa.pem"), include_str!("go/rsa-root.pem")),
];

#[tokio::test]
async fn chains_made_by_go_are_verified() {
    for (kind, chain, root) in CHAINS {
        let (authority, clock) = (Authority::new("ours"), Clock::manual(NOW));
        let ours = workload(&authority, "spiffe://public/ns/default/rust", &[&authority], &clock).await;
        let live = ours.live_for_tests();
        live.bundle.store(Arc::new(TrustBundle::from_pem(&(root.to_owned() + &authority.root_pem())).unwrap()));
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let certificates = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<Vec<_>, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(chain.as_bytes()).unwrap();
        let theirs = Arc::new(CertifiedKey::from_der(certificates, key, &provider).unwrap());

        let mut client = rustls::ClientConfig::clone(
            &ours
                .client_config(PeerMatch::App { namespace: "default".into(), app_id: "rust".into() })
                .unwrap()
                .unwrap(),
        );
        client.client_auth_cert_resolver = Arc::new(Fixed(Arc::clone(&theirs)));
        let connection = Connection::open(Arc::new(client), ours.server_config().unwrap()).await.expect(kind);
        let id = peer_identity(connection.server.get_ref().1).unwrap();
        assert_eq!(id.as_str(), format!("spiffe://public/ns/default/go-{kind}"));

        let mut server = rustls::ServerConfig::clone(&ours.server_config().unwrap());
        server.cert_resolver = Arc::new(Fixed(theirs));
        let peer = PeerMatch::App { namespace: "default".into(), app_id: format!("go-{kind}") };
        let client = ours.client_config(peer).unwrap().unwrap();
        Connection::open(client, Arc::new(server)).await.expect(kind);
    }
}
