//! gRPC calls that pass through untouched: any service, any codec, streams in both directions.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use dapr_net::{Body, BoxError};
use dapr_resiliency::{Policy, Verdict};
use dapr_security::SpiffeId;
use dapr_spi::app_channel::CallError;
use dapr_telemetry::trace::Span;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, Uri};
use http_body::{Body as _, Frame};
use tonic::{Code, Status};

use crate::access_control::Protocol;
use crate::frames::PREFIX;
use crate::invoke::{of_policy, target_of};
use crate::names::{App, Names};
use crate::remote::{connected, not_found, unavailable};
use crate::target::Target;
use crate::{CALLEE_APP_ID, CALLER_APP_ID, Invocation, MethodPath};

const APP_ID: HeaderName = HeaderName::from_static("dapr-app-id");
const STREAM: HeaderName = HeaderName::from_static("dapr-stream");
const API_TOKEN: HeaderName = HeaderName::from_static("dapr-api-token");

impl Invocation {
    /// Passes a gRPC call on to the app that its metadata name: to the local application, or to another sidecar. The
    /// extensions of the request hold the caller's [`SpiffeId`] where mTLS told it, and the call's [`Span`].
    pub async fn proxy(&self, request: Request<Body>) -> Response<Body> {
        self.pass_on(request).await.unwrap_or_else(|status| status.into_http())
    }

    async fn pass_on(&self, mut request: Request<Body>) -> Result<Response<Body>, Status> {
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
            Target::App { app_id, .. } if app_id == self.app_id() => self.pass_to_app(request).await,
            Target::App { app_id, namespace, is_named } => {
                let names = self.names()?;
                let app =
                    names.app(&self.query(&app_id, &namespace, is_named)).await.map_err(|error| not_found(&error))?;
                self.pass_to_peer(names, &app, &app_id, request).await
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
        app: &Arc<App>,
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
            self.pass_once(names, app, request).await
        } else if is_stream || !policy.retries() {
            let judge = |answer: &Result<Response<Body>, Status>| judge(answer);
            policy.run_once(judge, self.pass_once(names, app, request)).await.map_err(of_policy)
        } else {
            self.pass_with_retries(names, app, request, &policy).await
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
        app: &Arc<App>,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, Status> {
        let mut tried = Vec::new();
        let (peer, ready) = loop {
            let peer = connected(names, app, &mut tried).await?;
            match peer.client.ready().await {
                Ok(ready) => break (peer, ready),
                // Its connection ended just now. It has not seen the call, so another one may have it.
                Err(_) => {
                    peer.avoid();
                    names.suspect(app);
                    tried.push(peer);
                }
            }
        };
        *request.uri_mut() = peer.uri(request.uri().path());
        ready.send(request).await.map_err(|error| {
            peer.avoid();
            names.suspect(app);
            unavailable(&error)
        })
    }

    /// Keeps the first message, so that a unary call can be sent again. An answer counts once its first message, or
    /// its status, is there.
    async fn pass_with_retries(
        &self,
        names: &Arc<Names>,
        app: &Arc<App>,
        request: Request<Body>,
        policy: &Policy,
    ) -> Result<Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let kept = Arc::new(Mutex::new(Kept::new(body, self.max_message())));
        let attempt = |_| {
            let body = Body::stream(Replay { kept: kept.clone(), read: 0 });
            let mut request = Request::from_parts(parts.clone(), body);
            request.extensions_mut().clear();
            async {
                let response = self.pass_once(names, app, request).await?;
                let response = begun(response).await?;
                if lock(&kept).is_stream {
                    return Err(streaming());
                }
                Ok(response)
            }
        };
        let judge = |answer: &Result<Response<Body>, Status>| {
            if lock(&kept).is_stream { Verdict::Permanent } else { judge(answer) }
        };
        policy.run(judge, attempt).await.map_err(of_policy)
    }
}

fn lock(kept: &Mutex<Kept>) -> std::sync::MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
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

/// A request's body and what was read of it.
struct Kept {
    body: Body,
    read: BytesMut,
    limit: usize,
    ended: bool,
    /// It has more than one message: it cannot be sent again.
    is_stream: bool,
}

impl Kept {
    fn new(body: Body, limit: usize) -> Self {
        Self { body, read: BytesMut::new(), limit: limit.saturating_add(PREFIX), ended: false, is_stream: false }
    }

    fn poll(&mut self, from: usize, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        loop {
            if from < self.read.len() {
                return Poll::Ready(Some(Ok(Bytes::copy_from_slice(&self.read[from..]))));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => self.ended = true,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
                    if self.read.len() + data.len() > self.limit || self.is_second_message(&data) {
                        self.is_stream = true;
                        return Poll::Ready(Some(Err(streaming().into())));
                    }
                    self.read.extend_from_slice(&data);
                }
            }
        }
    }

    /// Whether bytes begin after the end of the first message.
    fn is_second_message(&self, data: &Bytes) -> bool {
        let mut head = [0; PREFIX];
        let all = self.read.iter().chain(data.iter()).copied();
        let known = head.iter_mut().zip(all).map(|(to, byte)| *to = byte).count();
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        known == PREFIX && self.read.len() + data.len() > PREFIX + length
    }
}

/// One attempt's view of a request's body.
struct Replay {
    kept: Arc<Mutex<Kept>>,
    read: usize,
}

impl http_body::Body for Replay {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = lock(&self.kept).poll(self.read, context);
        match ready!(polled) {
            Some(Ok(bytes)) => {
                self.read += bytes.len();
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => Poll::Ready(None),
        }
    }
}
