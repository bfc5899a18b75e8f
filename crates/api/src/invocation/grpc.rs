//! `InvokeService`.

use std::sync::atomic::{AtomicBool, Ordering};

use dapr_invocation::{Answer, AnswerStatus, Call, MethodPath};
use dapr_net::Body;
use dapr_proto::common::v1::{HttpExtension, InvokeResponse};
use dapr_proto::pbjson_types::Any;
use dapr_proto::runtime::v1::InvokeServiceRequest;
use dapr_spi::app_channel::NO_VERB;
use dapr_telemetry::trace::{About, Span};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use prost::Message as _;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status};

use super::{headers, status};
use crate::Api;
use crate::grpc::Trailers;

const HTTP_STATUS: HeaderName = HeaderName::from_static("dapr-http-status");
const VERBS: [&str; 10] = [NO_VERB, "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// Tells once that proxying is the better way.
static TOLD: AtomicBool = AtomicBool::new(false);

/// Calls an app's method; the whole body is one message in both directions.
pub(crate) async fn invoke(
    api: &Api,
    request: Request<InvokeServiceRequest>,
) -> Result<Response<InvokeResponse>, Status> {
    if !TOLD.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            target: "dapr.runtime.grpc.api",
            "InvokeService is deprecated: call the app's own gRPC service through the sidecar (metadata `dapr-app-id`), or use HTTP"
        );
    }
    let (metadata, extensions, request) = request.into_parts();
    let span = extensions.get::<Span>().cloned().unwrap_or_default();
    let target = request.id;
    let message = request.message.unwrap_or_default();
    let path = MethodPath::from_grpc(&message.method)
        .map_err(|error| refused(api, &target, &Status::invalid_argument(format!("invalid method: {error}"))))?;
    if span.is_recording() {
        span.about_grpc(&About::Invocation { app_id: &target, method: path.wire() }, "InvokeService");
    }
    let data = message.data.unwrap_or_default();
    let (verb, query) = message.http_extension.map_or((NO_VERB, String::new()), verb_of);
    let mut headers = metadata.into_headers();
    // By this, sidecars tell metadata from HTTP headers.
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let call = Call {
        target: target.clone(),
        path,
        verb: verb.to_owned(),
        query,
        headers,
        from_grpc: true,
        content_type: message.content_type,
        type_url: data.type_url,
        body: Body::full(data.value),
        span,
    };
    let answer = api.invocation.invoke(call).await.map_err(|error| refused(api, &target, &error))?;
    respond(answer, api.options.max_body_size.unwrap_or(usize::MAX)).await
}

fn verb_of(extension: HttpExtension) -> (&'static str, String) {
    let verb = usize::try_from(extension.verb).ok().and_then(|number| VERBS.get(number));
    (verb.copied().unwrap_or(NO_VERB), extension.querystring)
}

/// A call without an answer. Clients know `Internal` for all but a policy's own refusals.
fn refused(api: &Api, target: &str, error: &Status) -> Status {
    let known = status::error(target, error);
    let (label, category) = known.labels();
    api.metrics.error_codes.record(label, category);
    let code = match error.code() {
        code @ (Code::DeadlineExceeded | Code::Unknown) => code,
        _ => Code::Internal,
    };
    Status::new(code, format!("failed to invoke, id: {target}, err: {}", error.message()))
}

async fn respond(answer: Answer, limit: usize) -> Result<Response<InvokeResponse>, Status> {
    let Answer { status, headers: given, trailers, content_type, type_url, body } = answer;
    let body = body.collect(limit).await;
    let value = body.map_err(|error| Status::internal(format!("failed to read the application's answer: {error}")))?;
    let is_http = status.is_http();
    let mut metadata = headers::to_grpc(&given, is_http);
    let failure = match status {
        AnswerStatus::Http(code) => {
            metadata.insert(HTTP_STATUS, HeaderValue::from(code));
            status::of_http(code, &value)
        }
        AnswerStatus::Grpc { code: 0, .. } => None,
        AnswerStatus::Grpc { code, message, details } => Some(grpc_status(code, &message, details)),
    };
    if let Some(failure) = failure {
        let mut status = failure;
        *status.metadata_mut() = MetadataMap::from_headers(metadata);
        return Err(status);
    }
    let data = Any { type_url, value };
    let mut response = Response::new(InvokeResponse { data: Some(data), content_type });
    *response.metadata_mut() = MetadataMap::from_headers(metadata);
    if !trailers.is_empty() {
        response.extensions_mut().insert(Trailers(headers::to_grpc(&trailers, false)));
    }
    Ok(response)
}

/// The status of a gRPC app, with its details.
fn grpc_status(code: i32, message: &str, details: Vec<bytes::Bytes>) -> Status {
    let details = details.into_iter().filter_map(|detail| prost_types::Any::decode(detail).ok()).collect();
    let whole = tonic_types::Status { code, message: message.to_owned(), details };
    Status::with_details(Code::from_i32(code), message, whole.encode_to_vec().into())
}
