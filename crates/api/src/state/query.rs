//! The answer of a query, as JSON has it.

use std::collections::HashMap;

use dapr_errors::{Error, Result, table};
use dapr_spi::state::{QueryItem, QueryResponse};
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
struct Answer<'a> {
    results: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    token: &'a str,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    metadata: &'a HashMap<String, String>,
}

#[derive(Serialize)]
struct Item<'a> {
    key: &'a str,
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    error: &'a str,
}

/// `{"results":[{"key","data","etag","error"}],"token","metadata"}`
///
/// # Errors
/// Never for answers of a store; the encoder's type says otherwise.
pub(super) fn json(found: &QueryResponse) -> Result<Vec<u8>> {
    let answer =
        Answer { results: found.results.iter().map(item).collect(), token: &found.token, metadata: &found.metadata };
    serde_json::to_vec(&answer).map_err(|error| Error::new(&table::INTERNAL, &[&error]))
}

fn item(item: &QueryItem) -> Item<'_> {
    let data = serde_json::from_slice(&item.data).ok();
    Item { key: &item.key, data, etag: item.etag.as_deref(), error: &item.error }
}
