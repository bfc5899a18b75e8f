//! `state.redis`: each item is a hash, or a JSON document where the server has the module and the request asks for it.
//!
//! What is stored is readable by the incumbent and the other way round. Differences from it: a transaction is all or
//! nothing; a failure of the network is not reported as an ETag mismatch; keys are listed over all servers of a cluster.

mod json;
mod keys;
mod metadata;
mod query;
mod write;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use dapr_spi::state::{
    BulkGetItem, DeleteRequest, Feature, GetRequest, GetResponse, KeysLikeRequest, KeysLikeResponse, Map, QueryRequest,
    QueryResponse, SetRequest, StateStore, TransactionRequest,
};
use dapr_spi::{Context, Error, Factory, Result};
use redis::{Cmd, Value};

use crate::client::Client;
use crate::settings::Settings;

pub use metadata::RedisMetadata;
use query::Indexes;
use write::Scripts;

/// The incumbent's default of `redisMinRetryInterval` for this component.
const FIRST_DELAY: Duration = Duration::from_secs(2);

const FEATURES: [Feature; 5] =
    [Feature::Etag, Feature::Transactional, Feature::Ttl, Feature::KeysLike, Feature::QueryApi];

/// Builds `state.redis`.
pub struct Redis;

/// Checked settings of `state.redis`.
#[derive(Clone)]
pub struct Valid {
    client: Settings,
    default_ttl: Option<i32>,
    indexes: Indexes,
}

#[async_trait]
impl Factory for Redis {
    type Metadata = RedisMetadata;
    type Valid = Valid;
    type Component = dyn StateStore;

    fn validate(metadata: RedisMetadata) -> Result<Valid> {
        let (given, own) = metadata.split();
        let indexes = Indexes::parse(&own.query_indexes)?;
        Ok(Valid { client: given.check(FIRST_DELAY)?, default_ttl: own.default_ttl, indexes })
    }

    async fn init(valid: Valid, _: Context) -> Result<Arc<dyn StateStore>> {
        Ok(Arc::new(Store::open(valid).await?))
    }
}

/// The open store.
struct Store {
    client: Client,
    scripts: Scripts,
    default_ttl: Option<i32>,
    indexes: Indexes,
    /// The server has the RedisJSON module.
    json: bool,
}

impl Store {
    async fn open(valid: Valid) -> Result<Self> {
        let client = Client::open(valid.client).await?;
        let scripts = Scripts::default();
        let mut store = Self { client, scripts, default_ttl: valid.default_ttl, indexes: valid.indexes, json: false };
        store.indexes.create(&store.client).await?;
        store.json = json::is_known(&store.client).await?;
        Ok(store)
    }

    /// Whether a request is about a JSON document rather than a hash.
    fn is_json(&self, metadata: &Map) -> bool {
        self.json && metadata.get("contentType").is_some_and(|kind| kind == "application/json")
    }

    /// The reply to [`read`] as an item; `key` is for messages and for keys of other kinds.
    async fn item(&self, key: &str, reply: Value) -> Result<GetResponse> {
        match reply {
            Value::Array(fields) => hash_item(key, fields),
            Value::ServerError(error) if error.code() == "WRONGTYPE" => self.plain_item(key).await,
            other => {
                let value = self.client.accepted(other)?;
                Err(self.client.strange("HMGET", &value))
            }
        }
    }

    /// A key that is no hash: a plain string of other programs is readable, without ETag.
    async fn plain_item(&self, key: &str) -> Result<GetResponse> {
        let mut get = redis::cmd("GET");
        get.arg(key);
        let reply = self.client.send(key, &get, self.client.reading()).await?;
        match self.client.accepted(reply)? {
            Value::BulkString(data) => Ok(GetResponse { data: Some(data.into()), ..GetResponse::default() }),
            Value::Nil => Ok(GetResponse::default()),
            other => Err(self.client.strange("GET", &other)),
        }
    }
}

/// Asks for data and version only: the hash may hold `first-write`, too.
fn read(key: &str) -> Cmd {
    let mut command = redis::cmd("HMGET");
    command.arg(key).arg("data").arg("version");
    command
}

fn hash_item(key: &str, fields: Vec<Value>) -> Result<GetResponse> {
    let mut fields = fields.into_iter();
    match (fields.next(), fields.next()) {
        (Some(Value::BulkString(data)), Some(Value::BulkString(version))) => {
            let etag = String::from_utf8(version).ok();
            Ok(GetResponse { data: Some(Bytes::from(data)), etag, metadata: Map::new() })
        }
        (Some(Value::Nil), Some(Value::Nil)) => Ok(GetResponse::default()),
        _ => Err(Error::failed(format!(
            "the redis hash `{key}` lacks the field `data` or `version`, so it was not written by a state store"
        ))),
    }
}

#[async_trait]
impl StateStore for Store {
    fn features(&self) -> &[Feature] {
        if self.json { &FEATURES } else { &FEATURES[..FEATURES.len() - 1] }
    }

    async fn get(&self, request: GetRequest) -> Result<GetResponse> {
        if self.is_json(&request.metadata) {
            return self.get_json(&request.key).await;
        }
        let reply = self.client.send(&request.key, &read(&request.key), self.client.reading()).await?;
        self.item(&request.key, reply).await
    }

    async fn set(&self, request: SetRequest) -> Result<()> {
        self.write(request).await
    }

    async fn delete(&self, request: DeleteRequest) -> Result<()> {
        self.remove(request).await
    }

    async fn bulk_get(&self, requests: &[GetRequest]) -> Option<Result<Vec<BulkGetItem>>> {
        Some(self.get_many(requests).await)
    }

    async fn transact(&self, request: TransactionRequest) -> Result<()> {
        self.run_transaction(request).await
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryResponse> {
        self.run_query(&request).await
    }

    async fn keys_like(&self, request: KeysLikeRequest) -> Result<KeysLikeResponse> {
        keys::list(&self.client, &request).await
    }

    async fn ping(&self) -> Result<()> {
        for server in self.client.servers() {
            server.ask(&redis::cmd("PING")).await?;
        }
        Ok(())
    }

    async fn close(&self) {
        self.client.close();
    }
}

impl Store {
    /// Hashes in one round trip per server; documents one by one, since they are rare.
    async fn get_many(&self, requests: &[GetRequest]) -> Result<Vec<BulkGetItem>> {
        let (documents, hashes): (Vec<_>, Vec<_>) =
            requests.iter().partition(|request| self.is_json(&request.metadata));
        let keys: Vec<&str> = hashes.iter().map(|request| request.key.as_str()).collect();
        let replies = self.client.read_many(&keys, read).await?;
        let mut items = Vec::with_capacity(requests.len());
        for (key, reply) in keys.into_iter().zip(replies) {
            let result = match reply {
                Ok(reply) => self.item(key, reply).await,
                Err(error) => Err(error),
            };
            items.push(BulkGetItem { key: key.to_owned(), result });
        }
        for request in documents {
            let result = self.get_json(&request.key).await;
            items.push(BulkGetItem { key: request.key.clone(), result });
        }
        Ok(items)
    }
}
