//! gRPC servers on a port of this machine, and a Sentry.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dapr_kit::task::{self, Task};
use dapr_proto::pbjson_types::{StringValue, Timestamp};
use dapr_proto::sentry::v1::ca_server::{Ca, CaServer};
use dapr_proto::sentry::v1::{SignCertificateRequest, SignCertificateResponse};
use dapr_security::{Settings, TrustAnchors, peer_identity};
use dapr_testkit::authority::Authority;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tonic::body::Body;
use tonic::{Request, Response, Status};
use tower::{Service, ServiceExt};

/// Serves until it is dropped, connections included.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    _accepting: Task<()>,
}

impl Server {
    pub(super) async fn start<S>(service: S, tls: Arc<ServerConfig>, port: u16) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let _accepting = task::spawn("accept", async move {
            let mut connections = Vec::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let connection = serve(service.clone(), TlsAcceptor::from(Arc::clone(&tls)), stream);
                connections.push(task::spawn("serve", connection));
            }
        });
        Self { address, _accepting }
    }
}

async fn serve<S>(service: S, acceptor: TlsAcceptor, stream: TcpStream)
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let peer = peer_identity(stream.get_ref().1);
    let service = service_fn(move |request: http::Request<Incoming>| {
        let mut request = request.map(Body::new);
        if let Some(peer) = peer.clone() {
            request.extensions_mut().insert(peer);
        }
        service.clone().oneshot(request)
    });
    let _ = http2(stream, service).await;
}

async fn http2<I, S>(stream: I, service: S) -> Result<(), hyper::Error>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: hyper::service::Service<http::Request<Incoming>, Response = http::Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await
}

/// A Sentry that signs for whoever asks, and remembers what it was asked.
#[derive(Clone)]
pub(super) struct Sentry(Arc<State>);

struct State {
    authority: Arc<Authority>,
    asked: Mutex<Vec<SignCertificateRequest>>,
    /// How many requests fail first, and with what.
    failing: AtomicU32,
    failure: Status,
    valid_until: Option<Timestamp>,
}

impl Sentry {
    pub(super) fn new(authority: &Arc<Authority>) -> Self {
        Self::failing(authority, 0, Status::ok(""))
    }

    pub(super) fn failing(authority: &Arc<Authority>, times: u32, failure: Status) -> Self {
        let valid_until = Some(Timestamp { seconds: 1, nanos: 0 });
        Self::with(authority, times, failure, valid_until)
    }

    pub(super) fn with(
        authority: &Arc<Authority>,
        times: u32,
        failure: Status,
        valid_until: Option<Timestamp>,
    ) -> Self {
        let (authority, failing) = (Arc::clone(authority), AtomicU32::new(times));
        Self(Arc::new(State { authority, asked: Mutex::default(), failing, failure, valid_until }))
    }

    /// Under this id, which should be Sentry's.
    pub(super) async fn serve(&self, id: &str) -> Server {
        Server::start(CaServer::new(self.clone()), server_config(&self.0.authority, id), 0).await
    }

    pub(super) fn asked(&self) -> Vec<SignCertificateRequest> {
        self.0.asked.lock().unwrap().clone()
    }
}

#[tonic::async_trait]
impl Ca for Sentry {
    async fn sign_certificate(
        &self,
        request: Request<SignCertificateRequest>,
    ) -> Result<Response<SignCertificateResponse>, Status> {
        assert!(request.extensions().get::<dapr_security::SpiffeId>().is_none(), "nobody has a certificate yet");
        let asked = request.into_inner();
        self.0.asked.lock().unwrap().push(asked.clone());
        let State { authority, failing, failure, valid_until, .. } = &*self.0;
        if failing.load(Ordering::Relaxed) > 0 {
            failing.fetch_sub(1, Ordering::Relaxed);
            return Err(failure.clone());
        }
        let trust_domain = if asked.trust_domain.is_empty() { "public" } else { &asked.trust_domain };
        let id = format!("spiffe://{trust_domain}/ns/{}/{}", asked.namespace, asked.id);
        let csr = String::from_utf8(asked.certificate_signing_request.to_vec()).unwrap();
        let now = dapr_kit::clock::Clock::system().now_milliseconds();
        let chain = authority.sign(&csr, &id, now - 60_000, now + 3_600_000, |_| {});
        let token = |audience: &str| StringValue { value: token(audience, now / 1_000 + 3_600) };
        let per_audience_jwts: HashMap<_, _> =
            asked.jwt_audiences.iter().map(|audience| (audience.clone(), token(audience))).collect();
        Ok(Response::new(SignCertificateResponse {
            workload_certificate: chain.into_bytes().into(),
            trust_chain_certificates: vec![authority.root_pem().into_bytes().into()],
            valid_until: *valid_until,
            jwt: (!asked.jwt_audiences.is_empty()).then(|| token(trust_domain)),
            per_audience_jwts,
        }))
    }
}

/// `{"alg":"none"}`, the claims, and something for a signature.
fn token(audience: &str, end: i64) -> String {
    let claims = serde_json::json!({ "aud": [audience], "exp": end }).to_string();
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
}

/// TLS of a server with a certificate of this authority; nothing is asked of clients.
pub(super) fn server_config(authority: &Authority, id: &str) -> Arc<ServerConfig> {
    let (chain, key) = authority.issue(id);
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

/// Of a program with mTLS, whose certificate this Sentry signs.
pub(super) fn settings(app_id: &str, authority: &Authority, sentry: &Server) -> Settings {
    Settings {
        mtls: true,
        app_id: app_id.to_owned(),
        trust_anchors: TrustAnchors::Inline(authority.root_pem()),
        sentry_address: sentry.address.to_string(),
        ..Settings::default()
    }
}
