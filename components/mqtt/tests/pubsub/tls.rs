//! TLS, with and without a client certificate.

use dapr_testkit::process::Server;
use dapr_testkit::pubsub::{Act, Collector, message, subscription};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use crate::servers::{broker, try_open};

/// Files of an authority, and of a server and a client that it vouches for.
struct Papers {
    dir: TempDir,
    ca: String,
    client_cert: String,
    client_key: String,
}

impl Papers {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let vouched = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            (params.signed_by(&key, &authority).unwrap().pem(), key.serialize_pem())
        };
        let dir = tempfile::tempdir().unwrap();
        let (server_cert, server_key) = vouched("localhost");
        let (client_cert, client_key) = vouched("client");
        for (name, text) in [("ca.pem", authority.pem()), ("server.pem", server_cert), ("server.key", server_key)] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        Self { dir, ca: authority.pem(), client_cert, client_key }
    }

    async fn broker(&self, settings: &str) -> Server {
        let dir = self.dir.path().to_string_lossy();
        let files = format!("cafile {dir}/ca.pem\ncertfile {dir}/server.pem\nkeyfile {dir}/server.key");
        broker(&format!("allow_anonymous true\n{files}\n{settings}")).await
    }
}

async fn works(url: &str, fields: &[(&str, &str)]) {
    let broker = try_open(url, fields).await.unwrap();
    let collector = Collector::start(&broker, subscription("tls"), 1, |_| Act::Done).await;
    broker.publish(message("tls", vec![b'x'; 100_000])).await.unwrap();
    assert_eq!(collector.wait(1).await[0].message.data.len(), 100_000);
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_is_checked_against_the_given_authority() {
    let papers = Papers::new();
    let server = papers.broker("").await;
    for scheme in ["ssl", "mqtts", "tls", "tcps"] {
        works(&format!("{scheme}://localhost:{}", server.port()), &[("caCert", &papers.ca)]).await;
    }
    let url = format!("ssl://localhost:{}", server.port());
    let others = Papers::new();
    let text = try_open(&url, &[("caCert", &others.ca)]).await.err().expect("another authority").to_string();
    assert!(text.contains("certificate"), "{text}");
    assert!(try_open(&url, &[]).await.is_err(), "the system does not know the authority");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_may_ask_for_a_client_certificate() {
    let papers = Papers::new();
    let server = papers.broker("require_certificate true\nuse_identity_as_username true").await;
    let url = format!("ssl://localhost:{}", server.port());
    let Papers { ca, client_cert, client_key, .. } = &papers;
    assert!(try_open(&url, &[("caCert", ca)]).await.is_err());
    works(&url, &[("caCert", ca), ("clientCert", client_cert), ("clientKey", client_key)]).await;
}
