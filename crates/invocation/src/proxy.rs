//! gRPC calls that pass through untouched: any service, any codec, streams in both directions.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use dapr_net::{Body, BoxError};
use dapr_resiliency::{Policy, Verdict};
use dapr_security::SpiffeId;
use dapr_spi::app_channel::CallError;
use dapr_spi::name_resolver::Query;
use dapr_telemetry::trace::Span;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Response, Uri};
use http_body::{Body as _, Frame};
use tonic::{Code, Status};

use crate::access_control::Protocol;
use crate::invoke::{of_policy, target_of};
use crate::names::Names;
use crate::peer::Peer;
use crate::remote::{connected, not_found, unavailable};
use crate::replay::Source;
use crate::target::Target;
use crate::{CALLEE_APP_ID, CALLER_APP_ID, Invocation, MethodPath};

const APP_ID: HeaderName = HeaderName::from_static("dapr-app-id");
const STREAM: HeaderName = HeaderName::from_static("dapr-stream");
const API_TOKEN: HeaderName = HeaderName::from_static("dapr-api-token");

/// A message up to this length is kept until the call is answered: a sidecar that is closing may not take it.
const KEPT: usize = 64 << 10;

impl Invocation {
    /// Passes a gRPC call on to the app that its metadata name: to the local application, or to another sidecar. The
    /// extensions of the request hold the caller's [`SpiffeId`] where mTLS told it, and the call's [`Span`].
    pub async fn proxy(&self, request: Request<Body>) -> Response<Body> {
        self.pass_on(request, false).await.unwrap_or_else(|status| status.into_http())
    }

    /// The same for a call of another sidecar, which must be for the local application: passing it on to a third one
    /// would lend it this sidecar's identity.
    pub(crate) async fn proxy_for_peer(&self, request: Request<Body>) -> Response<Body> {
        self.pass_on(request, true).await.unwrap_or_else(|status| status.into_http())
    }

    async fn pass_on(&self, mut request: Request<Body>, for_peer: bool) -> Result<Response<Body>, Status> {
        let named = request.headers().get(&CALLEE_APP_ID).or_else(|| request.headers().get(&APP_ID));
        let Some(target) = named.and_then(|value| value.to_str().ok()).map(str::to_owned) else {
            let path = request.uri().path();
            return Err(Status::unknown(format!(
                "failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found; \
                 no service of this sidecar has the method {path}"
            )));
        };
        let target = target_of(&target, self)?;
        let span = request.extensions().get::<Span>().cloned().unwrap_or_default();
        if let Some(context) = span.context() {
            context.write_grpc(request.headers_mut());
        }
        request.headers_mut().remove(&APP_ID);
        request.headers_mut().remove(HOST);
        match target {
            Target::App { app_id, namespace, is_named }
                if app_id == self.app_id() && (!is_named || namespace == self.settings.namespace) =>
            {
                self.pass_to_app(request).await
            }
            _ if for_peer => {
                Err(Status::permission_denied(format!("this sidecar serves {} and passes nothing on", self.app_id())))
            }
            Target::App { app_id, namespace, is_named } => {
                let query = self.query(&app_id, &namespace, is_named);
                self.pass_to_peer(self.names()?, &query, &app_id, request).await
            }
            Target::Endpoint(name) | Target::Url(name) => {
                Err(Status::invalid_argument(format!("{name} is no app: only apps can be called by gRPC")))
            }
        }
    }

    async fn pass_to_app(&self, mut request: Request<Body>) -> Result<Response<Body>, Status> {
        let path = MethodPath::from_grpc(request.uri().path())
            .map_err(|error| Status::invalid_argument(format!("invalid method: {error}")))?;
        self.check(request.extensions().get::<SpiffeId>(), &path, Protocol::Grpc)?;
        let app = self.app_channel().ok_or_else(|| Status::internal("app channel is not initialized"))?;
        *request.uri_mut() = Uri::try_from(path.decision())
            .map_err(|error| Status::invalid_argument(format!("invalid method: {error}")))?;
        request.headers_mut().remove(&API_TOKEN);
        app.proxy(request).await.map_err(|error| match error {
            CallError::Status { code, message, .. } => Status::new(Code::from_i32(code), message),
            CallError::Unreachable(error) => Status::unavailable(error),
            CallError::Unhealthy => Status::unavailable(error.to_string()),
            CallError::Invalid(error) => Status::invalid_argument(error),
        })
    }

    async fn pass_to_peer(
        &self,
        names: &Arc<Names>,
        query: &Query,
        app_id: &str,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, Status> {
        let headers = request.headers_mut();
        let is_stream = headers.get(&STREAM).is_some_and(is_truthy);
        headers.insert(CALLER_APP_ID, self.own_app_id().clone());
        let callee = HeaderValue::from_str(app_id).map_err(|_| Status::invalid_argument("invalid app id"))?;
        headers.insert(CALLEE_APP_ID, callee);
        let method = request.uri().path().to_owned();
        let policy = self.resiliency().app(app_id, &format!("{app_id}:{method}"));
        self.request_sent(app_id, is_stream);
        let began = tokio::time::Instant::now();
        let answered = if policy.is_none() {
            self.pass_once(names, query, request).await
        } else if is_stream || !policy.retries() {
            let judge = |answer: &Result<Response<Body>, Status>| judge(answer);
            policy.run_once(judge, self.pass_once(names, query, request)).await.map_err(of_policy)
        } else {
            self.pass_with_retries(names, query, request, &policy).await
        };
        let code = match &answered {
            Ok(response) => code_of(response.headers()),
            Err(status) => status.code() as i32,
        };
        self.response_received(app_id, code, began.elapsed(), is_stream);
        answered
    }

    async fn pass_once(
        &self,
        names: &Arc<Names>,
        query: &Query,
        request: Request<Body>,
    ) -> Result<Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        self.pass(names, query, &parts, &Source::passing(body, KEPT)).await
    }

    /// Passes a call to a sidecar of an app; to another one when it cannot have been seen.
    async fn pass(
        &self,
        names: &Arc<Names>,
        query: &Query,
        parts: &Parts,
        source: &Source,
    ) -> Result<Response<Body>, Status> {
        // Looked up by each attempt: a sidecar that restarts is not known for a moment.
        let app = &names.app(query).await.map_err(|error| not_found(&error))?;
        let mut tried = Vec::new();
        loop {
            let peer = connected(names, app, &mut tried).await?;
            let error = match peer.client.ready().await {
                Ok(ready) => match ready.send(request_to(&peer, parts, source)).await {
                    Ok(response) => return Ok(response),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            peer.avoid();
            names.suspect(app);
            if !error.is_unsent() || source.is_stream() {
                return Err(unavailable(&error));
            }
            tried.push(peer);
        }
    }

    /// Keeps the first message, so that a unary call can be sent again. An answer counts once its first message, or
    /// its status, is there.
    async fn pass_with_retries(
        &self,
        names: &Arc<Names>,
        query: &Query,
        request: Request<Body>,
        policy: &Policy,
    ) -> Result<Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let source = Source::strict(body, self.max_message(), || streaming().into());
        let attempt = |_| async {
            let response = self.pass(names, query, &parts, &source).await?;
            let response = begun(response).await?;
            if source.is_stream() { Err(streaming()) } else { Ok(response) }
        };
        let judge = |answer: &Result<Response<Body>, Status>| {
            if source.is_stream() { Verdict::Permanent } else { judge(answer) }
        };
        policy.run(judge, attempt).await.map_err(of_policy)
    }
}

/// The call as one of the sidecars gets it.
fn request_to(peer: &Peer, parts: &Parts, source: &Source) -> Request<Body> {
    let mut request = Request::new(source.body());
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = peer.uri(parts.uri.path());
    request.headers_mut().clone_from(&parts.headers);
    request
}

fn streaming() -> Status {
    Status::failed_precondition("cannot use resiliency policies with retries on streaming RPCs")
}

fn judge(answer: &Result<Response<Body>, Status>) -> Verdict {
    let code = match answer {
        Ok(response) => code_of(response.headers()),
        Err(status) => status.code() as i32,
    };
    if code == 0 { Verdict::Success } else { Verdict::Code(code) }
}

/// The code as it was sent: applications may use numbers that gRPC does not know.
fn code_of(headers: &HeaderMap) -> i32 {
    headers.get("grpc-status").and_then(|code| code.to_str().ok()?.parse().ok()).unwrap_or_default()
}

/// Waits for the first message of an answer; a status that comes instead moves into the headers.
async fn begun(response: Response<Body>) -> Result<Response<Body>, Status> {
    let (mut parts, mut body) = response.into_parts();
    if Status::from_header_map(&parts.headers).is_some() {
        return Ok(Response::from_parts(parts, body));
    }
    let first = std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
    match first {
        None => Ok(Response::from_parts(parts, Body::empty())),
        Some(Err(error)) => Err(Status::unavailable(format!("connection error: {error}"))),
        Some(Ok(frame)) => match frame.into_data() {
            Ok(data) => Ok(Response::from_parts(parts, Body::stream(Prefixed { first: Some(data), rest: body }))),
            Err(frame) => {
                parts.headers.extend(frame.into_trailers().unwrap_or_default());
                Ok(Response::from_parts(parts, Body::empty()))
            }
        },
    }
}

fn is_truthy(value: &HeaderValue) -> bool {
    let value = value.to_str().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(value.as_str(), "1" | "y" | "yes" | "t" | "true" | "on")
}

/// A body whose first bytes were read.
struct Prefixed {
    first: Option<Bytes>,
    rest: Body,
}

impl http_body::Body for Prefixed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(Ok(Frame::data(first)))),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_end_stream()
    }
}
