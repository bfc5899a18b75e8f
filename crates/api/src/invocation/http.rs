//! `/v1.0/invoke/<app>/method/<method>`, and every path with the header `dapr-app-id`.

use dapr_errors::{Error, Result, table};
use dapr_invocation::{Answer, AnswerStatus, Call as AppCall, MethodPath};
use dapr_net::Body;
use dapr_telemetry::trace::About;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{HeaderName, Response as HttpResponse, StatusCode, Version};
use http_body_util::Limited;

use super::linger::Lingering;
use super::target::{Named, find};
use super::{headers, status};
use crate::Api;
use crate::http::{Call, Response};

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// Calls an app's method with any verb. The request is read before there is a future, so that a call that waits is small.
pub(crate) fn invoke(api: &Api, call: Call) -> impl Future<Output = Result<Response>> + Send {
    let is_event_stream = call.parts.headers.get(ACCEPT) == Some(&EVENT_STREAM);
    let answering = read(call).map(|call| (call.target.clone(), api.invocation.invoke(call)));
    async move {
        let (target, answering) = answering?;
        let mut response = response(answering.await.map_err(|error| status::error(&target, &error))?);
        if is_event_stream {
            response.headers_mut().insert(CONTENT_TYPE, EVENT_STREAM);
            response.headers_mut().insert(CACHE_CONTROL, NO_CACHE);
        }
        Ok(response)
    }
}

/// What the request asks for.
fn read(call: Call) -> Result<AppCall> {
    let Call { mut parts, body, max_body_size, span, .. } = call;
    let Some(Named { target, method }) = find(parts.uri.path(), &mut parts.headers) else {
        return Err(Error::new(&table::DIRECT_INVOKE_NO_APP_ID, &[]));
    };
    let body = if parts.version == Version::HTTP_11 && body.bytes().is_none() { Lingering::body(body) } else { body };
    let path = MethodPath::from_http(&method).map_err(|error| invalid(&target, &error))?;
    if span.is_recording() {
        let about = About::Invocation { app_id: &target, method: path.wire() };
        span.about_http(&about, parts.method.as_str(), parts.uri.path());
    }
    Ok(AppCall {
        path,
        verb: parts.method.as_str().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        from_grpc: false,
        content_type: text(parts.headers.get(CONTENT_TYPE)),
        headers: parts.headers,
        type_url: String::new(),
        body: limited(body, max_body_size)?,
        target,
        span,
    })
}

fn invalid(target: &str, error: &dyn std::fmt::Display) -> Error {
    Error::new(&table::DIRECT_INVOKE, &[&target, &format!("invalid method: {error}")])
}

fn text(value: Option<&HeaderValue>) -> String {
    value.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// A body of known length is refused before it is read; one of unknown length when it has grown too long.
fn limited(body: Body, limit: Option<usize>) -> Result<Body> {
    let Some(limit) = limit else { return Ok(body) };
    match body.length() {
        Some(length) if length <= limit as u64 => Ok(body),
        Some(_) => {
            let cause =
                format!("http: request body too large: more than {limit} bytes; raise `--max-body-size` to allow it");
            Err(Error::new(&table::BODY_TOO_LARGE, &[&cause]))
        }
        None => Ok(Body::stream(Limited::new(body, limit))),
    }
}

fn response(answer: Answer) -> Response {
    let Answer { status, headers, content_type, body, .. } = answer;
    let mut response = match status {
        AnswerStatus::Http(code) => {
            let mut response = HttpResponse::new(body);
            *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
            response
        }
        AnswerStatus::Grpc { code: 0, .. } => HttpResponse::new(body),
        AnswerStatus::Grpc { code, message, .. } => {
            let json = serde_json::json!({ "code": code, "message": message });
            let mut response = HttpResponse::new(Body::full(json.to_string()));
            *response.status_mut() = status::http_of(code);
            response
        }
    };
    *response.headers_mut() = headers::to_http(headers);
    set_content_type(response.headers_mut(), &content_type);
    response
}

fn set_content_type(headers: &mut HeaderMap<HeaderValue>, content_type: &str) {
    const NAME: HeaderName = CONTENT_TYPE;
    if let Ok(value) = HeaderValue::from_str(content_type)
        && !content_type.is_empty()
    {
        headers.insert(NAME, value);
    }
}
