//! Calls of an HTTP application.

mod answer;
mod pipeline;

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use dapr_net::Body;
use dapr_spi::app_channel::{CallError, NO_VERB};
use dapr_spi::http_middleware::HttpMiddleware;
use dapr_telemetry::metrics::{HttpCall, Metrics};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};

use crate::error::invalid_verb;
use crate::headers;
use crate::limit::Permit;
use crate::transport::Transport;

pub(crate) use answer::hold;

/// Links of the pipeline, from the outside in.
pub(crate) type Links = Vec<Arc<dyn HttpMiddleware>>;

/// What a call or a probe that got no answer counts as.
const NO_ANSWER: u16 = 500;
/// Bytes of a probe's answer that are read, so that its connection can be used again.
const PROBE_ANSWER: usize = 64 << 10;

/// Calls an HTTP application.
pub(crate) struct HttpChannel {
    transport: Transport,
    token: Option<HeaderValue>,
    pipeline: ArcSwap<Links>,
    metrics: Metrics,
}

impl HttpChannel {
    pub(crate) fn new(transport: Transport, token: Option<HeaderValue>, pipeline: Links, metrics: Metrics) -> Self {
        Self { transport, token, pipeline: ArcSwap::from_pointee(pipeline), metrics }
    }

    /// Later calls go through these links.
    pub(crate) fn set_pipeline(&self, links: Links) {
        self.pipeline.store(Arc::new(links));
    }

    /// Makes a call through the pipeline; the permit is held until the answer's body ends or is dropped.
    pub(crate) async fn call(
        &self,
        mut request: Request<Body>,
        type_url: &str,
        permit: Permit,
    ) -> Result<Response<Body>, CallError> {
        check_verb(&mut request)?;
        headers::for_http(request.headers_mut(), type_url, self.token.as_ref());
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let request_bytes = request.body().length().or_else(|| declared(request.headers())).unwrap_or_default();
        let started = Instant::now();
        let links = self.pipeline.load();
        let answered = if links.is_empty() {
            self.exchange(request).await
        } else {
            // A link may change the body, so a length that the caller declared says nothing any more.
            request.headers_mut().remove(CONTENT_LENGTH);
            Box::pin(pipeline::run(Arc::clone(&links), self, request)).await
        };
        let client = &self.metrics.http_client;
        client.record(&HttpCall {
            method: method.as_str(),
            path_label: &client.path_label(uri.path()),
            status: answered.as_ref().map_or(NO_ANSWER, |response| response.status().as_u16()),
            latency: started.elapsed(),
            request_bytes,
            response_bytes: answered.as_ref().ok().and_then(|response| response.body().length()).unwrap_or_default(),
        });
        answered.map(|response| response.map(|body| hold(body, permit)))
    }

    /// Asks `path`, past the pipeline and without the token: a status of 200 to 299 is good.
    pub(crate) async fn probe(&self, path: &str, timeout: Duration) -> Result<(), String> {
        let started = Instant::now();
        let (status, outcome) = match tokio::time::timeout(timeout, self.ask(path)).await {
            Ok(Ok(status)) if (200..300).contains(&status) => (status, Ok(())),
            Ok(Ok(status)) => (status, Err(format!("status {status}"))),
            Ok(Err(error)) => (NO_ANSWER, Err(error)),
            Err(_) => (NO_ANSWER, Err(format!("no answer within {timeout:?}"))),
        };
        self.metrics.http_health_probes.record(status, started.elapsed());
        outcome
    }

    async fn ask(&self, path: &str) -> Result<u16, String> {
        let path = format!("/{}", path.trim_start_matches('/'));
        let mut request = Request::new(Body::empty());
        *request.uri_mut() =
            Uri::try_from(&path).map_err(|_| format!("--app-health-check-path `{path}` is no path"))?;
        let response = self.transport.send(request).await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        // Read, so that the connection can be used again; what it says does not matter.
        let _ = response.into_body().collect(PROBE_ANSWER).await;
        Ok(status)
    }

    /// Sends a request as it stands and tidies up the answer.
    async fn exchange(&self, mut request: Request<Body>) -> Result<Response<Body>, CallError> {
        fit_length(&mut request)?;
        let mut response = self.transport.send(request).await?;
        headers::of_answer(response.headers_mut());
        Ok(response.map(answer::forgiving))
    }
}

/// Lets no verb through that an application is not called with; one that has no name in the interface is `POST`.
fn check_verb(request: &mut Request<Body>) -> Result<(), CallError> {
    match *request.method() {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::DELETE
        | Method::OPTIONS
        | Method::TRACE
        | Method::PATCH => Ok(()),
        Method::CONNECT => Err(invalid_verb()),
        ref other if other.as_str() == NO_VERB => Err(invalid_verb()),
        _ => {
            *request.method_mut() = Method::POST;
            Ok(())
        }
    }
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A length that is known comes from the body; one that the caller only declared, for a body that comes in pieces,
/// is passed on when it is a number.
fn fit_length(request: &mut Request<Body>) -> Result<(), CallError> {
    if !request.headers().contains_key(CONTENT_LENGTH) {
        return Ok(());
    }
    if request.body().length().is_some() {
        request.headers_mut().remove(CONTENT_LENGTH);
        return Ok(());
    }
    match declared(request.headers()) {
        Some(length) => {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
            Ok(())
        }
        None => Err(CallError::Invalid("the content-length header is not a number of bytes".to_owned())),
    }
}
