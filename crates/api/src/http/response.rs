//! Answers: the body type and the few shapes an endpoint uses.

use bytes::Bytes;
use dapr_errors::Error;
use dapr_net::Body;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

/// An answer.
pub(crate) type Response = http::Response<Body>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// 204 without a body.
pub(crate) fn empty() -> Response {
    status(StatusCode::NO_CONTENT, Bytes::new())
}

/// 200 with JSON.
pub(crate) fn json(body: impl Into<Bytes>) -> Response {
    let mut response = status(StatusCode::OK, body.into());
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// Plain text with a status, for what happens before an API is reached.
pub(crate) fn text(code: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = status(code, body.into());
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}

/// The JSON of an error.
pub(crate) fn error(error: &Error) -> Response {
    let code = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = status(code, error.to_json().into());
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

pub(crate) fn status(code: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = code;
    response
}

/// Adds `metadata.<name>` headers; what cannot be a header is left out.
pub(crate) fn add_metadata<'a>(headers: &mut HeaderMap, pairs: impl IntoIterator<Item = (&'a String, &'a String)>) {
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(format!("metadata.{name}").as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
}
