//! A call of another app: from the choice of a sidecar to the head of the answer.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use dapr_net::http2::Ready;
use dapr_net::{Body, SendError};
use dapr_proto::common::v1 as common;
use dapr_proto::internals::v1 as internals;
use dapr_proto::pbjson_types::Any;
use dapr_telemetry::trace::Context;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE, USER_AGENT};
use http::{Request, Response, Uri};
use prost::Message as _;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::call::{Answer, AnswerStatus};
use crate::frames::{FrameError, Frames, PREFIX, put_prefix};
use crate::names::{App, Names, NotFound};
use crate::peer::{CALL_LOCAL, Peer};
use crate::pieces::{Reader, Writer};
use crate::wire::{self, RequestHead, ResponseHead};

/// Sidecars that are tried, one after the other, while none has seen the call.
const PEERS: usize = 4;

/// A call that can be sent.
pub(crate) struct Outgoing {
    /// The leading message, with the body when that is at hand.
    pub(crate) leading: Bytes,
    /// The body when it is not.
    pub(crate) rest: Option<Body>,
    /// What the trace is told by.
    pub(crate) trace: Option<Context>,
}

impl Outgoing {
    /// Writes the leading message.
    pub(crate) fn new(head: &RequestHead, body: Body, trace: Option<Context>) -> Self {
        let whole = body.bytes();
        let mut leading = BytesMut::new();
        wire::put_request(&mut leading, head, whole.as_deref().filter(|bytes| !bytes.is_empty()));
        Self { leading: leading.freeze(), rest: whole.is_none().then_some(body), trace }
    }

    /// The same call again; none when its body was a stream.
    pub(crate) fn again(&self) -> Option<Self> {
        let again = || Self { leading: self.leading.clone(), rest: None, trace: self.trace.clone() };
        self.rest.is_none().then(again)
    }

    fn request(self, uri: Uri) -> Request<Body> {
        let body = match self.rest {
            None => Body::full(self.leading),
            Some(rest) => Writer::request(self.leading, rest),
        };
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = uri;
        put_grpc_headers(request.headers_mut());
        if let Some(trace) = &self.trace {
            trace.write_grpc(request.headers_mut());
        }
        request
    }
}

/// What every gRPC call says of itself.
pub(crate) fn put_grpc_headers(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("dapr/", env!("CARGO_PKG_VERSION"))));
}

/// The status of a connection that could not be made, or that broke.
pub(crate) fn unavailable(error: &SendError) -> Status {
    Status::unavailable(format!("connection error: {error}"))
}

/// The status of an app that has no address.
pub(crate) fn not_found(error: &NotFound) -> Status {
    match error {
        NotFound::Gone(_) => Status::unavailable(error.to_string()),
        _ => Status::internal(error.to_string()),
    }
}

/// Finds a sidecar that takes a connection. Those that refuse are left out for a while; when all do, the registry is asked
/// once more, for a sidecar that restarted may have another address.
pub(crate) async fn connected(
    names: &Arc<Names>,
    app: &Arc<App>,
    tried: &mut Vec<Arc<Peer>>,
) -> Result<Arc<Peer>, Status> {
    let mut refused = None;
    let mut asked_again = false;
    while tried.len() < PEERS {
        let is_tried = |peer: &Arc<Peer>| tried.iter().any(|other| Arc::ptr_eq(other, peer));
        let Some(peer) = app.choose(tried).filter(|peer| !is_tried(peer)) else {
            if std::mem::replace(&mut asked_again, true) {
                break;
            }
            names.ask_again(app).await;
            continue;
        };
        match peer.client.connect().await {
            Ok(()) => return Ok(peer),
            Err(error) => {
                peer.avoid();
                refused = Some(unavailable(&error));
                tried.push(peer);
                names.suspect(app);
            }
        }
    }
    Err(refused.unwrap_or_else(|| Status::unavailable("no sidecar of the app takes connections")))
}

/// Calls an app; another of its sidecars when one cannot have seen the call.
pub(crate) async fn call(
    names: &Arc<Names>,
    app: &Arc<App>,
    outgoing: Outgoing,
    limit: usize,
) -> Result<Answer, Status> {
    let mut tried = Vec::new();
    let mut outgoing = Some(outgoing);
    loop {
        let peer = match app.choose(&tried).filter(|peer| tried.is_empty() && peer.client.is_connected()) {
            Some(peer) => peer,
            None => Box::pin(connected(names, app, &mut tried)).await?,
        };
        let ready = match peer.client.ready().await {
            Ok(ready) => ready,
            // Its connection ended just now. It has not seen the call, not even one whose body can be sent once.
            Err(_) => {
                peer.avoid();
                names.suspect(app);
                tried.push(peer);
                continue;
            }
        };
        let Some(now) = outgoing.take() else { return Err(Status::internal("a stream cannot be sent twice")) };
        outgoing = now.again();
        match call_peer(&peer, ready, now, limit).await {
            Ok(answer) => return Ok(answer),
            Err(Failure::Status(status)) => return Err(status),
            Err(Failure::Send(error)) => {
                peer.avoid();
                names.suspect(app);
                if !error.is_unsent() || outgoing.is_none() {
                    return Err(unavailable(&error));
                }
                tried.push(peer);
            }
        }
    }
}

enum Failure {
    /// The sidecar answered.
    Status(Status),
    /// It did not.
    Send(SendError),
}

impl From<FrameError> for Failure {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Body(error) => Self::Send(SendError::Broken(error)),
            FrameError::TooLarge(..) => Self::Status(Status::resource_exhausted(error.to_string())),
            FrameError::Cut | FrameError::Compressed => Self::Status(Status::internal(error.to_string())),
        }
    }
}

async fn call_peer(peer: &Peer, ready: Ready, outgoing: Outgoing, limit: usize) -> Result<Answer, Failure> {
    let unary = outgoing.again();
    let began = Instant::now();
    let response = ready.send(outgoing.request(peer.stream_uri.clone())).await.map_err(Failure::Send)?;
    match read_answer(response, limit).await {
        // An older sidecar knows only the call with the whole body in one message.
        Err(Failure::Status(status)) if status.code() == Code::Unimplemented => match unary {
            Some(unary) => Box::pin(call_unary(peer, unary, limit)).await,
            None => Err(Failure::Status(status)),
        },
        answer => {
            peer.observe(began.elapsed());
            answer
        }
    }
}

async fn read_answer(response: Response<Body>, limit: usize) -> Result<Answer, Failure> {
    let (head, body) = response.into_parts();
    if let Some(status) = refusal(&head.headers) {
        return Err(Failure::Status(status));
    }
    let mut frames = Frames::new(body, limit);
    let Some(first) = frames.next().await? else {
        let status = frames.trailers().and_then(refusal);
        return Err(Failure::Status(status.unwrap_or_else(|| Status::internal("the call ended without an answer"))));
    };
    let message = wire::response(first).map_err(|error| Failure::Status(Status::internal(error.to_string())))?;
    let Some(head) = message.head else {
        return Err(Failure::Status(Status::internal(
            "response does not contain the required fields in the leading chunk",
        )));
    };
    frames.read_ahead();
    let body = Reader::body(frames, wire::response, message.payload, None)
        .map_err(|error| Failure::Status(Status::internal(error.to_string())))?;
    Ok(answer(head, body))
}

fn answer(head: ResponseHead, body: Body) -> Answer {
    let status = match u16::try_from(head.code) {
        Ok(status) if status >= 100 => AnswerStatus::Http(status),
        _ => AnswerStatus::Grpc { code: head.code, message: head.message, details: head.details },
    };
    let ResponseHead { headers, trailers, content_type, type_url, .. } = head;
    Answer { status, headers, trailers, content_type, type_url, body }
}

/// The status in headers or trailers, unless it is OK.
fn refusal(headers: &HeaderMap) -> Option<Status> {
    Status::from_header_map(headers).filter(|status| status.code() != Code::Ok)
}

/// The call as sidecars before the streaming one know it.
async fn call_unary(peer: &Peer, outgoing: Outgoing, limit: usize) -> Result<Answer, Failure> {
    let internal = |error: &dyn std::fmt::Display| Failure::Status(Status::internal(error.to_string()));
    let leading = internals::InternalInvokeRequestStream::decode(outgoing.leading.slice(PREFIX..));
    let leading = leading.map_err(|error| internal(&error))?;
    let mut message = leading.request.unwrap_or_default();
    let data = leading.payload.map(|payload| payload.data).unwrap_or_default();
    let invoke: &mut common::InvokeRequest = message.message.get_or_insert_default();
    invoke.data = Some(Any { value: data, ..invoke.data.take().unwrap_or_default() });
    let mut buffer = BytesMut::new();
    put_prefix(&mut buffer, message.encoded_len());
    message.encode(&mut buffer).map_err(|error| internal(&error))?;
    let outgoing = Outgoing { leading: buffer.freeze(), rest: None, trace: outgoing.trace };
    let response = peer.client.send(outgoing.request(peer.uri(CALL_LOCAL))).await.map_err(Failure::Send)?;
    let (head, body) = response.into_parts();
    if let Some(status) = refusal(&head.headers) {
        return Err(Failure::Status(status));
    }
    let mut frames = Frames::new(body, limit);
    let Some(first) = frames.next().await? else {
        let status = frames.trailers().and_then(refusal);
        return Err(Failure::Status(status.unwrap_or_else(|| Status::internal("the call ended without an answer"))));
    };
    unary_answer(first).map_err(|error| internal(&error))
}

fn unary_answer(message: Bytes) -> Result<Answer, prost::DecodeError> {
    let response = internals::InternalInvokeResponse::decode(message)?;
    let invoke = response.message.unwrap_or_default();
    let data = invoke.data.unwrap_or_default();
    let status = response.status.unwrap_or_default();
    let details = status.details.iter().map(|any| any.encode_to_vec().into()).collect();
    let head = ResponseHead {
        code: status.code,
        message: status.message,
        details,
        headers: headers(response.headers),
        trailers: headers(response.trailers),
        content_type: invoke.content_type,
        type_url: data.type_url,
        from_http: false,
    };
    Ok(answer(head, Body::full(data.value)))
}

/// Headers from the generated map.
pub(crate) fn headers(map: impl IntoIterator<Item = (String, internals::ListStringValue)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, list) in map {
        let Ok(name) = HeaderName::try_from(name) else { continue };
        for value in list.values.iter().filter_map(|value| HeaderValue::from_str(value).ok()) {
            headers.append(name.clone(), value);
        }
    }
    headers
}
