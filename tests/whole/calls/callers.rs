//! Calls of every kind, each checked against its answer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use bytes::Bytes;
use dapr_kit::task::{Task, spawn};
use dapr_proto::common::v1::{HttpExtension, InvokeRequest, StateItem};
use dapr_proto::pbjson_types::Any;
use dapr_proto::runtime::v1::InvokeServiceRequest;
use dapr_proto::runtime::v1::dapr_client::DaprClient;
use futures_util::stream;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;

use super::echo::SEEN;
use crate::daprd::Daprd;

/// Bytes in one piece of a streamed body, and their number.
const PIECE: usize = 16 << 10;
const PIECES: usize = 20;
/// Between two calls of a caller: restarts are what is tested, not throughput.
const PAUSE: Duration = Duration::from_millis(2);
/// An answer that takes longer than all attempts of a policy will not come.
const PATIENCE: Duration = Duration::from_secs(30);
/// Messages of a streaming call.
const MESSAGES: usize = 10;

type Body = UnsyncBoxBody<Bytes, anyhow::Error>;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `GET` with the app in the path.
    Small,
    /// The same with the app in a header.
    Header,
    /// `POST` of 16 KB.
    Medium,
    /// `POST` of 1 MB.
    Large,
    /// `POST` of unknown length.
    Streamed,
    /// An HTTPEndpoint.
    Endpoint,
    /// `InvokeService`.
    Invoke,
    /// A proxied call with one message each way.
    Unary,
    /// A proxied call with several.
    Bidirectional,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Small,
        Self::Header,
        Self::Medium,
        Self::Large,
        Self::Streamed,
        Self::Endpoint,
        Self::Invoke,
        Self::Unary,
        Self::Bidirectional,
    ];

    /// Whether its body cannot be sent twice.
    pub(crate) fn is_stream(self) -> bool {
        matches!(self, Self::Streamed | Self::Bidirectional)
    }

    pub(crate) fn is_proxied(self) -> bool {
        matches!(self, Self::Unary | Self::Bidirectional)
    }
}

/// A call that had no good answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    /// The answer had begun.
    pub(crate) is_cut: bool,
    pub(crate) what: String,
}

/// What calls have in common.
#[derive(Default)]
pub(crate) struct Calls {
    over: AtomicBool,
    pub(crate) done: AtomicU64,
    failures: Mutex<Vec<Failure>>,
}

impl Calls {
    pub(crate) fn failures(&self) -> std::sync::MutexGuard<'_, Vec<Failure>> {
        self.failures.lock().expect("no caller panics with the list")
    }

    /// Lets the callers end after the call that they make.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Whom to call.
#[derive(Clone, Debug)]
pub(crate) struct Targets {
    /// An app with the HTTP protocol.
    pub(crate) http: String,
    /// An app with the gRPC protocol.
    pub(crate) grpc: String,
    /// An HTTPEndpoint.
    pub(crate) endpoint: String,
}

/// The answer was cut: its head had arrived.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut: {0}")]
struct Cut(anyhow::Error);

/// One caller of a sidecar.
pub(crate) struct Caller {
    port: u16,
    connection: Option<(SendRequest<Body>, Task<()>)>,
    channel: Channel,
    targets: Targets,
    name: String,
    number: u64,
}

impl Caller {
    pub(crate) async fn new(daprd: &Daprd, targets: &Targets, name: String) -> Self {
        let (port, channel) = (daprd.ports.http, daprd.channel().await);
        Self { port, connection: None, channel, targets: targets.clone(), name, number: 0 }
    }

    /// Calls until the end, one call after the other.
    pub(crate) fn run(mut self, kinds: &'static [Kind], calls: Arc<Calls>) -> Task<()> {
        spawn("a caller", async move {
            for kind in kinds.iter().cycle() {
                let began = Instant::now();
                let called = timeout(PATIENCE, self.call(*kind)).await;
                if let Err(error) = called.unwrap_or_else(|_| Err(anyhow!("no answer in {PATIENCE:?}"))) {
                    let is_cut = error.is::<Cut>();
                    let what = format!("{error:#}");
                    calls.failures().push(Failure { kind: *kind, began, ended: Instant::now(), is_cut, what });
                }
                calls.done.fetch_add(1, Ordering::Relaxed);
                sleep(PAUSE).await;
                if calls.over.load(Ordering::Relaxed) {
                    return;
                }
            }
        })
    }

    /// Makes one call.
    ///
    /// # Errors
    /// There was no good answer.
    ///
    /// # Panics
    /// It was a wrong one: of another call, or not whole and yet said to be.
    pub(crate) async fn call(&mut self, kind: Kind) -> Result<()> {
        self.number += 1;
        let mark = format!("{}-{}", self.name, self.number);
        let id = self.targets.http.clone();
        match kind {
            Kind::Small => self.http(Method::GET, &format!("/v1.0/invoke/{id}/method"), &mark, 0).await,
            Kind::Header => self.http(Method::GET, "", &mark, 0).await,
            Kind::Medium => self.http(Method::POST, &format!("/v1.0/invoke/{id}/method"), &mark, 16 << 10).await,
            Kind::Large => self.http(Method::PUT, &format!("/v1.0/invoke/{id}/method"), &mark, 1 << 20).await,
            Kind::Streamed => self.streamed(&mark).await,
            Kind::Endpoint => {
                let endpoint = self.targets.endpoint.clone();
                self.http(Method::POST, &format!("/v1.0/invoke/{endpoint}/method"), &mark, 1 << 10).await
            }
            Kind::Invoke => self.invoke(&mark).await,
            Kind::Unary => self.unary(&mark).await,
            Kind::Bidirectional => self.bidirectional(&mark).await,
        }
    }

    async fn http(&mut self, method: Method, base: &str, mark: &str, size: usize) -> Result<()> {
        let body = if size == 0 { Bytes::new() } else { content(mark, size) };
        let sending = Full::new(body.clone()).map_err(|never| match never {}).boxed_unsync();
        self.exchange(method, base, mark, sending, body).await
    }

    async fn streamed(&mut self, mark: &str) -> Result<()> {
        let whole = content(mark, PIECE * PIECES);
        let rest = whole.clone();
        let pieces = stream::unfold(rest, |mut rest| async {
            tokio::task::yield_now().await;
            (!rest.is_empty()).then(|| (Ok(Frame::data(rest.split_to(PIECE))), rest))
        });
        let base = format!("/v1.0/invoke/{}/method", self.targets.http);
        self.exchange(Method::POST, &base, mark, StreamBody::new(pieces).boxed_unsync(), whole).await
    }

    async fn exchange(&mut self, method: Method, base: &str, mark: &str, body: Body, expected: Bytes) -> Result<()> {
        let path = format!("/echo/{mark}?mark={mark}");
        let mut request =
            Request::builder().method(method.clone()).uri(format!("{base}{path}")).header("host", "localhost");
        if base.is_empty() {
            request = request.header("dapr-app-id", &self.targets.http);
        }
        let (status, headers, answer) = self.send(request.body(body)?).await?;
        ensure!(status == StatusCode::OK, "{status}: {}", String::from_utf8_lossy(&answer));
        let seen = headers.get(SEEN).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        assert_eq!(seen, Some(format!("{method} {path}")), "the answer of another call");
        assert!(answer == expected, "{method} {path}: {} bytes instead of {}", answer.len(), expected.len());
        Ok(())
    }

    async fn send(&mut self, request: Request<Body>) -> Result<(StatusCode, HeaderMap, Bytes)> {
        let (mut sender, driver) = match self.connection.take().filter(|(sender, _)| !sender.is_closed()) {
            Some(open) => open,
            None => {
                let stream = TcpStream::connect(("127.0.0.1", self.port)).await.context("the sidecar's API")?;
                stream.set_nodelay(true)?;
                let (sender, connection) = handshake(TokioIo::new(stream)).await?;
                (sender, spawn("a caller's connection", async { drop(connection.await) }))
            }
        };
        sender.ready().await.context("the connection to the sidecar")?;
        let (parts, body) = sender.send_request(request).await.context("no answer of the sidecar")?.into_parts();
        let body = body.collect().await.map_err(|error| Cut(error.into()))?.to_bytes();
        self.connection = Some((sender, driver));
        Ok((parts.status, parts.headers, body))
    }

    async fn invoke(&mut self, mark: &str) -> Result<()> {
        let data = content(mark, 1 << 10);
        let message = InvokeRequest {
            method: format!("echo/{mark}"),
            data: Some(Any { type_url: String::new(), value: data.clone() }),
            content_type: "text/plain".into(),
            http_extension: Some(HttpExtension { verb: 3, querystring: format!("mark={mark}") }),
        };
        let request = InvokeServiceRequest { id: self.targets.http.clone(), message: Some(message) };
        let answer = DaprClient::new(self.channel.clone()).invoke_service(request).await?.into_inner();
        assert!(answer.data.unwrap_or_default().value == data, "InvokeService {mark}: the answer of another call");
        Ok(())
    }

    fn message(&self, mark: &str) -> StateItem {
        StateItem { key: mark.to_owned(), value: content(mark, 1 << 10), ..Default::default() }
    }

    fn proxied<T>(&self, message: T, is_stream: bool) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        let metadata = request.metadata_mut();
        metadata.insert("dapr-app-id", self.targets.grpc.parse().expect("plain text"));
        if is_stream {
            metadata.insert("dapr-stream", "true".parse().expect("plain text"));
        }
        request
    }

    async fn unary(&mut self, mark: &str) -> Result<()> {
        let message = self.message(mark);
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.map_err(|error| anyhow!("the sidecar's gRPC API: {error}"))?;
        let path = PathAndQuery::from_static("/echo.Echo/Unary");
        let codec = ProstCodec::<StateItem, StateItem>::default();
        let answer = client.unary(self.proxied(message.clone(), false), path, codec).await?.into_inner();
        assert_eq!(answer, message, "the answer of another call");
        Ok(())
    }

    async fn bidirectional(&mut self, mark: &str) -> Result<()> {
        let (sender, mut receiver) = mpsc::channel(1);
        let messages = stream::poll_fn(move |context| receiver.poll_recv(context));
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.map_err(|error| anyhow!("the sidecar's gRPC API: {error}"))?;
        let path = PathAndQuery::from_static("/echo.Echo/Stream");
        let codec = ProstCodec::<StateItem, StateItem>::default();
        let mut answers = client.streaming(self.proxied(messages, true), path, codec).await?.into_inner();
        for number in 0..MESSAGES {
            let message = self.message(&format!("{mark}-{number}"));
            if sender.send(message.clone()).await.is_err() {
                break;
            }
            let Some(answer) = answers.message().await.map_err(|error| Cut(error.into()))? else {
                bail!("the stream ended after {number} messages, with success");
            };
            assert_eq!(answer, message, "the answer of another call");
        }
        drop(sender);
        let rest = answers.message().await.map_err(|error| Cut(error.into()))?;
        assert_eq!(rest, None, "more than was sent");
        Ok(())
    }
}

/// Bytes that no other call has.
fn content(mark: &str, size: usize) -> Bytes {
    let line = format!("{mark};");
    Bytes::from(line.repeat(size / line.len() + 1).into_bytes()).split_to(size)
}
