//! `/v1.0/bindings/{name}`.

use bytes::Bytes;
use dapr_errors::{Error, Result, table};
use dapr_spi::binding::{InvokeRequest, Map};
use dapr_telemetry::trace;

use crate::Api;
use crate::http::{Call, Response, response};
use crate::json::{self, Object};

/// `POST /bindings/{name}`
pub(crate) async fn invoke(api: &Api, mut call: Call) -> Result<Response> {
    let name = call.params.take("name");
    let span = call.span.clone();
    // It was checked before routing.
    let baggage = trace::baggage_of(&call.parts.headers).ok().flatten();
    let mut request = request(&call.body().await?)?;
    super::set_trace(&mut request.metadata, &span);
    if let Some(baggage) = baggage {
        let text = String::from_utf8_lossy(baggage.as_bytes()).into_owned();
        request.metadata.insert(trace::BAGGAGE.as_str().to_owned(), text);
    }
    match api.bindings.invoke(&name, request).await {
        Ok(answer) => {
            // The media type is always that of JSON, as the incumbent has it; the target's own is in the metadata.
            let mut response = answer.data.map_or_else(response::empty, response::json);
            response::add_metadata(response.headers_mut(), &answer.metadata);
            Ok(response)
        }
        Err(refused) if refused.metadata.is_empty() => Err(refused.error),
        Err(refused) => {
            tracing::debug!(target: "dapr.runtime.http", "{}", refused.error);
            let (code, category) = refused.error.labels();
            api.metrics.error_codes.record(code, category);
            let mut response = response::error(&refused.error);
            response::add_metadata(response.headers_mut(), &refused.metadata);
            Ok(response)
        }
    }
}

/// `data` is any JSON, and `null` when it is absent.
fn request(body: &Bytes) -> Result<InvokeRequest> {
    let malformed = |cause: &dyn std::fmt::Display| Error::new(&table::MALFORMED_BODY, &[cause]);
    let object: Object<'_> = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
    let field = |cause: String| malformed(&cause);
    let data = object.raw("data").map_or(Bytes::from_static(b"null"), |data| json::compact(body, data));
    Ok(InvokeRequest {
        operation: object.get::<String>("operation").map_err(field)?.unwrap_or_default(),
        metadata: object.get::<Map>("metadata").map_err(field)?.unwrap_or_default(),
        data,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_any_json_and_null_when_it_is_absent() {
        let read = |text: &'static str| request(&Bytes::from_static(text.as_bytes())).unwrap();
        let whole = read(r#"{"operation":"create","data":{ "a": [1, "x y"] },"metadata":{"k":"v"}}"#);
        assert_eq!((whole.operation.as_str(), &whole.data[..]), ("create", &br#"{"a":[1,"x y"]}"#[..]));
        assert_eq!(whole.metadata, Map::from([("k".into(), "v".into())]));
        assert_eq!(read(r#"{"operation":"get"}"#).data, "null");
    }

    #[test]
    fn a_body_that_is_none_is_refused() {
        for body in ["", "[]", "{", r#"{"operation":1}"#, r#"{"operation":"x","metadata":{"a":1}}"#] {
            let error = request(&Bytes::from_static(body.as_bytes())).unwrap_err();
            assert_eq!(error.http_status(), 400, "{body}");
        }
    }
}
