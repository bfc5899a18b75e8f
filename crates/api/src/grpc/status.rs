//! From an error of the table to a gRPC status with its details.

use std::collections::HashMap;

use dapr_errors::{DOMAIN, Detail, Error, Shape};
use tonic::{Code, Status};
use tonic_types::{BadRequest, ErrorDetail, ErrorInfo, FieldViolation, Help, ResourceInfo, StatusExt};

/// The status of an error.
pub(crate) fn of(error: &Error) -> Status {
    let code = Code::from_i32(error.grpc_code() as i32);
    if let Some(given) = error.standardized() {
        let info = ErrorInfo::new(&given.reason, &given.domain, HashMap::new());
        return Status::with_error_details_vec(code, &given.message, vec![info.into()]);
    }
    if error.row().shape == Shape::Legacy {
        return Status::new(code, error.message());
    }
    let mut details: Vec<ErrorDetail> = error.details().iter().map(detail).collect();
    let metadata: HashMap<String, String> =
        error.metadata().iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
    details.push(ErrorInfo::new(error.row().reason, DOMAIN, metadata).into());
    Status::with_error_details_vec(code, error.message(), details)
}

fn detail(detail: &Detail) -> ErrorDetail {
    match detail {
        Detail::Resource { kind, name, description } => ResourceInfo::new(*kind, name, "", description).into(),
        Detail::Field { field, description } => BadRequest::new(vec![FieldViolation::new(field, description)]).into(),
        Detail::Help { url, description } => Help::new(vec![tonic_types::HelpLink::new(*description, *url)]).into(),
    }
}

/// The refusal of a method that the Configuration does not allow; the text is the incumbent's.
pub(super) fn not_available() -> Status {
    let metadata = HashMap::from([
        ("http.code".to_owned(), "404".to_owned()),
        ("http.error_message".to_owned(), "requested endpoint is not available".to_owned()),
    ]);
    let info = ErrorInfo::new("Not Found", DOMAIN, metadata);
    Status::with_error_details_vec(Code::Unimplemented, "requested endpoint is not available", vec![info.into()])
}

/// A message over the size limit is `ResourceExhausted` for gRPC clients; the server library calls it `OutOfRange`.
pub(super) fn of_too_large(mut answer: http::Response<tonic::body::Body>) -> http::Response<tonic::body::Body> {
    const STATUS: &str = "grpc-status";
    let headers = answer.headers();
    let is_out_of_range = headers.get(STATUS).is_some_and(|code| code == "11");
    let is_length = |text: &http::HeaderValue| text.as_bytes().windows(16).any(|part| part == b"length%20too%20l");
    if is_out_of_range && headers.get("grpc-message").is_some_and(is_length) {
        answer.headers_mut().insert(STATUS, http::HeaderValue::from_static("8"));
    }
    answer
}
