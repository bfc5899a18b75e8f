//! State stores: keys with values, ETags, TTL and transactions.

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Error, Result};

/// Request or answer metadata; names are lower camel case as applications send them.
pub type Map = HashMap<String, String>;

/// What a store can do beyond get, set and delete. The names are those of `GET /v1.0/metadata`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    /// Writes that check the version they replace.
    Etag,
    /// All or nothing over several keys. A store that cannot roll back must not list it.
    Transactional,
    /// The alpha query API.
    QueryApi,
    /// Items that expire.
    Ttl,
    /// Deleting all keys of a prefix at once.
    DeleteWithPrefix,
    /// Listing keys that match a pattern.
    KeysLike,
    /// Items that are placed by a partition key.
    PartitionKey,
}

impl Feature {
    /// The name in the metadata API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Etag => "ETAG",
            Self::Transactional => "TRANSACTIONAL",
            Self::QueryApi => "QUERY_API",
            Self::Ttl => "TTL",
            Self::DeleteWithPrefix => "DELETE_WITH_PREFIX",
            Self::KeysLike => "KEYS_LIKE",
            Self::PartitionKey => "PARTITION_KEY",
        }
    }
}

/// Who wins when two writers meet. Without an ETag, `FirstWrite` means: only if the key does not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Concurrency {
    /// The store's default, which is last write in every store we know.
    #[default]
    Unspecified,
    /// The first writer wins; later ones fail with an ETag mismatch.
    FirstWrite,
    /// The last writer wins.
    LastWrite,
}

/// How many replicas must have seen a write, or be asked in a read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consistency {
    /// The store's default.
    #[default]
    Unspecified,
    /// One replica is enough.
    Eventual,
    /// All replicas, or a quorum of them.
    Strong,
}

/// Options of a write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Who wins when two writers meet.
    pub concurrency: Concurrency,
    /// How many replicas must have seen the write.
    pub consistency: Consistency,
}

/// A value as the application gave it.
///
/// Stores that keep JSON and binary apart (PostgreSQL v1, SQLite, MySQL) need the difference; the others keep
/// [`Value::bytes`] as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// JSON text without insignificant white space, from the HTTP API.
    Json(Bytes),
    /// Any bytes, from the gRPC API.
    Binary(Bytes),
}

impl Value {
    /// The bytes that a later read returns.
    pub fn bytes(&self) -> &Bytes {
        match self {
            Self::Json(bytes) | Self::Binary(bytes) => bytes,
        }
    }
}

/// Reads one key.
#[derive(Clone, Debug, Default)]
pub struct GetRequest {
    /// The stored key, prefix included.
    pub key: String,
    /// Request metadata.
    pub metadata: Map,
    /// How many replicas are asked.
    pub consistency: Consistency,
}

/// What a read found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetResponse {
    /// The value, or `None` when there is no such key.
    pub data: Option<Bytes>,
    /// Version of the value; `None` when there is no such key.
    pub etag: Option<String>,
    /// `ttlExpireTime` (RFC 3339, UTC) where the item expires.
    pub metadata: Map,
}

/// Writes one key.
#[derive(Clone, Debug)]
pub struct SetRequest {
    /// The stored key, prefix included.
    pub key: String,
    /// The new value.
    pub value: Value,
    /// The version to replace; `Some("")` was given but empty.
    pub etag: Option<String>,
    /// Request metadata, such as `ttlInSeconds`.
    pub metadata: Map,
    /// Concurrency and consistency.
    pub options: Options,
}

/// Deletes one key; a key that does not exist is no error.
#[derive(Clone, Debug, Default)]
pub struct DeleteRequest {
    /// The stored key, prefix included.
    pub key: String,
    /// The version to delete; `Some("")` was given but empty.
    pub etag: Option<String>,
    /// Request metadata.
    pub metadata: Map,
    /// Concurrency and consistency.
    pub options: Options,
}

/// One step of a transaction.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Write a key.
    Upsert(SetRequest),
    /// Delete a key.
    Delete(DeleteRequest),
}

impl Operation {
    /// The key it touches.
    pub fn key(&self) -> &str {
        match self {
            Self::Upsert(request) => &request.key,
            Self::Delete(request) => &request.key,
        }
    }
}

/// Steps that happen all together or not at all, in order.
#[derive(Clone, Debug, Default)]
pub struct TransactionRequest {
    /// The steps.
    pub operations: Vec<Operation>,
    /// Metadata of the whole transaction.
    pub metadata: Map,
}

/// One answer of a bulk read, with the key it belongs to.
#[derive(Debug)]
pub struct BulkGetItem {
    /// The stored key, prefix included.
    pub key: String,
    /// What was found, or why not.
    pub result: Result<GetResponse>,
}

/// A query in the form of the alpha API: the raw JSON text, parsed by the store that supports it.
#[derive(Clone, Debug, Default)]
pub struct QueryRequest {
    /// JSON with `filter`, `sort` and `page`.
    pub query: String,
    /// Request metadata, such as `queryIndexName`.
    pub metadata: Map,
}

/// One match of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryItem {
    /// The stored key, prefix included.
    pub key: String,
    /// Its value.
    pub data: Bytes,
    /// Its version.
    pub etag: Option<String>,
    /// Why this one could not be read; empty when it could.
    pub error: String,
}

/// All matches of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryResponse {
    /// The matches, in order.
    pub results: Vec<QueryItem>,
    /// Where the next page starts; empty on the last page.
    pub token: String,
    /// Answer metadata.
    pub metadata: Map,
}

/// A page of keys that match a pattern.
#[derive(Clone, Debug, Default)]
pub struct KeysLikeRequest {
    /// `%` stands for any text, `_` for one character, `\` quotes the next one, as in SQL.
    pub pattern: String,
    /// At most this many keys; `None` for the store's default.
    pub page_size: Option<u32>,
    /// Where to go on, from the page before.
    pub continuation_token: Option<String>,
}

/// Keys that matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysLikeResponse {
    /// The keys, prefix included.
    pub keys: Vec<String>,
    /// Where to go on; `None` on the last page.
    pub continuation_token: Option<String>,
}

/// A place for key-value pairs.
///
/// Implementations must be cancel-safe: a dropped future leaves the store either as it was or as asked.
/// A failed write must never be half done.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// What the store can do; constant over its life.
    fn features(&self) -> &[Feature];

    /// Reads one key. A key that does not exist is `Ok` without data.
    ///
    /// # Errors
    /// The store could not be asked.
    async fn get(&self, request: GetRequest) -> Result<GetResponse>;

    /// Writes one key.
    ///
    /// # Errors
    /// ETag mismatch, invalid ETag or TTL, or the store could not be asked.
    async fn set(&self, request: SetRequest) -> Result<()>;

    /// Deletes one key.
    ///
    /// # Errors
    /// ETag mismatch, invalid ETag, or the store could not be asked.
    async fn delete(&self, request: DeleteRequest) -> Result<()>;

    /// Reads many keys in one round trip, answers in any order; `None` when the store has no such call, and the
    /// engine then reads one by one in parallel.
    async fn bulk_get(&self, requests: &[GetRequest]) -> Option<Result<Vec<BulkGetItem>>> {
        let _ = requests;
        None
    }

    /// Writes many keys in one round trip, in any order; `None` when the store has no such call, and the engine then
    /// writes one by one in parallel. Some keys may be written when it fails.
    async fn bulk_set(&self, requests: &[SetRequest]) -> Option<Result<()>> {
        let _ = requests;
        None
    }

    /// Deletes many keys in one round trip; otherwise as [`StateStore::bulk_set`].
    async fn bulk_delete(&self, requests: &[DeleteRequest]) -> Option<Result<()>> {
        let _ = requests;
        None
    }

    /// Performs all steps or none.
    ///
    /// # Errors
    /// Why nothing was changed.
    async fn transact(&self, request: TransactionRequest) -> Result<()> {
        let _ = request;
        Err(Error::unsupported("the state store does not support transactions"))
    }

    /// The largest transaction, in operations; `None` for no limit. Asked before each transaction.
    async fn max_transaction_operations(&self) -> Option<usize> {
        None
    }

    /// Runs a query of the alpha API.
    ///
    /// # Errors
    /// The query is malformed, or the store has no such call.
    async fn query(&self, request: QueryRequest) -> Result<QueryResponse> {
        let _ = request;
        Err(Error::unsupported("the state store does not support querying"))
    }

    /// Lists keys that match a pattern, in a stable order.
    ///
    /// # Errors
    /// The store has no such call, or could not be asked.
    async fn keys_like(&self, request: KeysLikeRequest) -> Result<KeysLikeResponse> {
        let _ = request;
        Err(Error::unsupported("the state store cannot list keys"))
    }

    /// Deletes every key that starts with `prefix`; returns how many there were.
    ///
    /// # Errors
    /// The store has no such call, or could not be asked.
    async fn delete_with_prefix(&self, prefix: &str) -> Result<u64> {
        let _ = prefix;
        Err(Error::unsupported("the state store cannot delete by prefix"))
    }

    /// Asks the backend for a sign of life.
    ///
    /// # Errors
    /// The backend does not answer.
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    /// Ends background work and connections; no call follows.
    async fn close(&self) {}
}

/// What `ttlInSeconds` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// Not given: keep the store's default.
    Unspecified,
    /// Zero or less: the item does not expire.
    Never,
    /// Expires after this many seconds.
    Seconds(u32),
}

/// Reads `ttlInSeconds` of a write's metadata; the name is matched without regard to case.
///
/// # Errors
/// The text is not an integer of 32 bits.
pub fn ttl_of(metadata: &Map) -> Result<Ttl> {
    let text = match metadata.get("ttlInSeconds") {
        Some(text) => Some(text),
        None if metadata.is_empty() => None,
        None => metadata.iter().find(|(name, _)| name.eq_ignore_ascii_case("ttlInSeconds")).map(|(_, text)| text),
    };
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Ttl::Unspecified) };
    let seconds: i64 = text.trim().parse().map_err(|_| bad_ttl(text))?;
    match u32::try_from(seconds) {
        Ok(0) => Ok(Ttl::Never),
        Ok(seconds) if i32::try_from(seconds).is_ok() => Ok(Ttl::Seconds(seconds)),
        _ if seconds < 0 => Ok(Ttl::Never),
        _ => Err(bad_ttl(text)),
    }
}

fn bad_ttl(text: &str) -> Error {
    Error::invalid(format!("incorrect value for metadata 'ttlInSeconds': expected whole seconds, found `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ttl(text: &str) -> Result<Ttl> {
        ttl_of(&Map::from([("ttlInSeconds".to_owned(), text.to_owned())]))
    }

    #[test]
    fn ttl_is_read_as_whole_seconds() {
        assert_eq!(ttl("10").unwrap(), Ttl::Seconds(10));
        assert_eq!(ttl("0").unwrap(), Ttl::Never);
        assert_eq!(ttl("-1").unwrap(), Ttl::Never);
        assert_eq!(ttl("").unwrap(), Ttl::Unspecified);
        assert_eq!(ttl_of(&Map::new()).unwrap(), Ttl::Unspecified);
        assert_eq!(ttl_of(&Map::from([("TTLinseconds".into(), "5".into())])).unwrap(), Ttl::Seconds(5));
        for text in ["1s", "1.5", "9999999999", "ten"] {
            assert_eq!(ttl(text).unwrap_err().kind(), crate::ErrorKind::Invalid, "{text}");
        }
    }
}
