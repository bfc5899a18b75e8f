//! Real servers for these tests, and stores on them.

use std::sync::Arc;

use async_trait::async_trait;
use dapr_component_redis::state::Redis;
use dapr_spi::registry;
use dapr_spi::state::{
    BulkGetItem, DeleteRequest, Feature, GetRequest, GetResponse, KeysLikeRequest, KeysLikeResponse, Map, Operation,
    Options, SetRequest, StateStore, TransactionRequest, Value,
};
use dapr_testkit::process::{Server, Spec};
use dapr_testkit::state::Quirks;
use redis::aio::MultiplexedConnection;

/// What Redis does otherwise than most.
pub(crate) const QUIRKS: Quirks =
    Quirks { etag_of_missing_key_passes: true, overwrite_keeps_ttl: true, keys_ignore_case: false };

/// A server with these further arguments, that keeps nothing on disk.
pub(crate) async fn server(arguments: &[&str]) -> Server {
    let fixed = ["--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--dir", "{dir}"];
    let spec = Spec::new("redis-server", fixed.into_iter().chain(arguments.iter().copied()));
    Server::start(spec).await.expect("a redis server")
}

/// A server that has every acknowledged write on disk before it answers.
pub(crate) async fn durable_server() -> Server {
    server(&["--appendonly", "yes", "--appendfsync", "always"]).await
}

/// A store on the server at `host`, with further fields.
pub(crate) async fn store(host: &str, fields: &[(&str, &str)]) -> Arc<dyn StateStore> {
    try_store(host, fields).await.unwrap_or_else(|error| panic!("a store on {host}: {error}"))
}

pub(crate) async fn try_store(host: &str, fields: &[(&str, &str)]) -> dapr_spi::Result<Arc<dyn StateStore>> {
    let pairs: Vec<_> = [("redisHost", host)].into_iter().chain(fields.iter().copied()).collect();
    registry::open::<Redis>(&pairs).await
}

/// A plain connection beside the store.
pub(crate) async fn raw(server: &Server) -> MultiplexedConnection {
    let client = redis::Client::open(format!("redis://{}", server.address())).expect("an address");
    client.get_multiplexed_async_connection().await.expect("a connection")
}

pub(crate) fn set(key: &str, value: &str) -> SetRequest {
    SetRequest {
        key: key.to_owned(),
        value: Value::Binary(value.to_owned().into()),
        etag: None,
        metadata: Map::new(),
        options: Options::default(),
    }
}

pub(crate) fn get(key: &str) -> GetRequest {
    GetRequest { key: key.to_owned(), ..GetRequest::default() }
}

pub(crate) async fn text(store: &dyn StateStore, key: &str) -> Option<String> {
    let found = store.get(get(key)).await.unwrap_or_else(|error| panic!("get `{key}`: {error}"));
    found.data.map(|data| String::from_utf8_lossy(&data).into_owned())
}

/// A store as the conformance suite wants it. The incumbent's `state.redis` reports no `ttlExpireTime`, and neither does
/// ours; the suite asks for it to see the expiry, so this looks it up on the server. With a tag, all keys are in one slot
/// of a cluster, as transactions need it there.
pub(crate) struct Suited {
    pub(crate) store: Arc<dyn StateStore>,
    pub(crate) look: Looker,
    pub(crate) tag: &'static str,
}

/// Where a [`Suited`] looks up an expiry.
pub(crate) enum Looker {
    One(MultiplexedConnection),
    /// Of a cluster; each node is asked.
    Many(Vec<MultiplexedConnection>),
}

impl Looker {
    async fn milliseconds_left(&self, key: &str) -> Option<i64> {
        let connections = match self {
            Self::One(connection) => std::slice::from_ref(connection),
            Self::Many(connections) => connections,
        };
        for connection in connections {
            let left: redis::RedisResult<i64> = redis::cmd("PTTL").arg(key).query_async(&mut connection.clone()).await;
            if let Ok(left) = left {
                return (left >= 0).then_some(left);
            }
        }
        None
    }
}

impl Suited {
    pub(crate) async fn on(server: &Server, store: Arc<dyn StateStore>) -> Arc<Self> {
        Arc::new(Self { store, look: Looker::One(raw(server).await), tag: "" })
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.tag)
    }

    fn bare(&self, key: &str) -> String {
        key.strip_prefix(self.tag).expect("a key with the tag").to_owned()
    }
}

#[async_trait]
impl StateStore for Suited {
    fn features(&self) -> &[Feature] {
        self.store.features()
    }

    async fn get(&self, request: GetRequest) -> dapr_spi::Result<GetResponse> {
        let key = self.key(&request.key);
        let mut found = self.store.get(GetRequest { key: key.clone(), ..request }).await?;
        if let (Some(_), Some(left)) = (&found.data, self.look.milliseconds_left(&key).await) {
            let expiry = jiff::Timestamp::now() + std::time::Duration::from_millis(left.unsigned_abs());
            found.metadata.insert("ttlExpireTime".into(), expiry.to_string());
        }
        Ok(found)
    }

    async fn set(&self, request: SetRequest) -> dapr_spi::Result<()> {
        self.store.set(SetRequest { key: self.key(&request.key), ..request }).await
    }

    async fn delete(&self, request: DeleteRequest) -> dapr_spi::Result<()> {
        self.store.delete(DeleteRequest { key: self.key(&request.key), ..request }).await
    }

    async fn bulk_get(&self, requests: &[GetRequest]) -> Option<dapr_spi::Result<Vec<BulkGetItem>>> {
        let requests: Vec<_> =
            requests.iter().map(|request| GetRequest { key: self.key(&request.key), ..request.clone() }).collect();
        let bare = |item: BulkGetItem| BulkGetItem { key: self.bare(&item.key), ..item };
        let found = self.store.bulk_get(&requests).await?;
        Some(found.map(|items| items.into_iter().map(bare).collect()))
    }

    async fn transact(&self, request: TransactionRequest) -> dapr_spi::Result<()> {
        let operations = request.operations.into_iter().map(|operation| match operation {
            Operation::Upsert(set) => Operation::Upsert(SetRequest { key: self.key(&set.key), ..set }),
            Operation::Delete(delete) => Operation::Delete(DeleteRequest { key: self.key(&delete.key), ..delete }),
        });
        self.store.transact(TransactionRequest { operations: operations.collect(), ..request }).await
    }

    async fn keys_like(&self, request: KeysLikeRequest) -> dapr_spi::Result<KeysLikeResponse> {
        let tagged = !request.pattern.is_empty();
        let pattern = if tagged { self.key(&request.pattern) } else { String::new() };
        let mut found = self.store.keys_like(KeysLikeRequest { pattern, ..request }).await?;
        found.keys = found.keys.iter().map(|key| self.bare(key)).collect();
        Ok(found)
    }

    async fn ping(&self) -> dapr_spi::Result<()> {
        self.store.ping().await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
