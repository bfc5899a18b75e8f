//! The status of a gRPC call, in trailers or in the headers of an answer without a body.

use base64::Engine;
use bytes::Bytes;
use dapr_net::Body;
use dapr_spi::app_channel::CallError;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use percent_encoding::percent_decode;

use crate::trace::BINARY;

pub(super) const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// The codes that calls end with here; an application may use all of them.
#[derive(Clone, Copy)]
pub(crate) enum Code {
    Unknown = 2,
    DeadlineExceeded = 4,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

/// A status that the sidecar says in place of the application.
pub(crate) fn error(code: Code, message: impl Into<String>) -> CallError {
    CallError::Status { code: code as i32, message: message.into(), details: Bytes::new(), metadata: Box::default() }
}

/// The code that a failed call is counted under.
pub(super) fn code_of(error: &CallError) -> i32 {
    match error {
        CallError::Status { code, .. } => *code,
        CallError::Unhealthy | CallError::Unreachable(_) => Code::Unavailable as i32,
        CallError::Invalid(_) => Code::Internal as i32,
    }
}

/// Takes the status out of trailers. None when it is good, or when there is none. With a bad status go `metadata` and
/// what else the trailers hold.
pub(super) fn take(trailers: &mut HeaderMap, mut metadata: HeaderMap) -> Option<CallError> {
    let status = trailers.remove(STATUS)?;
    let message = trailers.remove(MESSAGE);
    let details = trailers.remove(DETAILS);
    if status == "0" {
        return None;
    }
    let code = status.to_str().ok().and_then(|code| code.parse().ok()).unwrap_or(Code::Unknown as i32);
    tidy(trailers);
    for (name, value) in &*trailers {
        metadata.append(name.clone(), value.clone());
    }
    Some(CallError::Status {
        code,
        message: message
            .map(|text| percent_decode(text.as_bytes()).decode_utf8_lossy().into_owned())
            .unwrap_or_default(),
        details: details.and_then(|bytes| BINARY.decode(bytes.as_bytes()).ok()).unwrap_or_default().into(),
        metadata: metadata.into(),
    })
}

/// Removes what gRPC says about the message, which the caller gets in another form.
pub(super) fn tidy(metadata: &mut HeaderMap) {
    for name in [CONTENT_TYPE, ENCODING, ACCEPT_ENCODING] {
        metadata.remove(name);
    }
}

/// Whether an answer is one of gRPC at all.
///
/// # Errors
/// It is not: the code follows from its HTTP status.
pub(super) fn check_http(response: &Response<Body>, headers: &HeaderMap) -> Result<(), CallError> {
    let status = response.status();
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if status == StatusCode::OK && content_type.starts_with(b"application/grpc") {
        return Ok(());
    }
    let code = match status.as_u16() {
        400 => Code::Internal,
        401 => Code::Unauthenticated,
        403 => Code::PermissionDenied,
        404 => Code::Unimplemented,
        429 | 502..=504 => Code::Unavailable,
        _ => Code::Unknown,
    };
    Err(error(
        code,
        format!(
            "the application answered with HTTP status {status} and content type `{}`, which is not gRPC; \
             does it speak gRPC? If not, set --app-protocol",
            String::from_utf8_lossy(content_type)
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_bad_status_brings_message_details_and_metadata() {
        let mut trailers = headers(&[
            ("grpc-status", "5"),
            ("grpc-message", "no caf%C3%A9"),
            ("grpc-status-details-bin", "AQI"),
            ("x", "1"),
        ]);
        let Some(CallError::Status { code, message, details, metadata }) = take(&mut trailers, headers(&[("y", "2")]))
        else {
            panic!("expected a status")
        };
        assert_eq!((code, message.as_str(), &details[..]), (5, "no café", &[1, 2][..]));
        assert_eq!((&metadata["x"], &metadata["y"]), (&HeaderValue::from_static("1"), &HeaderValue::from_static("2")));
    }

    #[test]
    fn a_good_status_is_none() {
        let mut trailers = headers(&[("grpc-status", "0"), ("x", "1")]);
        assert!(take(&mut trailers, HeaderMap::new()).is_none());
        assert_eq!(trailers, headers(&[("x", "1")]));
        let mut odd = headers(&[("grpc-status", "many")]);
        assert!(matches!(take(&mut odd, HeaderMap::new()), Some(CallError::Status { code: 2, .. })));
    }

    #[test]
    fn an_answer_that_is_not_grpc_says_so() {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_FOUND;
        let error = check_http(&response, &headers(&[("content-type", "text/html")])).unwrap_err();
        let CallError::Status { code, message, .. } = error else { panic!("expected a status") };
        assert_eq!(code, 12);
        assert!(message.contains("--app-protocol") && message.contains("text/html"), "{message}");
    }
}
