//! A Sentry under test, clients that trust it, and certificates of other makes.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use dapr_kit::clock::Clock;
use dapr_proto::sentry::v1::ca_client::CaClient;
use dapr_proto::sentry::v1::{SignCertificateRequest, SignCertificateResponse};
use dapr_sentry::ca::{Certificate, pem};
use dapr_sentry::{Environment, Sentry, SentryError, Settings, parse_flags};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tonic::transport::{Channel, Endpoint, Uri};

/// Flags that let several run beside each other.
const PORTS: [&str; 7] = [
    "sentry",
    "--port=0",
    "--healthz-port=0",
    "--enable-metrics=false",
    "--listen-address=127.0.0.1",
    "--healthz-listen-address=127.0.0.1",
    "--oidc-server-listen-port=0",
];

/// Starts a Sentry whose credentials are in `directory`.
pub(crate) async fn try_start(directory: &Path, flags: &[&str], clock: Clock) -> Result<Sentry, SentryError> {
    let credentials = format!("--issuer-credentials={}", directory.display());
    let arguments = PORTS.into_iter().chain([credentials.as_str()]).chain(flags.iter().copied());
    let flags = parse_flags(arguments.map(Into::into)).unwrap();
    let environment = Environment::from([("DAPR_UNSAFE_SKIP_CONTAINER_UID_GID_CHECK", "true")]);
    Sentry::start(Settings::new(&flags, environment).unwrap(), clock).await
}

pub(crate) async fn start(directory: &Path, flags: &[&str]) -> Sentry {
    try_start(directory, flags, Clock::system()).await.unwrap()
}

/// Why a Sentry does not start.
pub(crate) async fn refusal(directory: &Path, flags: &[&str]) -> String {
    match try_start(directory, flags, Clock::system()).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

/// Trusts roots, not names: peers of Dapr have SPIFFE ids.
#[derive(Debug)]
struct ByRoots {
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ByRoots {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let leaf = ParsedCertificate::try_from(leaf)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        rustls::client::verify_server_cert_signed_by_trust_anchor(&leaf, &self.roots, intermediates, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A client of TLS that trusts these roots.
pub(crate) fn tls(roots: &str, protocol: &[u8]) -> Arc<ClientConfig> {
    let mut store = RootCertStore::empty();
    for root in pem::certificates(roots.as_bytes()).unwrap() {
        store.add(root.into()).unwrap();
    }
    let verifier = ByRoots { roots: store, provider: provider() };
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    Arc::new(config)
}

/// A server of TLS with this certificate.
pub(crate) fn server(chain: Vec<Vec<u8>>, pkcs8: Vec<u8>) -> Arc<rustls::ServerConfig> {
    let chain = chain.into_iter().map(CertificateDer::from).collect();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(pkcs8.into());
    let config = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Arc::new(config)
}

/// Opens a connection to a Sentry, trusting the roots it names itself.
pub(crate) async fn connect(sentry: &Sentry) -> CaClient<Channel> {
    connect_trusting(sentry, &sentry.trust_anchors()).await.unwrap()
}

pub(crate) async fn connect_trusting(
    sentry: &Sentry,
    roots: &str,
) -> Result<CaClient<Channel>, tonic::transport::Error> {
    let (address, config) = (sentry.grpc_address(), tls(roots, b"h2"));
    let connector = tower::service_fn(move |_: Uri| {
        let config = config.clone();
        async move {
            let stream = TcpStream::connect(address).await?;
            let name = ServerName::try_from("sentry").unwrap();
            let stream = tokio_rustls::TlsConnector::from(config).connect(name, stream).await?;
            std::io::Result::Ok(hyper_util::rt::TokioIo::new(stream))
        }
    });
    let channel = Endpoint::from_static("http://sentry").connect_with_connector(connector).await?;
    Ok(CaClient::new(channel))
}

/// A signing request, and the key's pair so that tests can go on with it.
pub(crate) fn signing_request() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap()
}

pub(crate) fn request(id: &str, namespace: &str) -> SignCertificateRequest {
    SignCertificateRequest {
        id: id.into(),
        namespace: namespace.into(),
        certificate_signing_request: signing_request().into(),
        ..SignCertificateRequest::default()
    }
}

/// The certificates of an answer, leaf first.
pub(crate) fn chain(response: &SignCertificateResponse) -> Vec<Certificate> {
    read(&response.workload_certificate)
}

pub(crate) fn read(text: &[u8]) -> Vec<Certificate> {
    pem::certificates(text).unwrap().iter().map(|der| Certificate::from_der(der).unwrap()).collect()
}

/// Panics unless the chain of an answer leads to `roots`, by the rules of TLS.
pub(crate) fn assert_trusted(response: &SignCertificateResponse, roots: &str) {
    let chain = pem::certificates(&response.workload_certificate).unwrap();
    let chain: Vec<CertificateDer<'_>> = chain.into_iter().map(CertificateDer::from).collect();
    let mut store = RootCertStore::empty();
    for root in pem::certificates(roots.as_bytes()).unwrap() {
        store.add(root.into()).unwrap();
    }
    let verifier = ByRoots { roots: store, provider: provider() };
    let name = ServerName::try_from("any").unwrap();
    verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], UnixTime::now()).unwrap();
}

/// The metadata of an answer's leaf: SPIFFE ids and DNS names.
pub(crate) fn names(response: &SignCertificateResponse) -> (Vec<String>, Vec<String>) {
    use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};
    let leaf = &chain(response)[0].der;
    let (_, leaf) = X509Certificate::from_der(leaf).unwrap();
    let names = &leaf.subject_alternative_name().unwrap().unwrap().value.general_names;
    let (mut uris, mut dns) = (Vec::new(), Vec::new());
    for name in names {
        match name {
            GeneralName::URI(uri) => uris.push((*uri).to_owned()),
            GeneralName::DNSName(name) => dns.push((*name).to_owned()),
            other => panic!("{other:?}"),
        }
    }
    (uris, dns)
}

/// GETs a path over HTTP, or over HTTPS trusting `roots`.
pub(crate) async fn get(address: std::net::SocketAddr, roots: Option<&str>, path: &str) -> (u16, Bytes) {
    let tls = roots.map(|roots| dapr_net::Tls {
        config: tls(roots, b"http/1.1"),
        server_name: ServerName::try_from("localhost").unwrap(),
    });
    let origin = dapr_net::Origin { host: address.ip().to_string(), port: address.port(), tls };
    let request = http::Request::get(path).header("host", "localhost").body(dapr_net::Body::default()).unwrap();
    let response = dapr_net::http1::Pool::new(origin).send(request).await.unwrap();
    let status = response.status().as_u16();
    (status, response.into_body().collect(1 << 20).await.unwrap())
}

/// Waits until a condition holds, at most 20 seconds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    for _ in 0..400 {
        if condition().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{what}: not within 20 s");
}

/// Waits until Sentry says that it is ready.
pub(crate) async fn ready(sentry: &Sentry) {
    eventually("ready", || async { get(sentry.healthz_address(), None, "/healthz").await.0 == 200 }).await;
}

/// A certificate authority of another make, as PEM: root, issuer, the issuer's key in PKCS #8.
pub(crate) fn foreign(algorithm: &'static rcgen::SignatureAlgorithm) -> [String; 3] {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
    let authority = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, "Shop & Söhne");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
    };
    let root_key = KeyPair::generate_for(algorithm).unwrap();
    let root = authority("root").self_signed(&root_key).unwrap();
    let key = KeyPair::generate_for(algorithm).unwrap();
    let issuer = authority("issuer").signed_by(&key, &Issuer::from_params(&authority("root"), &root_key)).unwrap();
    [root.pem(), issuer.pem(), key.serialize_pem()]
}

/// Writes the files of [`foreign`] into a directory.
pub(crate) fn put(directory: &Path, [root, issuer, key]: &[String; 3]) {
    for (name, text) in [("ca.crt", root), ("issuer.crt", issuer), ("issuer.key", key)] {
        std::fs::write(directory.join(name), text).unwrap();
    }
}
