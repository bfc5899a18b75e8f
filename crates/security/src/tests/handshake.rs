//! Who is let in, and who is not.

use std::io;
use std::sync::Arc;

use dapr_kit::clock::Clock;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, HandshakeKind, NamedGroup, ProtocolVersion, ServerConfig,
    SignatureScheme,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use super::authority::{Authority, Source};
use super::{settings, workload};
use crate::{PeerMatch, Security, SpiffeId, TrustAnchors, peer_identity, server_name};

const CLIENT: &str = "spiffe://public/ns/default/client";
const SERVER: &str = "spiffe://other.domain/ns/default/server";
/// 2026-06-01T00:00:00Z
const NOW: i64 = 1_780_272_000_000;

pub(super) struct Connection {
    pub(super) client: client::TlsStream<DuplexStream>,
    pub(super) server: server::TlsStream<DuplexStream>,
}

impl Connection {
    /// Both ends, after a byte went each way: over TLS 1.3 a client learns of its refusal only then.
    pub(super) async fn open(client: Arc<ClientConfig>, server: Arc<ServerConfig>) -> Result<Self, io::Error> {
        let (near, far) = duplex(64 * 1024);
        let connecting = TlsConnector::from(client).connect(server_name(), near);
        let (client, server) = tokio::join!(connecting, TlsAcceptor::from(server).accept(far));
        let (server, client) = match (server, client) {
            (Ok(server), Ok(client)) => (server, client),
            // The end that refuses tells why; the other one only knows the alert.
            (Err(server), Ok(_)) => return Err(server),
            (_, Err(client)) => return Err(client),
        };
        let mut connection = Self { client, server };
        connection.ping().await?;
        Ok(connection)
    }

    pub(super) async fn ping(&mut self) -> io::Result<()> {
        self.client.write_all(b"a").await?;
        self.server.write_all(b"b").await?;
        tokio::try_join!(self.client.flush(), self.server.flush())?;
        assert_eq!((self.server.read_u8().await?, self.client.read_u8().await?), (b'a', b'b'));
        Ok(())
    }
}

fn app(namespace: &str, app_id: &str) -> PeerMatch {
    PeerMatch::App { namespace: namespace.to_owned(), app_id: app_id.to_owned() }
}

async fn connect(client: &Security, peer: PeerMatch, server: &Security) -> Result<Connection, io::Error> {
    Connection::open(client.client_config(peer).unwrap().unwrap(), server.server_config().unwrap()).await
}

async fn refused(client: &Security, peer: PeerMatch, server: &Security) -> String {
    connect(client, peer, server).await.err().expect("the handshake must fail").to_string()
}

#[tokio::test]
async fn two_workloads_know_each_other() {
    let (authority, clock) = (Authority::new("root"), Clock::manual(NOW));
    let client = workload(&authority, CLIENT, &[&authority], &clock).await;
    let server = workload(&authority, SERVER, &[&authority], &clock).await;
    let connection = connect(&client, app("default", "server"), &server).await.unwrap();
    let (_, accepted) = connection.server.get_ref();
    assert_eq!(peer_identity(accepted).unwrap().as_str(), CLIENT);
    assert_eq!(accepted.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(accepted.alpn_protocol(), Some(&b"h2"[..]));
    assert_eq!(accepted.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519MLKEM768);
    assert_eq!(accepted.server_name(), None, "no name is sent");
    let (_, connected) = connection.client.get_ref();
    assert_eq!(peer_identity(connected).unwrap().as_str(), SERVER);
}

#[tokio::test]
async fn a_server_that_is_somebody_else_is_refused() {
    let (authority, clock) = (Authority::new("root"), Clock::manual(NOW));
    let client = workload(&authority, CLIENT, &[&authority], &clock).await;
    let server = workload(&authority, SERVER, &[&authority], &clock).await;
    let exact = |id: &str| PeerMatch::Exact(id.parse::<SpiffeId>().unwrap());
    connect(&client, exact(SERVER), &server).await.unwrap();
    for peer in [
        app("other", "server"),
        app("default", "serve"),
        app("default", "server/x"),
        exact("spiffe://public/ns/default/server"),
        exact("spiffe://other.domain/ns/other/server"),
        exact("spiffe://other.domain/ns/default/client"),
    ] {
        let error = refused(&client, peer.clone(), &server).await;
        assert!(error.contains("unexpected SPIFFE ID"), "{peer:?}: {error}");
    }
}

#[tokio::test]
async fn an_id_with_more_segments_is_not_the_app() {
    let (authority, clock) = (Authority::new("root"), Clock::manual(NOW));
    let client = workload(&authority, CLIENT, &[&authority], &clock).await;
    let server = workload(&authority, &format!("{SERVER}/extra"), &[&authority], &clock).await;
    refused(&client, app("default", "server"), &server).await;
}

#[tokio::test]
async fn an_unknown_root_is_refused_on_both_sides() {
    let (ours, theirs, clock) = (Authority::new("root"), Authority::new("root"), Clock::manual(NOW));
    let good = workload(&ours, CLIENT, &[&ours], &clock).await;
    let stranger = workload(&theirs, SERVER, &[&ours, &theirs], &clock).await;
    let error = refused(&good, app("default", "server"), &stranger).await;
    assert!(error.contains("UnknownIssuer"), "{error}");
    let stranger = workload(&theirs, CLIENT, &[&ours, &theirs], &clock).await;
    let good = workload(&ours, SERVER, &[&ours], &clock).await;
    let error = refused(&stranger, app("default", "server"), &good).await;
    assert!(error.contains("UnknownIssuer"), "{error}");
}

#[tokio::test]
async fn a_certificate_outside_of_its_time_is_refused_on_both_sides() {
    let (authority, clock) = (Authority::new("root"), Clock::manual(NOW));
    let later = Clock::manual(NOW + super::authority::TTL + 60_000);
    let old = workload(&authority, CLIENT, &[&authority], &clock).await;
    let fresh = workload(&authority, SERVER, &[&authority], &later).await;
    let error = refused(&old, app("default", "server"), &fresh).await;
    assert!(error.contains("not valid yet"), "{error}");
    let old = workload(&authority, SERVER, &[&authority], &clock).await;
    let fresh = workload(&authority, CLIENT, &[&authority], &later).await;
    let error = refused(&fresh, app("default", "server"), &old).await;
    assert!(error.contains("expired"), "{error}");
    // Only the server minds here: its clock is ahead, and the client's own certificate is fine by its own clock.
    let ahead = workload(&authority, SERVER, &[&authority], &clock).await;
    let old = workload(&authority, CLIENT, &[&authority], &clock).await;
    connect(&old, app("default", "server"), &ahead).await.unwrap();
    clock.advance(super::authority::TTL + 60_000);
    let error = refused(&old, app("default", "server"), &ahead).await;
    assert!(error.contains("expired"), "{error}");
}

#[tokio::test]
async fn certificates_that_are_no_svids_are_refused() {
    let (authority, clock) = (Authority::new("root"), Clock::manual(NOW));
    for (uri, edit) in [
        ("spiffe://public/sa/default/app", None),
        ("https://public/ns/default/app", None),
        (CLIENT, Some((|params| params.subject_alt_names.clear()) as fn(&mut rcgen::CertificateParams))),
        (CLIENT, Some(|params| params.subject_alt_names.push(params.subject_alt_names[0].clone()))),
        (CLIENT, Some(|params| params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained))),
        (CLIENT, Some(|params| params.key_usages.push(rcgen::KeyUsagePurpose::KeyCertSign))),
    ] {
        let source = Source::new(&authority, uri, &clock);
        if let Some(edit) = edit {
            *source.edit.lock().unwrap() = Some(Box::new(edit));
        }
        let started = Security::start(settings("app", &[&authority]), Arc::new(source), Arc::new(()), clock.clone());
        let error = started.await.unwrap_err().to_string();
        assert!(error.starts_with("failed to retrieve the initial identity: "), "{error}");
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let (authority, clock) = (Authority::new("root"), Clock::manual(NOW));
    let server = workload(&authority, SERVER, &[&authority], &clock).await;
    let nobody = || Arc::new(trusting_client(rustls::ALL_VERSIONS));
    let error = Connection::open(nobody(), server.server_config().unwrap()).await.err().unwrap();
    assert!(error.to_string().contains("peer sent no certificates"), "{error}");
    let open = server.server_config_without_client_certificates().unwrap();
    let connection = Connection::open(nobody(), open).await.unwrap();
    assert_eq!(peer_identity(connection.server.get_ref().1), None);
}

#[tokio::test]
async fn tls_1_2_is_spoken_with_older_peers() {
    let (authority, clock) = (Authority::new("root"), Clock::manual(NOW));
    let client = workload(&authority, CLIENT, &[&authority], &clock).await;
    let server = workload(&authority, SERVER, &[&authority], &clock).await;
    let identity = client.identity().unwrap();
    let mut old = trusting_client(&[&rustls::version::TLS12]);
    old.client_auth_cert_resolver = Arc::new(Fixed(Arc::clone(&identity.certified_key)));
    let connection = Connection::open(Arc::new(old), server.server_config().unwrap()).await.unwrap();
    let (_, accepted) = connection.server.get_ref();
    assert_eq!(accepted.protocol_version(), Some(ProtocolVersion::TLSv1_2));
    assert_eq!(peer_identity(accepted).unwrap().as_str(), CLIENT);
    let stranger = Arc::new(trusting_client(&[&rustls::version::TLS12]));
    assert!(Connection::open(stranger, server.server_config().unwrap()).await.is_err());
}

#[tokio::test]
async fn sessions_are_not_resumed() {
    let (authority, clock) = (Authority::new("root"), Clock::manual(NOW));
    let client = workload(&authority, CLIENT, &[&authority], &clock).await;
    let server = workload(&authority, SERVER, &[&authority], &clock).await;
    // A server that offers tickets, and a client that would use them.
    let identity = server.identity().unwrap();
    let mut offering = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Fixed(Arc::clone(&identity.certified_key))));
    offering.alpn_protocols = vec![b"h2".to_vec()];
    let offering = Arc::new(offering);
    let eager = Arc::new(trusting_client(rustls::ALL_VERSIONS));
    let ours = client.client_config(app("default", "server")).unwrap().unwrap();
    let quiet = server.server_config_without_client_certificates().unwrap();
    let kind = async |client: &Arc<ClientConfig>, server: &Arc<ServerConfig>| {
        let connection = Connection::open(Arc::clone(client), Arc::clone(server)).await.unwrap();
        connection.server.get_ref().1.handshake_kind().unwrap()
    };
    for _ in 0..2 {
        assert_ne!(kind(&ours, &offering).await, HandshakeKind::Resumed);
        assert_ne!(kind(&eager, &quiet).await, HandshakeKind::Resumed);
    }
    kind(&eager, &offering).await;
    assert_eq!(kind(&eager, &offering).await, HandshakeKind::Resumed, "or else this test shows nothing");
}

#[tokio::test(start_paused = true)]
async fn the_root_is_rotated_with_overlap_while_connections_live() {
    // Sentry names each of its roots alike, so that only signatures tell them apart.
    let (old, new, clock) = (Authority::new("root"), Authority::new("root"), Clock::manual(NOW));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.crt");
    std::fs::write(&file, old.root_pem()).unwrap();
    let start = async |id: &str| {
        let source = Arc::new(Source::new(&old, id, &clock));
        let mut settings = settings("app", &[]);
        settings.trust_anchors = TrustAnchors::File(file.clone());
        let security = Security::start(settings, source.clone(), Arc::new(()), clock.clone()).await.unwrap();
        (security, source)
    };
    let ((client, client_source), (server, server_source)) = (start(CLIENT).await, start(SERVER).await);
    let client_config = client.client_config(app("default", "server")).unwrap().unwrap();
    let server_config = server.server_config().unwrap();
    let open = async || Connection::open(Arc::clone(&client_config), Arc::clone(&server_config)).await;
    let mut first = open().await.unwrap();

    // Both roots are trusted before anybody has a certificate of the new one.
    std::fs::write(&file, old.root_pem() + &new.root_pem()).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    first.ping().await.unwrap();
    open().await.unwrap();

    // One side renews, then the other: every mix of old and new works.
    for source in [&client_source, &server_source] {
        *source.authority.lock().unwrap() = Arc::clone(&new);
        let before = source.calls();
        clock.advance(super::authority::TTL / 2);
        while source.calls() == before {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        open().await.unwrap().ping().await.unwrap();
        first.ping().await.unwrap();
    }

    // The old root goes: nothing breaks, and a certificate of the old root is worth nothing now.
    let left_behind = workload(&old, CLIENT, &[&old, &new], &clock).await;
    connect(&left_behind, app("default", "server"), &server).await.unwrap();
    std::fs::write(&file, "nonsense").unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    open().await.expect("a broken file changes nothing");
    std::fs::write(&file, new.root_pem()).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    open().await.unwrap();
    first.ping().await.unwrap();
    let error = refused(&left_behind, app("default", "server"), &server).await;
    assert!(error.contains("UnknownIssuer"), "{error}");
}

/// A client that believes everybody and has no certificate.
fn trusting_client(versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusting))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

#[derive(Debug)]
pub(super) struct Fixed(pub(super) Arc<rustls::sign::CertifiedKey>);

impl rustls::server::ResolvesServerCert for Fixed {
    fn resolve(&self, _: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl rustls::client::ResolvesClientCert for Fixed {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<rustls::sign::CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Trusting;

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
