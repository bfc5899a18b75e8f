//! The smallest HTTP client that a test needs: one connection for each request, nothing added to it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use dapr_kit::task;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

/// Where a request goes.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Port(u16),
    Socket(PathBuf),
    /// A port that is spoken to in HTTP/2 from the first byte.
    Http2(u16),
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Ask {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        Self { method, path: path.to_owned(), headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header value");
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(mut self, body: &str) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body(body.to_owned())
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// # Panics
    /// The body is no JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.text()))
    }

    /// The code of an error body.
    pub(crate) fn code(&self) -> String {
        self.json()["errorCode"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("plain text"))
    }

    /// # Panics
    /// The status is another one.
    #[track_caller]
    pub(crate) fn has(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{:?} {}", self.headers, self.text());
        self
    }
}

impl Target {
    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// There was none, or it broke off, or it took half a minute.
    pub(crate) async fn send(&self, ask: Ask) -> Result<Answer> {
        self.send_within(LIMIT, ask).await
    }

    /// The same with another limit.
    ///
    /// # Errors
    /// As [`Target::send`].
    pub(crate) async fn send_within(&self, limit: Duration, ask: Ask) -> Result<Answer> {
        let work = async {
            match self {
                Self::Port(port) => over_http1(TcpStream::connect(("127.0.0.1", *port)).await?, ask).await,
                Self::Socket(path) => over_http1(UnixStream::connect(path).await?, ask).await,
                Self::Http2(port) => over_http2(TcpStream::connect(("127.0.0.1", *port)).await?, ask).await,
            }
        };
        timeout(limit, work).await.context("no answer in time")?
    }
}

async fn over_http1(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, ask: Ask) -> Result<Answer> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let _driver = task::spawn("test connection", connection);
    let mut request = Request::builder().method(ask.method).uri(ask.path).body(Full::new(ask.body))?;
    *request.headers_mut() = ask.headers;
    request.headers_mut().entry(HOST).or_insert(HeaderValue::from_static("localhost"));
    read(sender.send_request(request).await?).await
}

async fn over_http2(stream: TcpStream, ask: Ask) -> Result<Answer> {
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    let _driver = task::spawn("test connection", connection);
    let uri = format!("http://localhost{}", ask.path);
    let mut request = Request::builder().method(ask.method).uri(uri).body(Full::new(ask.body))?;
    *request.headers_mut() = ask.headers;
    read(sender.send_request(request).await?).await
}

/// Trailers count as headers here: that is where gRPC puts its status.
async fn read(response: http::Response<hyper::body::Incoming>) -> Result<Answer> {
    let (mut parts, body) = response.into_parts();
    let collected = body.collect().await?;
    parts.headers.extend(collected.trailers().cloned().unwrap_or_default());
    Ok(Answer { status: parts.status, headers: parts.headers, body: collected.to_bytes() })
}
