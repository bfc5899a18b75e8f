//! What every request passes: limits, CORS, token, routing, the operation, metrics and the log.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use dapr_errors::{Error, table};
use dapr_telemetry::metrics::HttpCall;
use http::header::USER_AGENT;
use http::request::Parts;
use http::{Request, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;

use super::call::Call;
use super::cors::Cors;
use super::path;
use super::response::{self, Response};
use super::router::{Router, Target};
use super::upgrade;
use crate::routes::{Listener, ROUTES, Route};
use crate::{Api, Token};

/// Serves the requests of one listener.
pub(crate) struct Service {
    api: Arc<Api>,
    router: Router,
    cors: Option<Cors>,
    listener: Listener,
}

impl Service {
    pub(crate) fn new(api: Arc<Api>, listener: Listener) -> Self {
        let router = Router::new(ROUTES, listener, &api.options.access);
        let cors = Cors::new(&api.options.allowed_origins).filter(|_| listener == Listener::Api);
        Self { api, router, cors, listener }
    }

    /// Answers one request.
    pub(crate) async fn serve(self: Arc<Self>, request: Request<Incoming>) -> Result<Response, Infallible> {
        if self.api.options.h2c && upgrade::is_wanted(&request) {
            return Ok(upgrade::accept(self, request));
        }
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        let seen = Seen { started, request_bytes: body.size_hint().exact().unwrap_or_default() };
        let log = self.api.options.logging.enabled.then(|| LoggedCall::of(&parts));
        let method = parts.method.clone();
        let uri = parts.uri.clone();
        let origin = self.cors.as_ref().map(|_| parts.headers.clone());
        let (route, mut response) = self.answer(parts, body).await;
        if let (Some(cors), Some(request)) = (&self.cors, &origin) {
            cors.decorate(request, response.headers_mut());
        }
        self.record(&method, uri.path(), &seen, &response);
        if let Some(log) = log {
            self.log(&log, route, &seen, &response);
        }
        Ok(response)
    }

    async fn answer(&self, mut parts: Parts, body: Incoming) -> (Option<&'static Route>, Response) {
        if let Some(preflight) = self.cors.as_ref().and_then(|cors| cors.preflight(&parts.method, &parts.headers)) {
            return (None, preflight);
        }
        let cleaned = path::clean(parts.uri.path());
        let target = self.router.find(&parts.method, &cleaned);
        let route = if let Target::Route(route, _) = &target { Some(*route) } else { None };
        if !self.is_authorised(route, &mut parts) {
            return (route, response::text(StatusCode::UNAUTHORIZED, "invalid api token"));
        }
        match target {
            Target::Route(route, params) => {
                let call = Call { parts, params, body, max_body_size: self.max_body_size() };
                let answer = (route.handler)(&self.api, call).await;
                (Some(route), answer.unwrap_or_else(|error| self.error(&error)))
            }
            Target::BadEscape(message) => (route, response::text(StatusCode::BAD_REQUEST, message)),
            Target::Fallback => (None, self.error(&Error::new(&table::DIRECT_INVOKE_NO_APP_ID, &[]))),
        }
    }

    fn max_body_size(&self) -> Option<usize> {
        self.api.options.max_body_size
    }

    /// Checks the token, and takes it out so that nothing passes it on.
    fn is_authorised(&self, route: Option<&Route>, parts: &mut Parts) -> bool {
        let Some(token) = &self.api.options.token else { return true };
        if self.listener == Listener::Public || route.is_some_and(|route| route.is_health_check) {
            return true;
        }
        parts.headers.remove(Token::HEADER).is_some_and(|value| token.matches(value.as_bytes()))
    }

    fn error(&self, error: &Error) -> Response {
        tracing::debug!(target: "dapr.runtime.http", "{error}");
        let (code, category) = error.labels();
        self.api.metrics.error_codes.record(code, category);
        response::error(error)
    }

    fn record(&self, method: &http::Method, path: &str, seen: &Seen, response: &Response) {
        let metrics = &self.api.metrics.http_server;
        metrics.record(&HttpCall {
            method: method.as_str(),
            path_label: &metrics.path_label(path),
            status: response.status().as_u16(),
            latency: seen.started.elapsed(),
            request_bytes: seen.request_bytes,
            response_bytes: response.body().size_hint().exact().unwrap_or_default(),
        });
    }

    fn log(&self, call: &LoggedCall, route: Option<&Route>, seen: &Seen, response: &Response) {
        let logging = self.api.options.logging;
        if logging.omit_health_checks && route.is_some_and(|route| route.is_health_check) {
            return;
        }
        let name = route.map_or("InvokeService", |route| route.name);
        tracing::info!(
            target: "dapr.runtime.http-info",
            method = if logging.obfuscate_urls { name } else { &call.method },
            useragent = call.user_agent.as_deref(),
            code = response.status().as_u16(),
            size = response.body().size_hint().exact().unwrap_or_default(),
            duration = u64::try_from(seen.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "HTTP API Called"
        );
    }
}

/// What is measured of a request before its body is gone.
struct Seen {
    started: Instant,
    request_bytes: u64,
}

/// What the log tells of a request.
struct LoggedCall {
    method: String,
    user_agent: Option<String>,
}

impl LoggedCall {
    fn of(parts: &Parts) -> Self {
        let user_agent = parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self { method: format!("{} {}", parts.method, parts.uri.path()), user_agent }
    }
}
