//! Sends one request to a collector, over HTTP/1.1 or gRPC.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use dapr_net::{Body, Origin, Tls, http1, http2};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue, TE, USER_AGENT};
use http::{Method, Request, Response, Uri};
use prost::Message as _;
use rustls::pki_types::ServerName;
use tokio::time::timeout;

use super::address::{Endpoint, EndpointError};
use super::settings::Protocol;
use super::{messages, tls};

/// The longest answer that is read.
const MAX_ANSWER: usize = 64 << 10;
const AGENT: HeaderValue = HeaderValue::from_static("dapr");

/// Where a kind of data goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signal {
    /// The path that is added to an address without one.
    pub(crate) http_path: &'static str,
    pub(crate) grpc_path: &'static str,
}

impl Signal {
    pub(crate) const TRACES: Signal =
        Signal { http_path: "/v1/traces", grpc_path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export" };
    pub(crate) const METRICS: Signal = Signal {
        http_path: "/v1/metrics",
        grpc_path: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    };
    pub(crate) const LOGS: Signal =
        Signal { http_path: "/v1/logs", grpc_path: "/opentelemetry.proto.collector.logs.v1.LogsService/Export" };
}

/// Why a request failed, and whether it may succeed later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    pub(crate) may_retry: bool,
}

impl Failure {
    fn later(reason: impl Into<String>) -> Self {
        Failure { reason: reason.into(), may_retry: true }
    }

    fn for_good(reason: impl Into<String>) -> Self {
        Failure { reason: reason.into(), may_retry: false }
    }
}

/// A connection to one collector for one kind of data.
pub(crate) struct Client {
    transport: Transport,
    /// Of every request.
    headers: HeaderMap,
    timeout: Duration,
    target: String,
}

enum Transport {
    Http { pool: http1::Pool, path: Uri },
    Grpc { client: http2::Client, uri: Uri },
}

impl Client {
    /// An OTLP client. Nothing is connected yet.
    pub(crate) fn otlp(
        endpoint: &Endpoint,
        protocol: Protocol,
        signal: Signal,
        files: &tls::Files,
    ) -> Result<Self, EndpointError> {
        match protocol {
            Protocol::Grpc => {
                let scheme = if endpoint.tls { "https" } else { "http" };
                let uri = format!("{scheme}://{}{}", endpoint.authority(), signal.grpc_path);
                let transport = Transport::Grpc {
                    client: http2::Client::new(origin(endpoint, files, b"h2")?),
                    uri: uri.parse().map_err(|_| wrong(endpoint, "write host:port"))?,
                };
                let mut headers = HeaderMap::new();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
                headers.insert(TE, HeaderValue::from_static("trailers"));
                Ok(Self::new(transport, headers, endpoint))
            }
            Protocol::Http => {
                let mut endpoint = endpoint.clone();
                if endpoint.path == "/" {
                    signal.http_path.clone_into(&mut endpoint.path);
                }
                Self::http(&endpoint, "application/x-protobuf", files)
            }
        }
    }

    /// A client that posts to the endpoint's path.
    pub(crate) fn http(
        endpoint: &Endpoint,
        content_type: &'static str,
        files: &tls::Files,
    ) -> Result<Self, EndpointError> {
        let transport = Transport::Http {
            pool: http1::Pool::new(origin(endpoint, files, b"http/1.1")?),
            path: endpoint.path.parse().map_err(|_| wrong(endpoint, "its path is not one of a URL"))?,
        };
        let mut headers = HeaderMap::new();
        let host = HeaderValue::from_str(&endpoint.authority()).map_err(|_| wrong(endpoint, "write host:port"))?;
        headers.insert(HOST, host);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Ok(Self::new(transport, headers, endpoint))
    }

    fn new(transport: Transport, mut headers: HeaderMap, endpoint: &Endpoint) -> Self {
        headers.insert(USER_AGENT, AGENT);
        Client { transport, headers, timeout: Duration::from_secs(10), target: endpoint.url() }
    }

    /// Sends `headers` with every request. Those that cannot be header fields are left out, with a remark.
    pub(crate) fn with_headers(mut self, headers: &[(String, String)]) -> Self {
        for (name, value) in headers {
            let pair = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
            if let (Ok(name), Ok(mut value)) = pair {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            } else {
                tracing::warn!(target: "dapr.runtime.trace", "header {name:?} for {} is left out: its name or value cannot be sent", self.target);
            }
        }
        self
    }

    /// How long a request may take, 10 s if nothing is said.
    pub(crate) fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout.unwrap_or(self.timeout);
        self
    }

    /// Where requests go, for messages.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// Sends one message. Returns how many of its items the collector says it rejected.
    pub(crate) async fn send(&self, message: Bytes) -> Result<u64, Failure> {
        let exchange = async {
            match &self.transport {
                Transport::Http { pool, path } => self.post(pool, path, message).await,
                Transport::Grpc { client, uri } => self.call(client, uri, &message).await,
            }
        };
        let seconds = self.timeout.as_secs_f32();
        timeout(self.timeout, exchange)
            .await
            .unwrap_or_else(|_| Err(Failure::later(format!("no answer within {seconds} s"))))
    }

    async fn post(&self, pool: &http1::Pool, path: &Uri, message: Bytes) -> Result<u64, Failure> {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = path.clone();
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(message.len()));
        *request.body_mut() = Body::full(message);
        let response = pool.send(request).await.map_err(|error| Failure::later(error.to_string()))?;
        let status = response.status();
        let is_otlp = is_protobuf(&response);
        let body = response.into_body().collect(MAX_ANSWER).await.unwrap_or_default();
        match status.as_u16() {
            200..=299 if is_otlp => Ok(rejected(&body, &self.target)),
            200..=299 => Ok(0),
            429 | 502 | 503 | 504 => Err(Failure::later(format!("answered {status}"))),
            _ => Err(Failure::for_good(format!("answered {status}: {}", excerpt(&body)))),
        }
    }

    async fn call(&self, client: &http2::Client, uri: &Uri, message: &[u8]) -> Result<u64, Failure> {
        let mut frame = BytesMut::with_capacity(message.len() + 5);
        frame.put_u8(0);
        frame.put_u32(u32::try_from(message.len()).map_err(|_| Failure::for_good("more than 4 GiB at once"))?);
        frame.put_slice(message);
        let mut request = Request::new(Body::full(frame.freeze()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = self.headers.clone();
        let response = client.send(request).await.map_err(|error| Failure::later(error.to_string()))?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            return Err(Failure::later(format!("answered {} where gRPC was expected", head.status)));
        }
        let (body, trailers) = body.collect_all(MAX_ANSWER).await.map_err(|error| Failure::later(error.to_string()))?;
        // An answer without messages has its status in the head.
        let ending = trailers.as_ref().filter(|trailers| trailers.contains_key("grpc-status")).unwrap_or(&head.headers);
        let text = |name| ending.get(name).and_then(|value| value.to_str().ok());
        let message = text("grpc-message").unwrap_or_default();
        match text("grpc-status").and_then(|code| code.parse::<u8>().ok()) {
            Some(0) => Ok(body.get(5..).map_or(0, |body| rejected(body, &self.target))),
            // Those that the specification of OTLP calls retryable.
            Some(code @ (1 | 4 | 10 | 11 | 14 | 15)) => {
                Err(Failure::later(format!("answered gRPC code {code}: {message}")))
            }
            Some(code) => Err(Failure::for_good(format!("answered gRPC code {code}: {message}"))),
            None => Err(Failure::later("the answer has no gRPC status")),
        }
    }
}

fn is_protobuf(response: &Response<Body>) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/x-protobuf"))
}

/// Reads a partial success, which is not to be sent again.
fn rejected(body: &[u8], target: &str) -> u64 {
    let Some(partial) = messages::Response::decode(body).ok().and_then(|answer| answer.partial_success) else {
        return 0;
    };
    if partial.rejected > 0 {
        tracing::debug!(
            target: "dapr.runtime.trace",
            "{target} rejected {} items: {}",
            partial.rejected,
            partial.error_message
        );
    }
    u64::try_from(partial.rejected).unwrap_or(0)
}

/// The start of an error page.
fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(200)]).trim().to_owned()
}

fn origin(endpoint: &Endpoint, files: &tls::Files, protocol: &'static [u8]) -> Result<Origin, EndpointError> {
    let tls = if endpoint.tls {
        let config = tls::config(files, protocol).map_err(|reason| wrong(endpoint, &reason))?;
        let server_name = ServerName::try_from(endpoint.host.clone())
            .map_err(|_| wrong(endpoint, "its host is no name that a certificate can have"))?;
        Some(Tls { config, server_name })
    } else {
        None
    };
    Ok(Origin { host: endpoint.host.clone(), port: endpoint.port, tls })
}

fn wrong(endpoint: &Endpoint, reason: &str) -> EndpointError {
    EndpointError { address: endpoint.url(), reason: reason.to_owned() }
}
