//! What a component's gRPC status means (facts: pkg/components/pluggable/errors.go, pkg/components/state/pluggable.go).

use std::error::Error as _;

use dapr_errors::Standardized;
use dapr_spi::{Error, ErrorKind};
use tonic::{Code, Status};
use tonic_types::{BadRequest, ErrorDetail, ErrorInfo, StatusExt};

/// The field that a `BadRequest` names when the ETag is what is wrong.
const ETAG_FIELD: &str = "etag";

/// The error for a status that a call to the component `name` ended with.
pub(crate) fn error(name: &str, status: &Status) -> Error {
    // Only what happened on this side of the socket has a source.
    if let Some(cause) = status.source() {
        return unavailable(format!("pluggable component {name} broke off: {cause}"));
    }
    let details = status.check_error_details_vec().unwrap_or_default();
    let special = match details.as_slice() {
        [ErrorDetail::ErrorInfo(info)] => standardized(status, info).or_else(|| rows(info)),
        [ErrorDetail::BadRequest(request)] => etag(status.code(), request),
        _ => None,
    };
    let error = special.unwrap_or_else(|| Error::new(kind(status.code()), text(status)));
    error.with_code(dapr_errors::Code::of_number(status.code() as i32))
}

/// The component is not there: the same status as if it had said so.
pub(crate) fn unavailable(message: String) -> Error {
    Error::unavailable(message).with_code(Some(dapr_errors::Code::Unavailable))
}

/// As gRPC's Go library words it, which is what logs and applications know.
fn text(status: &Status) -> String {
    let code = dapr_errors::Code::of_number(status.code() as i32).unwrap_or(dapr_errors::Code::Unknown);
    format!("rpc error: code = {code} desc = {}", status.message())
}

fn kind(code: Code) -> ErrorKind {
    match code {
        Code::InvalidArgument => ErrorKind::Invalid,
        Code::Unimplemented => ErrorKind::Unsupported,
        Code::NotFound => ErrorKind::NotFound,
        Code::Unavailable | Code::DeadlineExceeded => ErrorKind::Unavailable,
        _ => ErrorKind::Failed,
    }
}

/// An error that is marked as meant for the application, with the HTTP status that it shall have.
fn standardized(status: &Status, info: &ErrorInfo) -> Option<Error> {
    let field = |name: &str| info.metadata.get(name).map(String::as_str);
    if field("kit_error") != Some("true") {
        return None;
    }
    let http = field("http_code")?.parse().ok().filter(|code| (400..600).contains(code))?;
    Some(Error::from_standardized(Standardized {
        grpc: dapr_errors::Code::of_number(status.code() as i32)?,
        http,
        code: field("tag").unwrap_or_default().to_owned(),
        message: status.message().to_owned(),
        reason: info.reason.clone(),
        domain: info.domain.clone(),
    }))
}

/// A bulk delete that found fewer keys than it was given.
fn rows(info: &ErrorInfo) -> Option<Error> {
    let (affected, expected) = (info.metadata.get("affected")?, info.metadata.get("expected")?);
    Some(Error::failed(format!("only {affected} of {expected} keys were deleted")))
}

fn etag(code: Code, request: &BadRequest) -> Option<Error> {
    let [violation] = request.field_violations.as_slice() else { return None };
    if violation.field != ETAG_FIELD {
        return None;
    }
    let why = &violation.description;
    match code {
        Code::FailedPrecondition => {
            Some(Error::new(ErrorKind::EtagMismatch, format!("possible etag mismatch. error from state store: {why}")))
        }
        Code::InvalidArgument => Some(Error::etag_invalid(why)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use tonic_types::ErrorDetails;

    use super::*;

    fn of(status: &Status) -> (ErrorKind, String) {
        let error = error("mystore", status);
        (error.kind(), error.to_string())
    }

    #[test]
    fn an_etag_error_is_a_bad_request_about_the_etag() {
        let about = |code, field| {
            let details = ErrorDetails::with_bad_request_violation(field, "it is 5");
            of(&Status::with_error_details(code, "outer", details))
        };
        let mismatch = "possible etag mismatch. error from state store: it is 5";
        assert_eq!(about(Code::FailedPrecondition, "etag"), (ErrorKind::EtagMismatch, mismatch.into()));
        assert_eq!(
            about(Code::InvalidArgument, "etag"),
            (ErrorKind::EtagInvalid, "invalid etag value: it is 5".into())
        );
        assert_eq!(about(Code::FailedPrecondition, "key").0, ErrorKind::Failed);
        assert_eq!(about(Code::Internal, "etag").0, ErrorKind::Failed);
    }

    #[test]
    fn an_error_for_the_application_keeps_its_codes() {
        let status = |http: &str| {
            let metadata = [("kit_error", "true"), ("http_code", http), ("tag", "TAG")];
            let metadata: HashMap<_, _> = metadata.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            let details = ErrorDetails::with_error_info("reason", "domain", metadata);
            Status::with_error_details(Code::DataLoss, "lost", details)
        };
        let given = error("mystore", &status("506"));
        assert_eq!(given.to_string(), "api error: code = DataLoss desc = lost");
        let standardized = given.standardized().unwrap();
        assert_eq!((standardized.http, standardized.code.as_str()), (506, "TAG"));
        assert_eq!(error("mystore", &status("many")).standardized(), None);
    }

    #[test]
    fn other_statuses_keep_their_code_as_kind_and_text() {
        let unavailable = (ErrorKind::Unavailable, "rpc error: code = Unavailable desc = later".into());
        assert_eq!(of(&Status::unavailable("later")), unavailable);
        assert_eq!(of(&Status::cancelled("no")).1, "rpc error: code = Canceled desc = no");
        assert_eq!(error("mystore", &Status::aborted("no")).code(), Some(dapr_errors::Code::Aborted));
        let metadata = HashMap::from([("affected".into(), "1".into()), ("expected".into(), "2".into())]);
        let details = ErrorDetails::with_error_info("rows", "", metadata);
        let rows = of(&Status::with_error_details(Code::Internal, "", details));
        assert_eq!(rows, (ErrorKind::Failed, "only 1 of 2 keys were deleted".into()));
    }
}
