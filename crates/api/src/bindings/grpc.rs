//! `InvokeBinding`.

use dapr_proto::runtime::v1::{InvokeBindingRequest, InvokeBindingResponse};
use dapr_spi::binding::{InvokeRequest, Map};
use dapr_telemetry::trace::{self, About, Span, TRACEPARENT, TRACESTATE};
use http::{HeaderMap, HeaderName, HeaderValue};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use crate::Api;
use crate::grpc::status;

/// Calls an output binding. What the target says beside its data is in the headers, also of a failure.
pub(crate) async fn invoke(
    api: &Api,
    request: Request<InvokeBindingRequest>,
) -> Result<Response<InvokeBindingResponse>, Status> {
    let (given, extensions, request) = request.into_parts();
    let span = extensions.get::<Span>().cloned().unwrap_or_default();
    if span.is_recording() {
        span.about_grpc(&About::Binding { name: &request.name }, "/dapr.proto.runtime.v1.Dapr/InvokeBinding");
    }
    let mut metadata = request.metadata;
    add_metadata(&mut metadata, &given.into_headers(), &span);
    let call = InvokeRequest { operation: request.operation, data: request.data, metadata };
    match api.bindings.invoke(&request.name, call).await {
        Ok(answer) => {
            let headers = headers(&answer.metadata);
            let data = answer.data.unwrap_or_default();
            let mut response = Response::new(InvokeBindingResponse { data, metadata: answer.metadata });
            *response.metadata_mut() = MetadataMap::from_headers(headers);
            Ok(response)
        }
        Err(refused) => {
            tracing::debug!(target: "dapr.runtime.grpc.api", "{}", refused.error);
            let (code, category) = refused.error.labels();
            api.metrics.error_codes.record(code, category);
            let mut status = status::of(&refused.error);
            *status.metadata_mut() = MetadataMap::from_headers(headers(&refused.metadata));
            Err(status)
        }
    }
}

/// The call's metadata go along, below what the request itself says; only a trace is always the caller's.
fn add_metadata(metadata: &mut Map, headers: &HeaderMap, span: &Span) {
    let named = metadata.contains_key(TRACEPARENT.as_str());
    if !named {
        super::set_trace(metadata, span);
    }
    // It was checked before.
    if let Ok(Some(baggage)) = trace::baggage_of(headers) {
        let text = String::from_utf8_lossy(baggage.as_bytes()).into_owned();
        metadata.insert(trace::BAGGAGE.as_str().to_owned(), text);
    }
    for name in headers.keys() {
        let Some(value) = headers.get(name).and_then(|value| value.to_str().ok()) else { continue };
        let is_trace = *name == TRACEPARENT || *name == TRACESTATE;
        let key = if name.as_str().starts_with("grpc-") { format!("dapr-{name}") } else { name.as_str().to_owned() };
        if is_trace || !metadata.contains_key(&key) {
            metadata.insert(key, value.to_owned());
        }
    }
}

fn headers(metadata: &Map) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in metadata {
        let name = HeaderName::try_from(format!("metadata.{name}"));
        // A binary value would have to be base64.
        let Ok(name) =
            name.map_err(drop).and_then(|name| if name.as_str().ends_with("-bin") { Err(()) } else { Ok(name) })
        else {
            continue;
        };
        if let Ok(value) = HeaderValue::try_from(value.as_str()) {
            headers.insert(name, value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_of_the_call_go_below_those_of_the_request() {
        let mut metadata = Map::from([("path".into(), "/mine".into()), ("traceparent".into(), "old".into())]);
        let mut given = HeaderMap::new();
        for (name, value) in
            [("path", "/theirs"), ("traceparent", "new"), ("baggage", "a=b"), ("grpc-timeout", "1S"), ("x", "y")]
        {
            given.insert(name, HeaderValue::from_static(value));
        }
        add_metadata(&mut metadata, &given, &Span::OFF);
        let of = |name: &str| metadata[name].as_str();
        assert_eq!((of("path"), of("traceparent"), of("baggage")), ("/mine", "new", "a=b"));
        assert_eq!((of("dapr-grpc-timeout"), of("x")), ("1S", "y"));
    }

    #[test]
    fn an_answer_has_its_metadata_in_the_headers() {
        let headers = headers(&Map::from([("statusCode".into(), "404".into()), ("a\nb".into(), "x".into())]));
        assert_eq!(headers["metadata.statuscode"], "404");
        assert_eq!(headers.len(), 1);
    }
}
