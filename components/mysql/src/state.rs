//! `state.mysql`.
//!
//! Tables and formats are the incumbent's (`state/mysql/mysql.go`), so that a database can be shared with its
//! sidecars: JSON values as they are, bytes as a JSON string in base64 with `isbinary` set, random ETags.

mod cleanup;
mod statements;
mod tables;
mod write;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use dapr_kit::task::Task;
use dapr_spi::state::{
    BulkGetItem, DeleteRequest, Feature, GetRequest, GetResponse, KeysLikeRequest, KeysLikeResponse, Map, SetRequest,
    StateStore, TransactionRequest,
};
use dapr_spi::{Context, Error, Factory, Result};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Error as Driver, Params, Value as Sql};

use self::statements::Statements;
use self::write::{Change, Changes};
use crate::client::{AsyncCall, Pool};
use crate::settings::{MySqlMetadata, Settings};

const FEATURES: &[Feature] = &[Feature::Etag, Feature::Transactional, Feature::Ttl, Feature::KeysLike];

/// The factory of `state.mysql`.
pub struct MySql;

#[async_trait]
impl Factory for MySql {
    type Metadata = MySqlMetadata;
    type Valid = Settings;
    type Component = dyn StateStore;

    fn validate(metadata: MySqlMetadata) -> Result<Settings> {
        metadata.check()
    }

    async fn init(settings: Settings, _: Context) -> Result<Arc<dyn StateStore>> {
        // The driver asks for the process's provider; a second call changes nothing.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        tables::ensure_schema(&settings).await?;
        let pool = Arc::new(Pool::new(&settings, Some(&settings.schema)));
        tables::ensure(&pool, &settings).await?;
        let cleanup = cleanup::start(&settings, pool.clone());
        let statements = Statements::new(&settings.table);
        Ok(Arc::new(Store { pool, statements, _cleanup: cleanup }))
    }
}

struct Store {
    pool: Arc<Pool>,
    statements: Statements,
    _cleanup: Option<Task<()>>,
}

/// A `SELECT` with the columns key, value, ETag, `isbinary`, expiry in seconds since 1970.
struct Select<'a> {
    text: &'a str,
    params: Vec<Sql>,
}

type Row = (Vec<u8>, Vec<u8>, String, bool, Option<i64>);

impl AsyncCall<Vec<Row>> for Select<'_> {
    async fn run(&self, conn: &mut Conn) -> std::result::Result<Vec<Row>, Driver> {
        conn.exec(self.text, Params::Positional(self.params.clone())).await
    }
}

/// A `SELECT` of keys and row numbers.
struct SelectKeys<'a> {
    text: &'a str,
    params: Vec<Sql>,
}

impl AsyncCall<Vec<(String, u64)>> for SelectKeys<'_> {
    async fn run(&self, conn: &mut Conn) -> std::result::Result<Vec<(String, u64)>, Driver> {
        conn.exec(self.text, Params::Positional(self.params.clone())).await
    }
}

struct Ping;

impl AsyncCall<()> for Ping {
    async fn run(&self, conn: &mut Conn) -> std::result::Result<(), Driver> {
        conn.ping().await
    }
}

#[async_trait]
impl StateStore for Store {
    fn features(&self) -> &[Feature] {
        FEATURES
    }

    async fn get(&self, request: GetRequest) -> Result<GetResponse> {
        let params = vec![write::key_param(&request.key)?];
        let rows = self.pool.read(Select { text: &self.statements.get, params }).await?;
        rows.into_iter().next().map_or_else(|| Ok(GetResponse::default()), response)
    }

    async fn set(&self, request: SetRequest) -> Result<()> {
        self.apply(vec![write::write(&self.statements, &request)?]).await
    }

    async fn delete(&self, request: DeleteRequest) -> Result<()> {
        self.apply(vec![write::removal(&self.statements, &request)?]).await
    }

    async fn bulk_get(&self, requests: &[GetRequest]) -> Option<Result<Vec<BulkGetItem>>> {
        Some(self.get_all(requests).await)
    }

    async fn transact(&self, request: TransactionRequest) -> Result<()> {
        let change = |operation| write::change(&self.statements, operation);
        self.apply(request.operations.iter().map(change).collect::<Result<_>>()?).await
    }

    async fn keys_like(&self, request: KeysLikeRequest) -> Result<KeysLikeResponse> {
        if request.pattern.is_empty() {
            return Err(Error::invalid("the pattern of keys must not be empty"));
        }
        let after = match request.continuation_token.as_deref().filter(|token| !token.is_empty()) {
            Some(token) => token.parse::<u64>().map_err(|_| Error::invalid("invalid continuation token"))?,
            None => 0,
        };
        let size = request.page_size.filter(|size| *size > 0).map(u64::from);
        // One more than asked tells whether there is another page.
        let limit = size.map_or(i64::MAX as u64, |size| size + 1);
        let params = vec![request.pattern.into(), after.into(), limit.into()];
        let rows = self.pool.read(SelectKeys { text: &self.statements.keys_like, params }).await?;
        Ok(page(rows, size))
    }

    async fn ping(&self) -> Result<()> {
        self.pool.read(Ping).await
    }

    async fn close(&self) {
        self.pool.close();
    }
}

impl Store {
    async fn apply(&self, changes: Vec<Change<'_>>) -> Result<()> {
        if changes.is_empty() { Ok(()) } else { self.pool.change(Changes(changes)).await }
    }

    /// Many keys by one `IN` list. Its length is a power of two, so that a connection keeps few statements; the last
    /// key fills it up.
    async fn get_all(&self, requests: &[GetRequest]) -> Result<Vec<BulkGetItem>> {
        let Some(last) = requests.last() else { return Ok(Vec::new()) };
        let count = requests.len().next_power_of_two();
        let keys = requests.iter().chain(std::iter::repeat(last)).take(count);
        let params = keys.map(|request| request.key.as_str().into()).collect();
        let text = self.statements.bulk_get(count);
        let mut found = HashMap::new();
        for row in self.pool.read(Select { text: &text, params }).await? {
            found.insert(row.0.clone(), row);
        }
        let item = |request: &GetRequest| BulkGetItem {
            key: request.key.clone(),
            result: found
                .get(request.key.as_bytes())
                .map_or_else(|| Ok(GetResponse::default()), |row| response(row.clone())),
        };
        Ok(requests.iter().map(item).collect())
    }
}

fn response((_, value, etag, binary, expiry): Row) -> Result<GetResponse> {
    let data = if binary { decoded(&value)? } else { value.into() };
    let time = |seconds| jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX).to_string();
    let metadata = expiry.map(|seconds| Map::from([("ttlExpireTime".to_owned(), time(seconds))]));
    Ok(GetResponse { data: Some(data), etag: Some(etag), metadata: metadata.unwrap_or_default() })
}

fn decoded(json: &[u8]) -> Result<Bytes> {
    let text = json.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
    let bytes = text.and_then(|text| BASE64_STANDARD.decode(text).ok());
    bytes.map(Bytes::from).ok_or_else(|| Error::failed("an item marked as binary holds no base64"))
}

fn page(mut rows: Vec<(String, u64)>, size: Option<u64>) -> KeysLikeResponse {
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
    let mut token = None;
    if rows.len() > size {
        rows.truncate(size);
        token = rows.last().map(|(_, row)| row.to_string());
    }
    KeysLikeResponse { keys: rows.into_iter().map(|(key, _)| key).collect(), continuation_token: token }
}
