//! Items of a request as the HTTP API writes them (interface/http-api.md 1.4).

use std::collections::HashMap;

use bytes::Bytes;
use dapr_errors::{Error, Result, table};
use dapr_spi::state::{Concurrency, Consistency, DeleteRequest, Operation, Options, SetRequest, Value};

use crate::json::{self, Object};

type Metadata = HashMap<String, String>;

fn malformed(cause: &str) -> Error {
    Error::new(&table::MALFORMED_REQUEST, &[&cause])
}

/// Reads `options.concurrency`; empty is the store's default.
///
/// # Errors
/// Neither `first-write` nor `last-write`.
pub(super) fn concurrency(text: &str) -> std::result::Result<Concurrency, String> {
    match text {
        "" => Ok(Concurrency::Unspecified),
        "first-write" => Ok(Concurrency::FirstWrite),
        "last-write" => Ok(Concurrency::LastWrite),
        other => Err(format!("unrecognized concurrency model '{other}': expected `first-write` or `last-write`")),
    }
}

/// Reads `options.consistency`; empty is the store's default.
///
/// # Errors
/// Neither `strong` nor `eventual`.
pub(super) fn consistency(text: &str) -> std::result::Result<Consistency, String> {
    match text {
        "" => Ok(Consistency::Unspecified),
        "strong" => Ok(Consistency::Strong),
        "eventual" => Ok(Consistency::Eventual),
        other => Err(format!("unrecognized consistency model '{other}': expected `strong` or `eventual`")),
    }
}

fn options(object: &Object<'_>) -> std::result::Result<Options, String> {
    let Some(options) = object.get::<Object<'_>>("options")? else { return Ok(Options::default()) };
    let text = |name| options.get::<String>(name).map(Option::unwrap_or_default);
    Ok(Options { concurrency: concurrency(&text("concurrency")?)?, consistency: consistency(&text("consistency")?)? })
}

/// The item's metadata, overridden by that of the query; `concurrency` and `consistency` in it are options too,
/// since SDKs send them there.
fn metadata(object: &Object<'_>, query: &Metadata) -> std::result::Result<Metadata, String> {
    let mut metadata: Metadata = object.get("metadata")?.unwrap_or_default();
    metadata.extend(query.iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(metadata)
}

fn key(object: &Object<'_>) -> std::result::Result<String, String> {
    object.get("key").map(Option::unwrap_or_default)
}

/// Options that were left open, read from metadata; a text that means nothing there is passed over, since the
/// incumbent never looks at it.
pub(super) fn fill_options(options: &mut Options, metadata: &Metadata) {
    if metadata.is_empty() {
        return;
    }
    if let (Concurrency::Unspecified, Some(text)) = (options.concurrency, metadata.get("concurrency")) {
        options.concurrency = concurrency(text).unwrap_or_default();
    }
    if let (Consistency::Unspecified, Some(text)) = (options.consistency, metadata.get("consistency")) {
        options.consistency = consistency(text).unwrap_or_default();
    }
}

fn set_request(body: &Bytes, object: &Object<'_>, query: &Metadata) -> std::result::Result<SetRequest, String> {
    let metadata = metadata(object, query)?;
    let mut options = options(object)?;
    fill_options(&mut options, &metadata);
    let value = object.raw("value").map_or(Bytes::from_static(b"null"), |value| json::compact(body, value));
    Ok(SetRequest { key: key(object)?, value: Value::Json(value), etag: object.get("etag")?, metadata, options })
}

fn delete_request(object: &Object<'_>, query: &Metadata) -> std::result::Result<DeleteRequest, String> {
    let metadata = metadata(object, query)?;
    let mut options = options(object)?;
    fill_options(&mut options, &metadata);
    Ok(DeleteRequest { key: key(object)?, etag: object.get("etag")?, metadata, options })
}

/// The body of `POST /state/{store}`: an array of items.
///
/// # Errors
/// Not such an array, or an item without a key; the message names item and field.
pub(super) fn save(body: &Bytes, query: &Metadata) -> Result<Vec<SetRequest>> {
    let items: Vec<Object<'_>> = serde_json::from_slice(body).map_err(|error| malformed(&error.to_string()))?;
    let read = |(index, object): (usize, &Object<'_>)| {
        let item = set_request(body, object, query).map_err(|error| malformed(&format!("item {index}: {error}")))?;
        if item.key.is_empty() { Err(malformed("\"key\" is a required field")) } else { Ok(item) }
    };
    items.iter().enumerate().map(read).collect()
}

/// The body of `POST /state/{store}/transaction`.
pub(super) struct Transaction {
    pub(super) operations: Vec<Operation>,
    /// What items name beside their metadata, which matters to nobody but the outbox.
    pub(super) content_types: Vec<Option<String>>,
    pub(super) metadata: Metadata,
}

/// Reads the body of `POST /state/{store}/transaction`.
///
/// # Errors
/// Not such an object, or an operation that is neither `upsert` nor `delete`.
pub(super) fn transaction(body: &Bytes, query: &Metadata) -> Result<Transaction> {
    let wrong = |cause: String| Error::new(&table::MALFORMED_BODY, &[&cause]);
    let object: Object<'_> = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
    let steps: Vec<Object<'_>> = object.get("operations").map_err(wrong)?.unwrap_or_default();
    let metadata = metadata(&object, query).map_err(wrong)?;
    let read = |(index, step): (usize, &Object<'_>)| {
        let wrong = |cause: String| wrong(format!("operation {index}: {cause}"));
        let kind: String = step.get("operation").map_err(wrong)?.unwrap_or_default();
        let request = || step.get::<Object<'_>>("request").map(Option::unwrap_or_default).map_err(wrong);
        match kind.as_str() {
            "upsert" => {
                let request = request()?;
                let item = set_request(body, &request, query).map_err(wrong)?;
                Ok((Operation::Upsert(item), request.get("contentType").map_err(wrong)?))
            }
            "delete" => Ok((Operation::Delete(delete_request(&request()?, query).map_err(wrong)?), None)),
            other => Err(Error::new(&table::STATE_OPERATION_NOT_SUPPORTED, &[&other])),
        }
    };
    let steps = steps.iter().enumerate().map(read).collect::<Result<Vec<_>>>()?;
    let (operations, content_types) = steps.into_iter().unzip();
    Ok(Transaction { operations, content_types, metadata })
}

/// The body of `POST /state/{store}/bulk`.
pub(super) struct BulkGet {
    pub(super) keys: Vec<String>,
    pub(super) metadata: Metadata,
    pub(super) parallelism: i64,
}

/// Reads the body of `POST /state/{store}/bulk`.
///
/// # Errors
/// Not such an object.
pub(super) fn bulk_get(body: &Bytes, query: &Metadata) -> Result<BulkGet> {
    let read = || {
        let object: Object<'_> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        Ok(BulkGet {
            keys: object.get("keys")?.unwrap_or_default(),
            metadata: metadata(&object, query)?,
            parallelism: object.get("parallelism")?.unwrap_or_default(),
        })
    };
    read().map_err(|cause: String| Error::new(&table::MALFORMED_BODY, &[&cause]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn saved(body: &'static str) -> Result<Vec<SetRequest>> {
        save(&Bytes::from_static(body.as_bytes()), &Metadata::new())
    }

    #[test]
    fn an_item_is_read_with_all_its_fields() {
        let items = saved(
            r#"[{"Key":"a","value":{ "x": 1 },"etag":"","metadata":{"ttlInSeconds":"5"},
                "options":{"concurrency":"first-write","consistency":"strong"}},{"key":"b"}]"#,
        )
        .unwrap();
        assert_eq!(items[0].value, Value::Json(Bytes::from_static(b"{\"x\":1}")));
        assert_eq!(items[0].etag.as_deref(), Some(""));
        assert_eq!(items[0].options.concurrency, Concurrency::FirstWrite);
        assert_eq!((items[1].value.bytes().as_ref(), items[1].etag.as_deref()), (&b"null"[..], None));
    }

    #[test]
    fn metadata_may_carry_the_options() {
        let items = saved(r#"[{"key":"a","value":1,"metadata":{"concurrency":"first-write"}}]"#).unwrap();
        assert_eq!(items[0].options.concurrency, Concurrency::FirstWrite);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(saved(r#"[{"value":1}]"#).unwrap_err().message(), "\"key\" is a required field");
        let error = saved(r#"[{"key":"a"},{"key":"b","etag":5}]"#).unwrap_err();
        assert!(error.message().starts_with("item 1: field `etag`: invalid type"), "{error}");
        let error = saved(r#"[{"key":"a","options":{"concurrency":"never"}}]"#).unwrap_err();
        assert!(error.message().contains("unrecognized concurrency model 'never'"), "{error}");
        assert!(saved("{").is_err());
    }

    #[test]
    fn a_transaction_knows_two_operations() {
        let body = Bytes::from_static(
            br#"{"operations":[{"operation":"upsert","request":{"key":"a","value":1}},{"operation":"delete","request":{"KEY":"b"}}]}"#,
        );
        let Transaction { operations, .. } = transaction(&body, &Metadata::new()).unwrap();
        assert_eq!(operations.iter().map(Operation::key).collect::<Vec<_>>(), ["a", "b"]);
        let body = Bytes::from_static(br#"{"operations":[{"operation":"move"}]}"#);
        let error = transaction(&body, &Metadata::new()).err().unwrap();
        assert_eq!(error.message(), "operation type move not supported");
    }

    proptest! {
        #[test]
        fn any_body_is_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let body = Bytes::from(body);
            let _ = save(&body, &Metadata::new());
            let _ = transaction(&body, &Metadata::new());
            let _ = bulk_get(&body, &Metadata::new());
        }
    }
}
