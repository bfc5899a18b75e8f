//! What every request passes: tracing, limits, CORS, token, middleware, routing, the operation, metrics and the log.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use dapr_errors::{Error, table};
use dapr_net::Body;
use dapr_spi::http_middleware::{Handler, Next, Peer, ResponseFuture};
use dapr_telemetry::trace::{self, About, HttpRequest, Span};
use http::request::Parts;
use http::{Request, StatusCode};
use hyper::body::Incoming;

use super::call::{Call, Params};
use super::cors::Cors;
use super::exchange::Exchange;
use super::path;
use super::response::{self, Response};
use super::router::{Router, Target};
use super::upgrade;
use crate::pipeline::State;
use crate::routes::{Listener, ROUTES, Route};
use crate::{Api, Token, invocation};

/// Serves the requests of one listener.
pub(crate) struct Service {
    api: Arc<Api>,
    router: Router,
    cors: Option<Cors>,
    listener: Listener,
    /// Unknown paths are calls of apps.
    invokes: bool,
}

impl Service {
    pub(crate) fn new(api: Arc<Api>, listener: Listener) -> Self {
        let router = Router::new(ROUTES, listener, &api.options.access);
        let cors = Cors::new(&api.options.allowed_origins).filter(|_| listener == Listener::Api);
        let invokes = listener == Listener::Api && api.options.access.allows_http("invoke", "v1", "v1.0/invoke");
        Self { api, router, cors, listener, invokes }
    }

    /// Answers one request.
    pub(crate) async fn serve(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Option<SocketAddr>,
    ) -> Result<Response, Infallible> {
        if self.api.options.h2c && upgrade::is_wanted(&request) {
            return Ok(upgrade::accept(self, request, peer));
        }
        let (parts, body) = request.into_parts();
        let body = Body::from(body);
        let mut exchange = Exchange::begin(self.api.clone(), &parts, body.length().unwrap_or_default());
        let span = self.span(&parts, peer);
        exchange.span = span.clone();
        let origin = self.cors.as_ref().map(|_| parts.headers.clone());
        let mut response = match trace::baggage_of(&parts.headers) {
            Ok(baggage) => {
                let mut response = self.answer(parts, body, peer, &mut exchange).await;
                if let Some(baggage) = baggage {
                    response.headers_mut().insert(trace::BAGGAGE, baggage);
                }
                response
            }
            Err(error) => response::text(StatusCode::BAD_REQUEST, error.to_string()),
        };
        span.write_http_response(response.headers_mut());
        if let (Some(cors), Some(request)) = (&self.cors, &origin) {
            cors.decorate(request, response.headers_mut());
        }
        Ok(exchange.watch(response))
    }

    fn span(&self, parts: &Parts, peer: Option<SocketAddr>) -> Span {
        if !self.api.tracer.is_on() {
            return Span::OFF;
        }
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let (method, path, headers) = (parts.method.as_str(), parts.uri.path(), &parts.headers);
        self.api.tracer.start_http(&HttpRequest { method, path, target, peer, headers })
    }

    async fn answer(
        &self,
        mut parts: Parts,
        body: Body,
        peer: Option<SocketAddr>,
        exchange: &mut Exchange,
    ) -> Response {
        if let Some(preflight) = self.cors.as_ref().and_then(|cors| cors.preflight(&parts.method, &parts.headers)) {
            return preflight;
        }
        if !self.is_authorised(&mut parts) {
            return response::text(StatusCode::UNAUTHORIZED, "invalid api token");
        }
        let links = match self.listener {
            Listener::Api => self.api.pipeline.state(),
            Listener::Public => State::Absent,
        };
        match links {
            State::Absent => {
                let (route, response) = self.dispatch(parts, body, &exchange.span).await;
                exchange.route = route;
                response
            }
            State::Ready(links) => {
                if let Some(peer) = peer {
                    parts.extensions.insert(Peer(peer));
                }
                parts.extensions.insert(exchange.span.clone());
                Next::new(&links, self).run(Request::from_parts(parts, body)).await
            }
            State::Starting if self.is_health_check(&parts) => self.dispatch(parts, body, &exchange.span).await.1,
            State::Starting => response::text(
                StatusCode::SERVICE_UNAVAILABLE,
                "the middleware of spec.httpPipeline is not ready; retry once the sidecar is ready",
            ),
        }
    }

    /// Finds the operation and runs it; what is no endpoint is a call of an app.
    async fn dispatch(&self, parts: Parts, body: Body, span: &Span) -> (Option<&'static Route>, Response) {
        let cleaned = path::clean(parts.uri.path());
        let target = self.router.find(&parts.method, &cleaned);
        drop(cleaned);
        let route = if let Target::Route(route, _) = &target { Some(*route) } else { None };
        let max_body_size = self.api.options.max_body_size;
        let call = |parts, params| Call { parts, params, body, max_body_size, span: span.clone() };
        let answer = match target {
            Target::Route(route, params) if span.is_recording() => {
                describe(span, route, &params, &parts);
                (route.handler)(&self.api, call(parts, params)).await
            }
            Target::Route(route, params) => (route.handler)(&self.api, call(parts, params)).await,
            Target::BadEscape(message) => Ok(response::text(StatusCode::BAD_REQUEST, message)),
            Target::Fallback if self.invokes => {
                Box::pin(invocation::http::invoke(&self.api, call(parts, Params::default()))).await
            }
            Target::Fallback => Err(Error::new(&table::DIRECT_INVOKE_NO_APP_ID, &[])),
        };
        (route, answer.unwrap_or_else(|error| self.error(&error)))
    }

    /// Checks the token, and takes it out so that nothing passes it on.
    fn is_authorised(&self, parts: &mut Parts) -> bool {
        let Some(token) = &self.api.options.token else { return true };
        if self.listener == Listener::Public || self.is_health_check(parts) {
            return true;
        }
        parts.headers.remove(Token::HEADER).is_some_and(|value| token.matches(value.as_bytes()))
    }

    fn is_health_check(&self, parts: &Parts) -> bool {
        let target = self.router.find(&parts.method, &path::clean(parts.uri.path()));
        matches!(target, Target::Route(route, _) if route.is_health_check)
    }

    fn error(&self, error: &Error) -> Response {
        tracing::debug!(target: "dapr.runtime.http", "{error}");
        let (code, category) = error.labels();
        self.api.metrics.error_codes.record(code, category);
        response::error(error)
    }
}

/// What the span tells of an operation.
fn describe(span: &Span, route: &Route, params: &Params, parts: &Parts) {
    let store = params.get("store");
    let about = match route.group {
        "state" => About::State { store },
        "secrets" => About::Secret { store },
        "bindings" => About::Binding { name: params.get("name") },
        "publish" => About::PubSub { topic: params.get("topic") },
        _ => return,
    };
    span.about_http(&about, parts.method.as_str(), parts.uri.path());
}

/// The end of the middleware's chain: middleware may have changed the path, so it is read here.
impl Handler for Service {
    fn handle(&self, request: Request<Body>) -> ResponseFuture<'_> {
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let span = parts.extensions.remove::<Span>().unwrap_or_default();
            self.dispatch(parts, body, &span).await.1
        })
    }
}
