//! The body of a bulk request as the HTTP API writes it: `[{"entryId","event","contentType","metadata"}]`.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dapr_pubsub::envelope::{ContentType, Data};
use serde_json::value::RawValue;

use crate::json::{self, Object};

/// The incumbent's sentence for an event that does not fit its content type.
const MISMATCH: &str = "error: mismatch between contentType and event";

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) data: Data,
    pub(super) content_type: String,
    /// `None` when the entry has no metadata, not even empty ones.
    pub(super) metadata: Option<HashMap<String, String>>,
}

/// Why a body is no bulk request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is no list of entries.
    List(String),
    /// An event does not fit its content type.
    Entry(String),
}

/// Reads the body. Names of fields are taken without regard to case.
///
/// # Errors
/// It is no list of entries, or an event does not fit its content type.
pub(super) fn read(body: &Bytes) -> Result<Vec<Entry>, Wrong> {
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
        serde_json::from_slice::<&RawValue>(body).map_err(|error| Wrong::List(cause(&error)))?;
        // The incumbent's sentence, which clients have seen.
        let cause = "json: cannot unmarshal object into Go value of type []http.bulkPublishMessageEntry";
        return Err(Wrong::List(cause.into()));
    }
    let entries: Vec<Object<'_>> = serde_json::from_slice(body).map_err(|error| Wrong::List(cause(&error)))?;
    entries.iter().enumerate().map(|(index, object)| entry(body, index, object)).collect()
}

/// A body that ends too early is told as the incumbent tells it.
fn cause(error: &serde_json::Error) -> String {
    match error.is_eof() {
        true if (error.line(), error.column()) == (1, 0) => "EOF".into(),
        true => "unexpected EOF".into(),
        false => error.to_string(),
    }
}

fn entry(body: &Bytes, index: usize, object: &Object<'_>) -> Result<Entry, Wrong> {
    let list = |cause: String| Wrong::List(format!("entry {index}: {cause}"));
    let text = |name: &str| object.get::<String>(name).map(Option::unwrap_or_default).map_err(list);
    let (id, content_type) = (text("entryId")?, text("contentType")?);
    let metadata = object.get("metadata").map_err(list)?;
    let data = data(body, object.raw("event"), &content_type)
        .map_err(|cause| Wrong::Entry(if id.is_empty() { cause } else { format!("{cause} (entry {id})") }))?;
    Ok(Entry { id, data, content_type, metadata })
}

/// The bytes that an event stands for: JSON is itself, text and base64 come as strings.
fn data(body: &Bytes, event: Option<&RawValue>, content_type: &str) -> Result<Data, String> {
    let string = || event.and_then(|event| serde_json::from_str::<String>(event.get()).ok()).ok_or(MISMATCH);
    match ContentType::of(content_type) {
        ContentType::Json => Ok(Data::Json(json_of(body, event))),
        ContentType::CloudEvent => Ok(Data::Bytes(json_of(body, event))),
        ContentType::Text => Ok(Data::Bytes(string()?.into())),
        ContentType::Binary if content_type.len() >= 24 && is_octet_stream(content_type) => {
            let decoded = STANDARD.decode(string()?);
            let decoded = decoded
                .map_err(|cause| format!("error: unable to decode base64 application/octect-stream data: {cause}"));
            Ok(Data::Bytes(decoded?.into()))
        }
        _ => Err(MISMATCH.into()),
    }
}

fn is_octet_stream(content_type: &str) -> bool {
    content_type.get(..24).is_some_and(|start| start.eq_ignore_ascii_case("application/octet-stream"))
}

fn json_of(body: &Bytes, event: Option<&RawValue>) -> Bytes {
    event.map_or(Bytes::from_static(b"null"), |event| json::compact(body, event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_text(body: &'static str) -> Result<Vec<Entry>, Wrong> {
        read(&Bytes::from_static(body.as_bytes()))
    }

    fn bytes_of(event: &str, content_type: &str) -> Result<Bytes, Wrong> {
        let body = format!(r#"[{{"entryID":"1","event":{event},"contentType":"{content_type}"}}]"#);
        read(&body.into()).map(|entries| entries[0].data.bytes().clone())
    }

    #[test]
    fn an_event_is_what_its_content_type_says() {
        assert_eq!(bytes_of("{\"n\": 1.0}", "application/json").unwrap(), "{\"n\":1.0}");
        assert_eq!(bytes_of("\"a\\nb\"", "text/plain").unwrap(), "a\nb");
        assert_eq!(bytes_of("\"aGk=\"", "Application/Octet-Stream; x=y").unwrap(), "hi");
        assert_eq!(bytes_of("{\"id\": \"1\"}", "application/cloudevents+json").unwrap(), "{\"id\":\"1\"}");
        for (event, content_type) in [("{}", "text/plain"), ("5", "application/octet-stream"), ("\"a\"", "image/png")] {
            assert_eq!(bytes_of(event, content_type), Err(Wrong::Entry(format!("{MISMATCH} (entry 1)"))));
        }
        assert!(matches!(bytes_of("\"?\"", "application/octet-stream"), Err(Wrong::Entry(_))));
    }

    #[test]
    fn metadata_that_are_not_there_are_told_from_empty_ones() {
        let entries = read_text(
            r#"[{"entryId":"a","contentType":"application/json","metadata":{}},
                {"entryId":"b","event":1,"contentType":"application/json"}]"#,
        )
        .unwrap();
        assert_eq!(entries[0].metadata, Some(HashMap::new()));
        assert_eq!(entries[1].metadata, None);
        assert_eq!(entries[0].data.bytes(), "null");
    }

    #[test]
    fn a_body_that_is_no_list_is_told_as_the_incumbent_does() {
        let cause = |body| match read_text(body) {
            Err(Wrong::List(cause)) => cause,
            other => panic!("{other:?}"),
        };
        assert_eq!(cause(r#"{"entryID": "}"#), "unexpected EOF");
        assert_eq!(cause(""), "EOF");
        let object = "json: cannot unmarshal object into Go value of type []http.bulkPublishMessageEntry";
        assert_eq!(cause(r#" {"entryID": ""}"#), object);
        assert!(cause(r#"[{"entryId":5}]"#).starts_with("entry 0: field `entryId`: invalid type"));
    }

    proptest! {
        #[test]
        fn any_body_is_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body.into());
        }
    }
}
