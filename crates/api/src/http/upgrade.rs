//! `Upgrade: h2c`: HTTP/2 on a connection that began as HTTP/1.1 (RFC 7540 3.2).
//!
//! The request that asks is stream 1 of the new connection. The HTTP library
//! serves streams only from frames it has read, so that request is written as
//! frames and read before what the client sends.

use std::collections::VecDeque;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{CONNECTION, HOST, HeaderName, HeaderValue, UPGRADE};
use http::{Request, StatusCode, Version};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::response::{self, Response};
use super::serve::Service;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS_HEADER: &str = "http2-settings";
const SETTINGS: u8 = 0x4;
const HEADERS: u8 = 0x1;
const END_STREAM_AND_HEADERS: u8 = 0x1 | 0x4;
/// A frame may hold this much without asking; a larger header block is served as HTTP/1.1.
const LARGEST_FRAME: usize = 16_384;

/// Whether the request asks for HTTP/2 and can be given it: one without a body, as clients send to ask.
pub(super) fn is_wanted(request: &Request<Incoming>) -> bool {
    request.version() == Version::HTTP_11
        && request.headers().get(UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"h2c"))
        && request.body().is_end_stream()
        && frames(request).is_some()
}

/// Answers 101 and goes on in HTTP/2.
pub(super) fn accept(service: Arc<Service>, mut request: Request<Incoming>, peer: Option<SocketAddr>) -> Response {
    let Some(frames) = frames(&request) else { return response::text(StatusCode::BAD_REQUEST, "bad upgrade request") };
    let upgraded = hyper::upgrade::on(&mut request);
    dapr_kit::task::spawn_detached("h2c connection", serve(service, upgraded, frames, peer));
    let mut response = response::status(StatusCode::SWITCHING_PROTOCOLS, bytes::Bytes::new());
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("h2c"));
    response
}

async fn serve(service: Arc<Service>, upgraded: OnUpgrade, frames: Vec<u8>, peer: Option<SocketAddr>) {
    let Ok(upgraded) = upgraded.await else { return };
    let mut io = TokioIo::new(upgraded);
    let mut preface = [0u8; PREFACE.len()];
    if io.read_exact(&mut preface).await.is_err() || preface != *PREFACE {
        return;
    }
    let io = TokioIo::new(Prefixed { prefix: frames.into(), io });
    let serve = service_fn(move |request| service.clone().serve(request, peer));
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .serve_connection(io, serve);
    if let Err(error) = connection.await {
        tracing::debug!(target: "dapr.runtime.http", "connection ended: {error}");
    }
}

/// The client's preface, its settings, and the request as headers of stream 1.
fn frames(request: &Request<Incoming>) -> Option<Vec<u8>> {
    let settings = request.headers().get(SETTINGS_HEADER)?;
    let settings = BASE64_URL_SAFE_NO_PAD.decode(settings.as_bytes().trim_ascii_end()).ok()?;
    let block = header_block(request);
    if settings.len() > LARGEST_FRAME || settings.len() % 6 != 0 || block.len() > LARGEST_FRAME {
        return None;
    }
    let mut frames = PREFACE.to_vec();
    push_frame(&mut frames, SETTINGS, 0, 0, &settings);
    push_frame(&mut frames, HEADERS, END_STREAM_AND_HEADERS, 1, &block);
    Some(frames)
}

#[expect(clippy::cast_possible_truncation, reason = "payloads are at most LARGEST_FRAME bytes")]
fn push_frame(frames: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    frames.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    frames.extend_from_slice(&[kind, flags]);
    frames.extend_from_slice(&stream.to_be_bytes());
    frames.extend_from_slice(payload);
}

/// HPACK, every header as a literal that is not indexed.
fn header_block(request: &Request<Incoming>) -> Vec<u8> {
    let mut block = Vec::new();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    push_header(&mut block, b":method", request.method().as_str().as_bytes());
    push_header(&mut block, b":scheme", b"http");
    push_header(&mut block, b":path", target.as_bytes());
    if let Some(host) = request.headers().get(HOST) {
        push_header(&mut block, b":authority", host.as_bytes());
    }
    for (name, value) in request.headers().iter().filter(|(name, _)| !is_of_connection(name)) {
        push_header(&mut block, name.as_str().as_bytes(), value.as_bytes());
    }
    block
}

fn is_of_connection(name: &HeaderName) -> bool {
    ["connection", "upgrade", SETTINGS_HEADER, "host", "keep-alive", "proxy-connection", "transfer-encoding", "te"]
        .contains(&name.as_str())
}

fn push_header(block: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    block.push(0);
    push_string(block, name);
    push_string(block, value);
}

/// A length in HPACK's 7-bit prefix form, then the bytes.
#[expect(clippy::cast_possible_truncation, reason = "masked to seven bits")]
fn push_string(block: &mut Vec<u8>, text: &[u8]) {
    let mut length = text.len();
    if length < 127 {
        block.push(length as u8);
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push((length & 127) as u8 | 128);
            length >>= 7;
        }
        block.push(length as u8);
    }
    block.extend_from_slice(text);
}

/// A stream that is read after `prefix`.
struct Prefixed<S> {
    prefix: VecDeque<u8>,
    io: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.prefix.is_empty() {
            return Pin::new(&mut self.io).poll_read(context, buffer);
        }
        let read = self.prefix.read(buffer.initialize_unfilled())?;
        buffer.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
