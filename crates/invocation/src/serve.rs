//! Calls that other sidecars make: from the leading message to the application and back.

use bytes::BytesMut;
use dapr_net::Body;
use dapr_proto::internals::v1 as internals;
use dapr_proto::pbjson_types::Any;
use dapr_security::SpiffeId;
use dapr_spi::app_channel::{Answer as AppAnswer, CallError, Invoke, NO_VERB};
use dapr_telemetry::trace::Span;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use prost::Message as _;
use tonic::{Code, Status};

use crate::access_control::Protocol;
use crate::call::{Answer, AnswerStatus};
use crate::frames::{FrameError, Frames, put_prefix};
use crate::peer::{CALL_LOCAL, CALL_LOCAL_STREAM};
use crate::pieces::{Reader, Writer};
use crate::remote;
use crate::wire::{self, RequestHead, ResponseHead, VERBS};
use crate::{CALLER_APP_ID, Invocation, MethodPath};

/// Characters that cannot stand in a query as they are.
const NOT_IN_QUERIES: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

impl Invocation {
    /// Answers a call to the internal gRPC server: `CallLocal`, `CallLocalStream`, or a proxied call of any service.
    /// The extensions of the request hold the caller's [`SpiffeId`] where mTLS told it.
    pub async fn serve(&self, request: Request<Body>) -> Response<Body> {
        let answered = match request.uri().path() {
            CALL_LOCAL_STREAM => self.call_local_stream(request).await,
            CALL_LOCAL => Box::pin(self.call_local(request)).await,
            _ => return Box::pin(self.proxy_for_peer(request)).await,
        };
        answered.unwrap_or_else(|status| status.into_http())
    }

    async fn call_local_stream(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let mut frames = Frames::new(body, self.max_message());
        let first = frames.next().await.map_err(|error| of_frames(&error))?;
        let missing = || {
            Status::invalid_argument(
                "parsing InternalInvokeRequest error: request does not contain the required fields in the leading chunk",
            )
        };
        let message = wire::request(first.ok_or_else(missing)?)
            .map_err(|error| Status::invalid_argument(format!("parsing InternalInvokeRequest error: {error}")))?;
        let head = message.head.filter(|head| !head.metadata.is_empty()).ok_or_else(missing)?;
        let length = head.metadata.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let body = Reader::body(frames, wire::request, message.payload, length)
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        let (answer, caller) = self.answer(&parts, head, body).await?;
        self.sent(&caller, &answer);
        let head = ResponseHead {
            code: answer.status.code(),
            message: message_of(&answer.status),
            details: details_of(&answer.status),
            headers: answer.headers,
            trailers: answer.trailers,
            content_type: answer.content_type,
            type_url: answer.type_url,
            from_http: matches!(answer.status, AnswerStatus::Http(_)),
        };
        let whole = answer.body.bytes();
        let mut leading = BytesMut::new();
        wire::put_response(&mut leading, &head, whole.as_deref().filter(|bytes| !bytes.is_empty()));
        let rest = if whole.is_some() { Body::empty() } else { answer.body };
        Ok(grpc(Writer::answer(leading.freeze(), rest)))
    }

    async fn call_local(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let mut frames = Frames::new(body, self.max_message());
        let first = frames.next().await.map_err(|error| of_frames(&error))?;
        let first = first.ok_or_else(|| Status::internal("the call has no message"))?;
        let message = internals::InternalInvokeRequest::decode(first)
            .map_err(|error| Status::invalid_argument(format!("parsing InternalInvokeRequest error: {error}")))?;
        let invoke = message
            .message
            .ok_or_else(|| Status::invalid_argument("parsing InternalInvokeRequest error: field Message is nil"))?;
        let data = invoke.data.unwrap_or_default();
        let extension = invoke.http_extension;
        let head = RequestHead {
            metadata: remote::headers(message.metadata),
            method: invoke.method,
            content_type: invoke.content_type,
            type_url: data.type_url,
            verb: extension.as_ref().map(|extension| extension.verb),
            query: extension.map(|extension| extension.querystring).unwrap_or_default(),
            ..RequestHead::default()
        };
        let (answer, caller) = self.answer(&parts, head, Body::full(data.value)).await?;
        self.sent(&caller, &answer);
        let value = answer.body.collect(self.max_message()).await;
        let value = value.map_err(|error| Status::internal(format!("error invoking app channel: {error}")))?;
        let reply = internals::InternalInvokeResponse {
            status: Some(internals::Status {
                code: answer.status.code(),
                message: message_of(&answer.status),
                details: details_of(&answer.status).into_iter().filter_map(|detail| Any::decode(detail).ok()).collect(),
            }),
            headers: lists(&answer.headers),
            trailers: lists(&answer.trailers),
            message: Some(dapr_proto::common::v1::InvokeResponse {
                data: Some(Any { type_url: answer.type_url, value }),
                content_type: answer.content_type,
            }),
        };
        let mut buffer = BytesMut::new();
        put_prefix(&mut buffer, reply.encoded_len());
        reply.encode(&mut buffer).map_err(|error| Status::internal(error.to_string()))?;
        Ok(grpc(Writer::answer(buffer.freeze(), Body::empty())))
    }

    /// Decides, calls the application, and tells who called.
    async fn answer(
        &self,
        parts: &http::request::Parts,
        head: RequestHead,
        body: Body,
    ) -> Result<(Answer, String), Status> {
        let app = self.app_channel().ok_or_else(|| Status::internal("app channel is not initialized"))?;
        let path = MethodPath::from_grpc(&head.method)
            .map_err(|error| Status::invalid_argument(format!("invalid method: {error}")))?;
        let verb = VERBS.get(usize::try_from(head.verb.unwrap_or_default()).unwrap_or(usize::MAX)).copied();
        let verb = verb.unwrap_or(NO_VERB);
        let protocol = if app.is_grpc() { Protocol::Grpc } else { Protocol::Http { verb } };
        self.check(parts.extensions.get::<SpiffeId>(), &path, protocol)?;
        let caller =
            head.metadata.get(&CALLER_APP_ID).and_then(|value| value.to_str().ok()).unwrap_or("unknown").to_owned();
        self.received(&caller);

        let span = self.span_of(parts, &path);
        let from_grpc = is_grpc(&head.metadata);
        let mut headers = head.metadata;
        headers.remove(HeaderName::from_static("destination-app-id"));
        set_content_type(&mut headers, &head.content_type);
        span_headers(&span, &mut headers, from_grpc);
        let request = app_request(verb, &path, app.is_grpc(), &head.query, headers, body)?;
        let answered = app.invoke(Invoke { request, type_url: head.type_url, from_grpc }).await;
        let answer = of_app(answered);
        match &answer {
            Ok(answer) => span.end_grpc(0, &message_of(&answer.status)),
            Err(status) => span.end_grpc(status.code() as i32, status.message()),
        }
        answer.map(|answer| (answer, caller))
    }

    fn span_of(&self, parts: &http::request::Parts, path: &MethodPath) -> Span {
        let span = self.tracer().start_grpc(parts.uri.path(), &parts.headers);
        span.about_internal_call(self.app_id(), path.wire());
        span
    }
}

/// The trace goes on from this sidecar's span.
pub(crate) fn span_headers(span: &Span, headers: &mut HeaderMap, from_grpc: bool) {
    if let Some(context) = span.context() {
        if from_grpc { context.write_grpc(headers) } else { context.write_http(headers) }
    }
}

/// The content type of the body, which for gRPC callers is not that of the call.
pub(crate) fn set_content_type(headers: &mut HeaderMap, content_type: &str) {
    match HeaderValue::from_str(content_type) {
        Ok(value) if !content_type.is_empty() => drop(headers.insert(CONTENT_TYPE, value)),
        _ => drop(headers.remove(CONTENT_TYPE)),
    }
}

/// Whether headers are the metadata of a gRPC call.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// The request that an application gets.
pub(crate) fn app_request(
    verb: &str,
    path: &MethodPath,
    app_is_grpc: bool,
    query: &str,
    headers: HeaderMap,
    body: Body,
) -> Result<Request<Body>, Status> {
    let invalid = |error: &dyn std::fmt::Display| Status::invalid_argument(format!("invalid method: {error}"));
    let mut target = path.dispatch(app_is_grpc).map_err(|error| invalid(&error))?.into_owned();
    if !query.is_empty() {
        target.push('?');
        // A gRPC caller may write what no URI holds.
        target.extend(utf8_percent_encode(query, NOT_IN_QUERIES));
    }
    let mut request = Request::new(body);
    *request.method_mut() = http::Method::from_bytes(verb.as_bytes()).map_err(|error| invalid(&error))?;
    *request.uri_mut() = Uri::try_from(target).map_err(|error| invalid(&error))?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// What the application answered, for either edge.
pub(crate) fn of_app(answered: Result<AppAnswer, CallError>) -> Result<Answer, Status> {
    match answered {
        Ok(AppAnswer::Http(response)) => {
            let (parts, body) = response.into_parts();
            let mut headers = parts.headers;
            let content_type = headers.remove(CONTENT_TYPE);
            Ok(Answer {
                status: AnswerStatus::Http(parts.status.as_u16()),
                headers,
                trailers: HeaderMap::new(),
                content_type: content_type.and_then(|value| value.to_str().ok().map(str::to_owned)).unwrap_or_default(),
                type_url: String::new(),
                body,
            })
        }
        Ok(AppAnswer::Grpc { metadata, trailers, data, type_url, content_type }) => Ok(Answer {
            status: AnswerStatus::Grpc { code: 0, message: String::new(), details: Vec::new() },
            headers: metadata,
            trailers,
            content_type,
            type_url,
            body: Body::full(data),
        }),
        Err(CallError::Status { code, message, details, metadata }) => Ok(Answer {
            status: AnswerStatus::Grpc { code, message, details: details_in(details) },
            headers: *metadata,
            trailers: HeaderMap::new(),
            content_type: String::new(),
            type_url: String::new(),
            body: Body::empty(),
        }),
        Err(error) => Err(Status::internal(format!("error invoking app channel: {error}"))),
    }
}

/// The details of an encoded `google.rpc.Status`.
fn details_in(status: bytes::Bytes) -> Vec<bytes::Bytes> {
    let status = tonic_types::Status::decode(status).unwrap_or_default();
    status.details.into_iter().map(|any| any.encode_to_vec().into()).collect()
}

fn message_of(status: &AnswerStatus) -> String {
    match status {
        AnswerStatus::Http(code) => {
            let code = http::StatusCode::from_u16(*code).ok();
            code.and_then(|code| code.canonical_reason()).unwrap_or_default().to_owned()
        }
        AnswerStatus::Grpc { message, .. } => message.clone(),
    }
}

fn details_of(status: &AnswerStatus) -> Vec<bytes::Bytes> {
    match status {
        AnswerStatus::Http(_) => Vec::new(),
        AnswerStatus::Grpc { details, .. } => details.clone(),
    }
}

fn lists(headers: &HeaderMap) -> std::collections::HashMap<String, internals::ListStringValue> {
    let values =
        |name| headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let lists =
        headers.keys().map(|name| (name.to_string(), internals::ListStringValue { values: values(name).collect() }));
    lists.collect()
}

fn grpc(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, GRPC);
    response
}

pub(crate) fn of_frames(error: &FrameError) -> Status {
    let code = match error {
        FrameError::TooLarge(..) => Code::ResourceExhausted,
        FrameError::Compressed => Code::Unimplemented,
        FrameError::Cut | FrameError::Body(_) => Code::Cancelled,
    };
    Status::new(code, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_query_reaches_the_application(query in "\\PC{1,40}") {
            let path = MethodPath::from_grpc("method").unwrap();
            let request = app_request("POST", &path, false, &query, HeaderMap::new(), Body::empty()).unwrap();
            let sent = request.uri().query().unwrap_or_default();
            let decoded = percent_encoding::percent_decode_str(sent).decode_utf8_lossy().into_owned();
            let meant = percent_encoding::percent_decode_str(&query).decode_utf8_lossy().into_owned();
            prop_assert_eq!(decoded, meant);
        }
    }
}
