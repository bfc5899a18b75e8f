//! The conformance suite of state stores: what every backend must do, run by each against its real server.
//!
//! `conformance(store)` runs all of it, led by [`StateStore::features`]. A backend whose data format forces a
//! difference says so with [`Quirks`], so that the list of differences is code. Keys carry a fresh prefix, so a suite can
//! run on a server with data in it.

mod concurrency;
mod etags;
mod keys;
mod listing;
mod reconnect;
mod transactions;
mod ttl;
mod values;

use std::sync::Arc;

use bytes::Bytes;
use dapr_spi::ErrorKind;
use dapr_spi::state::{
    Concurrency, DeleteRequest, Feature, GetRequest, GetResponse, Map, Operation, Options, SetRequest, StateStore,
    TransactionRequest, Value,
};

pub use reconnect::reconnect;

/// What a backend does otherwise than most, because its data format or the incumbent's behaviour asks for it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quirks {
    /// A write or delete with an ETag succeeds when there is no such key (Redis).
    pub etag_of_missing_key_passes: bool,
    /// Overwriting without `ttlInSeconds` keeps the old expiry (Redis).
    pub overwrite_keeps_ttl: bool,
    /// Keys that differ only in letter case are one key (MySQL's default collation).
    pub keys_ignore_case: bool,
}

/// One run of the suite on one store.
#[derive(Clone)]
pub struct Suite {
    store: Arc<dyn StateStore>,
    quirks: Quirks,
    prefix: String,
}

/// Runs every check that the store's features call for, and closes the store.
///
/// # Panics
/// The store does not conform; the message says what was expected.
pub async fn conformance(store: Arc<dyn StateStore>) {
    Suite::new(store, Quirks::default()).run().await;
}

impl Suite {
    /// A suite on `store`, with keys of its own.
    pub fn new(store: Arc<dyn StateStore>, quirks: Quirks) -> Self {
        let id = uuid::Uuid::new_v4().simple().to_string();
        Self { store, quirks, prefix: format!("suite{}", &id[..8]) }
    }

    /// All checks in order; the last one closes the store.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn run(&self) {
        self.values().await;
        self.special_keys().await;
        self.bulk_get().await;
        if self.has(Feature::Etag) {
            self.etags().await;
            self.first_write().await;
            self.delete_with_etag().await;
            self.compare_and_set().await;
        }
        if self.has(Feature::Ttl) {
            self.ttl().await;
        }
        if self.has(Feature::Transactional) {
            self.transactions().await;
            self.transfers().await;
        }
        if self.has(Feature::KeysLike) {
            self.keys_like().await;
        }
        if self.has(Feature::DeleteWithPrefix) {
            self.delete_with_prefix().await;
        }
        self.parallel_writers().await;
        self.close().await;
    }

    /// A sign of life, then the end. No other check may follow.
    ///
    /// # Panics
    /// The store does not answer, or its `close` hangs.
    pub async fn close(&self) {
        self.store.ping().await.expect("ping of a healthy store");
        let closed = tokio::time::timeout(std::time::Duration::from_secs(10), self.store.close()).await;
        assert!(closed.is_ok(), "close must end within 10 s");
    }

    fn has(&self, feature: Feature) -> bool {
        self.store.features().contains(&feature)
    }

    fn key(&self, name: &str) -> String {
        format!("{}||{name}", self.prefix)
    }

    async fn get(&self, key: &str) -> GetResponse {
        let request = GetRequest { key: key.to_owned(), ..GetRequest::default() };
        self.store.get(request).await.unwrap_or_else(|error| panic!("get `{key}`: {error}"))
    }

    async fn text(&self, key: &str) -> Option<String> {
        self.get(key).await.data.map(|data| String::from_utf8_lossy(&data).into_owned())
    }

    async fn etag(&self, key: &str) -> String {
        let etag = self.get(key).await.etag;
        etag.unwrap_or_else(|| panic!("`{key}` exists, so get must return an ETag"))
    }

    async fn set(&self, request: SetRequest) {
        let key = request.key.clone();
        self.store.set(request).await.unwrap_or_else(|error| panic!("set `{key}`: {error}"));
    }

    async fn delete(&self, key: &str) {
        self.store.delete(delete(key)).await.unwrap_or_else(|error| panic!("delete `{key}`: {error}"));
    }

    async fn set_fails(&self, request: SetRequest, kinds: &[ErrorKind], what: &str) {
        let key = request.key.clone();
        let before = self.get(&key).await;
        let error = self.store.set(request).await.expect_err(what);
        assert!(kinds.contains(&error.kind()), "{what}: expected {kinds:?}, found {:?}: {error}", error.kind());
        assert_eq!(self.get(&key).await, before, "{what}: a failed write must change nothing");
    }

    async fn transact(&self, operations: Vec<Operation>) -> dapr_spi::Result<()> {
        self.store.transact(TransactionRequest { operations, metadata: Map::new() }).await
    }
}

/// A write of bytes without options.
fn set(key: &str, value: impl Into<Bytes>) -> SetRequest {
    SetRequest {
        key: key.to_owned(),
        value: Value::Binary(value.into()),
        etag: None,
        metadata: Map::new(),
        options: Options::default(),
    }
}

fn set_etag(key: &str, value: &'static str, etag: &str) -> SetRequest {
    SetRequest { etag: Some(etag.to_owned()), ..set(key, value) }
}

fn set_first(key: &str, value: impl Into<Bytes>, etag: Option<&str>) -> SetRequest {
    SetRequest { etag: etag.map(str::to_owned), options: first_write(), ..set(key, value) }
}

fn set_ttl(key: &str, value: &'static str, ttl: &str) -> SetRequest {
    SetRequest { metadata: Map::from([("ttlInSeconds".to_owned(), ttl.to_owned())]), ..set(key, value) }
}

fn delete(key: &str) -> DeleteRequest {
    DeleteRequest { key: key.to_owned(), ..DeleteRequest::default() }
}

fn delete_etag(key: &str, etag: &str) -> DeleteRequest {
    DeleteRequest { etag: Some(etag.to_owned()), ..delete(key) }
}

fn first_write() -> Options {
    Options { concurrency: Concurrency::FirstWrite, ..Options::default() }
}
