//! One HTTP/1.1 request to a local sidecar, over TCP or a Unix socket. No pool, no TLS, no
//! redirects: every caller sends a request or two and ends.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// Where the HTTP API of a sidecar listens on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Port(u16),
    Socket(PathBuf),
}

/// A request to a sidecar.
#[derive(Debug, Default)]
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
    pub(crate) content_type: Option<&'a str>,
    /// These win over what would be sent without them.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl<'a> Ask<'a> {
    pub(crate) fn get(path: &'a str) -> Self {
        Self { path, ..Self::default() }
    }
}

/// No answer is read beyond this.
const LONGEST: usize = 256 << 20;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Target {
    /// The socket that a sidecar opens in `directory` for its HTTP API.
    pub(crate) fn socket_in(directory: &std::path::Path, app_id: &str) -> Self {
        Self::Socket(directory.join(format!("dapr-{app_id}-http.socket")))
    }

    /// Whether something accepts connections there right now.
    pub(crate) async fn is_listening(&self) -> bool {
        match self {
            Self::Port(port) => TcpStream::connect(("127.0.0.1", *port)).await.is_ok(),
            Self::Socket(path) => UnixStream::connect(path).await.is_ok(),
        }
    }

    /// Sends one request. `limit` bounds the whole exchange.
    pub(crate) async fn send(&self, ask: Ask<'_>, limit: Duration) -> Result<Answer> {
        let exchange = async {
            match self {
                Self::Port(port) => {
                    let stream = TcpStream::connect(("127.0.0.1", *port)).await;
                    exchange(stream.with_context(|| format!("cannot connect to port {port}"))?, ask).await
                }
                Self::Socket(path) => {
                    let stream = UnixStream::connect(path).await;
                    exchange(stream.with_context(|| format!("cannot connect to {}", path.display()))?, ask).await
                }
            }
        };
        tokio::time::timeout(limit, exchange).await.with_context(|| format!("no answer within {limit:?}"))?
    }
}

/// The token that sidecars started from this environment demand.
fn api_token() -> Option<String> {
    std::env::var("DAPR_API_TOKEN").ok().filter(|token| !token.is_empty())
}

fn request(ask: Ask<'_>) -> Result<Request<Full<Bytes>>> {
    let mut request = Request::builder().method(ask.method).uri(ask.path).header(header::HOST, "localhost");
    if let Some(content_type) = ask.content_type {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    if let Some(token) = api_token() {
        request = request.header("dapr-api-token", token);
    }
    let mut request =
        request.body(Full::new(ask.body)).with_context(|| format!("`{}` is no valid request path", ask.path))?;
    for name in ask.headers.keys() {
        request.headers_mut().remove(name);
    }
    request.headers_mut().extend(ask.headers);
    Ok(request)
}

async fn exchange(stream: impl AsyncRead + AsyncWrite + Unpin, ask: Ask<'_>) -> Result<Answer> {
    let request = request(ask)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let talk = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST).collect().await;
        let body = body.map_err(|error| anyhow!("the answer could not be read: {error}"))?.to_bytes();
        anyhow::Ok(Answer { status, body })
    };
    let mut connection = std::pin::pin!(connection);
    let mut talk = std::pin::pin!(talk);
    tokio::select! {
        answer = &mut talk => answer,
        // The connection may end first, with the answer already read off it.
        ended = &mut connection => { ended?; talk.await }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_request_and_its_answer_over_a_unix_socket() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::socket_in(folder.path(), "a");
        let listener = tokio::net::UnixListener::bind(folder.path().join("dapr-a-http.socket")).unwrap();
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = vec![0; 4096];
            let length = stream.read(&mut seen).await.unwrap();
            stream
                .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno")
                .await
                .unwrap();
            String::from_utf8_lossy(&seen[..length]).into_owned()
        };
        let ask =
            Ask { method: Method::PUT, path: "/v1.0/metadata/k", body: Bytes::from_static(b"v"), ..Ask::default() };
        let (seen, answer) = tokio::join!(server, target.send(ask, Duration::from_secs(5)));
        assert!(seen.starts_with("PUT /v1.0/metadata/k HTTP/1.1\r\n"), "{seen}");
        let answer = answer.unwrap();
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::NOT_FOUND, &b"no"[..]));
    }
}
