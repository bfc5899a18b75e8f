//! A request and its answer as they are measured: counted, logged and traced once the answer has ended.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use dapr_net::{Body, BoxError};
use dapr_telemetry::metrics::HttpCall;
use dapr_telemetry::trace::Span;
use http::header::USER_AGENT;
use http::request::Parts;
use http::{Method, Uri};
use http_body::{Frame, SizeHint};

use super::response::Response;
use crate::Api;
use crate::routes::Route;

/// What is known of a request while it is answered.
pub(super) struct Exchange {
    api: Arc<Api>,
    method: Method,
    uri: Uri,
    started: Instant,
    request_bytes: u64,
    user_agent: Option<String>,
    /// The endpoint, once found.
    pub(super) route: Option<&'static Route>,
    pub(super) span: Span,
}

impl Exchange {
    pub(super) fn begin(api: Arc<Api>, parts: &Parts, request_bytes: u64) -> Self {
        let logged = api.options.logging.enabled;
        let user_agent = parts.headers.get(USER_AGENT).filter(|_| logged);
        Self {
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            started: Instant::now(),
            request_bytes,
            user_agent: user_agent.and_then(|value| value.to_str().ok()).map(str::to_owned),
            route: None,
            span: Span::OFF,
            api,
        }
    }

    /// Records an answer whose length is known at once, and any other when it has ended.
    pub(super) fn watch(self, response: Response) -> Response {
        let status = response.status().as_u16();
        if let Some(length) = response.body().length() {
            self.end(status, length);
            return response;
        }
        response.map(|body| Body::stream(Watched { body, status, sent: 0, exchange: Some(self) }))
    }

    fn end(self, status: u16, response_bytes: u64) {
        let metrics = &self.api.metrics.http_server;
        metrics.record(&HttpCall {
            method: self.method.as_str(),
            path_label: &metrics.path_label(self.uri.path()),
            status,
            latency: self.started.elapsed(),
            request_bytes: self.request_bytes,
            response_bytes,
        });
        self.log(status, response_bytes);
        self.span.end_http(status);
    }

    fn log(&self, status: u16, response_bytes: u64) {
        let logging = self.api.options.logging;
        let is_omitted = logging.omit_health_checks && self.route.is_some_and(|route| route.is_health_check);
        if !logging.enabled || is_omitted {
            return;
        }
        let method = if logging.obfuscate_urls {
            self.route.map_or_else(|| invoked(self.uri.path()), |route| route.name.to_owned())
        } else {
            format!("{} {}", self.method, self.uri.path())
        };
        tracing::info!(
            target: "dapr.runtime.http-info",
            method,
            useragent = self.user_agent.as_deref(),
            code = status,
            size = response_bytes,
            duration = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "HTTP API Called"
        );
    }
}

/// An answer that streams.
struct Watched {
    body: Body,
    status: u16,
    sent: u64,
    exchange: Option<Exchange>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref) {
            self.sent += data.len() as u64;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            exchange.end(self.status, self.sent);
        }
    }
}

/// A call to another app, with the app but without the method, as the incumbent's log has it.
fn invoked(path: &str) -> String {
    let app_id = path.strip_prefix("/v1.0/invoke/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if app_id.is_empty() { "InvokeService".to_owned() } else { format!("InvokeService/{app_id}") }
}
