//! Between HTTP statuses and gRPC codes (interface/http-api.md 1.14).

use std::collections::HashMap;

use dapr_errors::{DOMAIN, Error, table};
use http::StatusCode;
use tonic::{Code, Status};
use tonic_types::{ErrorInfo, StatusExt};

/// How much of an app's answer an error repeats.
const EXCERPT: usize = 63;

/// The HTTP status of a gRPC code.
pub(super) fn http_of(code: i32) -> StatusCode {
    if code == 0 {
        return StatusCode::OK;
    }
    let status = dapr_errors::Code::of_number(code).map(dapr_errors::Code::http_status);
    status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The gRPC code of an HTTP status.
fn grpc_of(status: u16) -> Code {
    match status {
        200..=299 => Code::Ok,
        408 => Code::Cancelled,
        400 => Code::Internal,
        504 => Code::DeadlineExceeded,
        404 => Code::NotFound,
        409 => Code::AlreadyExists,
        403 => Code::PermissionDenied,
        401 => Code::Unauthenticated,
        429 => Code::ResourceExhausted,
        501 => Code::Unimplemented,
        503 => Code::Unavailable,
        _ => Code::Unknown,
    }
}

/// The error of an HTTP app for a gRPC caller; none for 2xx.
pub(super) fn of_http(status: u16, body: &[u8]) -> Option<Status> {
    let code = grpc_of(status);
    if code == Code::Ok {
        return None;
    }
    let text = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let excerpt = String::from_utf8_lossy(&body[..body.len().min(EXCERPT)]).into_owned();
    let metadata =
        HashMap::from([("http.code".to_owned(), status.to_string()), ("http.error_message".to_owned(), excerpt)]);
    let info = ErrorInfo::new(text, DOMAIN, metadata);
    Some(Status::with_error_details_vec(code, text, vec![info.into()]))
}

/// The error of a call that got no answer.
pub(super) fn error(target: &str, status: &Status) -> Error {
    match status.code() {
        Code::PermissionDenied => Error::new(&table::DIRECT_INVOKE_DENIED, &[&target, &status.message()]),
        Code::ResourceExhausted => Error::new(&table::BODY_TOO_LARGE, &[&status.message()]),
        _ => Error::new(&table::DIRECT_INVOKE, &[&target, &status.message()]),
    }
}
