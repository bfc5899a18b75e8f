//! Applications: HTTP servers as they come, and sockets that misbehave.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dapr_kit::task::{self, Task};
use dapr_net::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A server that stops, with all its connections, when it is dropped.
pub(super) struct Server {
    pub(super) port: u16,
    connections: Arc<AtomicUsize>,
    _accepting: Task<()>,
}

/// What a server speaks.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Speaks {
    Http1,
    Http2,
    Http1Tls,
    Http2Tls,
}

impl Server {
    /// Connections that were accepted so far.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// An HTTP server.
    pub(super) async fn http<F, A>(speaks: Speaks, answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        Self::http_on(0, speaks, answer).await
    }

    /// An HTTP server on a port, which may have been another server's a moment ago.
    pub(super) async fn http_on<F, A>(port: u16, speaks: Speaks, answer: F) -> Self
    where
        F: Fn(Request<Incoming>) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = Response<Body>> + Send + 'static,
    {
        let tls = matches!(speaks, Speaks::Http1Tls | Speaks::Http2Tls).then(acceptor);
        let http2 = matches!(speaks, Speaks::Http2 | Speaks::Http2Tls);
        Self::raw_on(port, move |stream| {
            let (answer, tls) = (answer.clone(), tls.clone());
            async move {
                match tls {
                    Some(tls) => {
                        let Ok(stream) = tls.accept(stream).await else { return };
                        assert_eq!(
                            stream.get_ref().1.alpn_protocol(),
                            Some(if http2 { &b"h2"[..] } else { &b"http/1.1"[..] })
                        );
                        serve(stream, http2, answer).await;
                    }
                    None => serve(stream, http2, answer).await,
                }
            }
        })
        .await
    }

    /// A server of sockets.
    pub(super) async fn raw<F, A>(talk: F) -> Self
    where
        F: Fn(TcpStream) -> A + Send + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        Self::raw_on(0, talk).await
    }

    async fn raw_on<F, A>(port: u16, talk: F) -> Self
    where
        F: Fn(TcpStream) -> A + Send + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        let accepting = task::spawn("server", async move {
            let mut talks = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                talks.push(task::spawn("connection", talk(stream)));
            }
        });
        Self { port, connections, _accepting: accepting }
    }
}

async fn serve<S, F, A>(stream: S, http2: bool, answer: F)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Incoming>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Response<Body>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = answer(request);
        async move { Ok::<_, std::convert::Infallible>(answer.await) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let builder = if http2 { builder.http2_only() } else { builder.http1_only() };
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// TLS with a certificate that nobody trusts.
fn acceptor() -> TlsAcceptor {
    let signed = rcgen::generate_simple_self_signed(["somewhere.else".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der()));
    let mut config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![signed.cert.into()], key)
            .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// Reads a request without a body, or with one that came with its head.
pub(super) async fn read_request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while !text.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => text.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

pub(super) async fn write(stream: &mut TcpStream, text: &str) {
    let _ = stream.write_all(text.as_bytes()).await;
}

/// A port on which nobody listens.
pub(super) async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// Tells when it is dropped.
pub(super) struct Guard(Option<tokio::sync::oneshot::Sender<()>>);

pub(super) fn guard() -> (Guard, tokio::sync::oneshot::Receiver<()>) {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    (Guard(Some(sender)), receiver)
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            let _ = sender.send(());
        }
    }
}
