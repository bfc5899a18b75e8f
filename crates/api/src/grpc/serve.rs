//! What every gRPC call passes: the allow list, the token, tracing, dispatch by service, metrics and the log.

use std::convert::Infallible;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use dapr_net::Body;
use dapr_proto::runtime::v1::dapr_server::DaprServer;
use dapr_security::SpiffeId;
use dapr_telemetry::trace::{self, Span};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use tonic::Status;
use tonic_reflection::server::Builder;
use tower::Service as _;
use tower::util::BoxCloneSyncService;

use super::body::{Counted, Measured, Recorded, code_of};
use super::server::Surface;
use super::service::Service as DaprService;
use super::{groups, status};
use crate::{Api, Token};

const REFLECTION_V1: &str = "/grpc.reflection.v1.ServerReflection/";
const REFLECTION_V1_ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/";
const INVOKE_SERVICE: &str = "/dapr.proto.runtime.v1.Dapr/InvokeService";
const INVOKE_BINDING: &str = "/dapr.proto.runtime.v1.Dapr/InvokeBinding";
/// Calls between sidecars; those of the local application come with the span that they belong to.
const INTERNAL: &str = "/dapr.proto.internals.";
const CALLEE_APP_ID: HeaderName = HeaderName::from_static("dapr-callee-app-id");
const APP_ID: HeaderName = HeaderName::from_static("dapr-app-id");

/// Serves the calls of one listener.
pub(super) struct Service {
    api: Arc<Api>,
    dapr: DaprServer<DaprService>,
    surface: Surface,
    reflection: OnceLock<Option<Reflection>>,
}

/// Both versions of server reflection; made when first asked for, since few ever ask.
struct Reflection {
    v1: Boxed,
    v1_alpha: Boxed,
}

type Boxed = BoxCloneSyncService<Request<Counted>, Response<tonic::body::Body>, Infallible>;

impl Reflection {
    fn new() -> Option<Self> {
        let builder = || Builder::configure().register_encoded_file_descriptor_set(dapr_proto::FILE_DESCRIPTOR_SET);
        Some(Self {
            v1: BoxCloneSyncService::new(builder().build_v1().ok()?),
            v1_alpha: BoxCloneSyncService::new(builder().build_v1alpha().ok()?),
        })
    }
}

impl Service {
    pub(super) fn new(api: Arc<Api>, surface: Surface) -> Self {
        let limit = api.options.max_body_size.unwrap_or(usize::MAX);
        let dapr =
            DaprServer::new(DaprService(api.clone())).max_decoding_message_size(limit).max_encoding_message_size(limit);
        Self { api, dapr, surface, reflection: OnceLock::new() }
    }

    /// Answers one call; `peer` is who the other end has proven to be.
    pub(super) async fn serve(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Option<SpiffeId>,
    ) -> Result<Response<Recorded>, Infallible> {
        let received = Arc::new(AtomicU64::new(0));
        let mut call = Measured {
            api: self.api.clone(),
            method: request.uri().path().to_owned(),
            started: Instant::now(),
            received: received.clone(),
            sent: 0,
            code: None,
            user_agent: self.api.options.logging.enabled.then(|| user_agent(request.headers())).flatten(),
            span: self.span(&request),
            message: String::new(),
        };
        let mut request = request.map(|body| Counted::new(body, received));
        if call.span.context().is_some() {
            request.extensions_mut().insert(call.span.clone());
        }
        if let Some(peer) = peer {
            request.extensions_mut().insert(peer);
        }
        let answer = match self.check(&mut request) {
            Ok(baggage) => self.dispatch(request, &call.span, baggage).await,
            Err(status) => status.into_http(),
        };
        call.note(answer.headers());
        call.code = code_of(answer.headers());
        Ok(Recorded::new(answer, call))
    }

    /// The span of a call of the API. Calls between sidecars make theirs when they know what is called.
    fn span(&self, request: &Request<Incoming>) -> Span {
        let tracer = &self.api.tracer;
        let path = request.uri().path();
        if !tracer.is_on() || path.starts_with(INTERNAL) {
            return Span::OFF;
        }
        let headers = request.headers();
        if self.surface == Surface::Internal || !path.starts_with(groups::DAPR) {
            let named = headers.get(&CALLEE_APP_ID).or_else(|| headers.get(&APP_ID));
            let Some(named) = named else { return Span::OFF };
            let is_callee = named.as_bytes() == self.api.app_id.as_bytes();
            return tracer.start_grpc_proxy(path, is_callee, headers);
        }
        tracer.start_grpc(path, headers)
    }

    /// Applies the allow list, then the token, which is taken out so that nothing passes it on; then checks baggage.
    fn check(&self, request: &mut Request<Counted>) -> Result<Option<HeaderValue>, Status> {
        if let Some(method) = request.uri().path().strip_prefix(groups::DAPR)
            && let Some((group, version)) = groups::of(method)
            && !self.api.options.access.allows_grpc(group, version)
        {
            return Err(status::not_available());
        }
        let baggage =
            || trace::baggage_of(request.headers()).map_err(|error| Status::invalid_argument(error.to_string()));
        let baggage = baggage()?;
        let token = self.api.options.token.as_ref().filter(|_| self.surface == Surface::Api);
        let Some(token) = token else { return Ok(baggage) };
        match request.headers_mut().remove(Token::HEADER) {
            None => Err(Status::unauthenticated("missing api token in request metadata")),
            Some(value) if token.matches(value.as_bytes()) => Ok(baggage),
            Some(_) => Err(Status::unauthenticated("authentication error: api token mismatch")),
        }
    }

    async fn dispatch(&self, request: Request<Counted>, span: &Span, baggage: Option<HeaderValue>) -> Response<Body> {
        let path = request.uri().path();
        if self.surface == Surface::Api && path.starts_with(groups::DAPR) {
            let (invokes, invokes_binding) = (path == INVOKE_SERVICE, path == INVOKE_BINDING);
            let Ok(answer) = self.dapr.clone().call(request).await;
            let mut answer = status::of_too_large(answer).map(Body::stream);
            if invokes {
                answer = with_headers_first(answer);
            } else {
                span.write_grpc_response(answer.headers_mut());
            }
            if let Some(baggage) = baggage {
                answer.headers_mut().insert(trace::BAGGAGE, baggage);
            }
            if invokes_binding {
                answer = with_headers_first(answer);
            }
            return answer;
        }
        let reflection = || self.reflection.get_or_init(Reflection::new).as_ref();
        let is_proxied = request.headers().contains_key(&CALLEE_APP_ID) || request.headers().contains_key(&APP_ID);
        if path.starts_with(REFLECTION_V1)
            && !is_proxied
            && let Some(reflection) = reflection()
        {
            let Ok(answer) = reflection.v1.clone().call(request).await;
            return answer.map(Body::stream);
        }
        if path.starts_with(REFLECTION_V1_ALPHA)
            && !is_proxied
            && let Some(reflection) = reflection()
        {
            let Ok(answer) = reflection.v1_alpha.clone().call(request).await;
            return answer.map(Body::stream);
        }
        let request = request.map(Body::stream);
        match self.surface {
            Surface::Api => Box::pin(self.api.invocation.proxy(request)).await,
            Surface::Internal => self.api.invocation.serve(request).await,
        }
    }
}

/// Of a call that failed, the headers of the app or of the binding's target come first and the status last: clients look for `dapr-http-status` in the
/// headers, and the library puts all of it into one block of trailers.
fn with_headers_first(answer: Response<Body>) -> Response<Body> {
    if !answer.headers().contains_key("grpc-status") {
        return answer;
    }
    let (mut parts, _) = answer.into_parts();
    let mut trailers = HeaderMap::new();
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        if let Some(value) = parts.headers.remove(name) {
            trailers.insert(HeaderName::from_static(name), value);
        }
    }
    let last = std::future::ready(Some(Ok::<_, Infallible>(trailers)));
    Response::from_parts(parts, Body::stream(Empty::<Bytes>::new().with_trailers(last)))
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    headers.get(http::header::USER_AGENT)?.to_str().ok().map(str::to_owned)
}
