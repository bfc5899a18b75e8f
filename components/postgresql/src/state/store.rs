//! The store: requests in, statements out, the same way for every layout.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use dapr_kit::task::Task;
use dapr_spi::state::{
    BulkGetItem, Concurrency, DeleteRequest, Feature, GetRequest, GetResponse, KeysLikeRequest, KeysLikeResponse,
    Operation, QueryRequest, QueryResponse, SetRequest, StateStore, TransactionRequest, Ttl, Value, ttl_of,
};
use dapr_spi::{Error, Result};
use tokio_postgres::Row;

use super::metadata::Checked;
use super::statements::{Change, Statements};
use super::{cleanup, query, rows};
use crate::client::connector::{Connection, Connector};
use crate::client::{Command, Param, Pool, Statement};

/// What differs between table layouts.
pub(super) trait Layout: Send + Sync + 'static {
    fn features(&self) -> &'static [Feature];

    fn statements(&self) -> &Statements;

    /// Appends the parameters of a write that follow the key.
    fn write_params<'a>(&self, value: &'a Value, expiry: Option<f64>, params: &mut Vec<Param<'a>>);

    /// Reads an ETag that an application sent.
    fn etag_param(&self, etag: &str) -> Result<Param<'static>>;

    /// Reads a row of a `SELECT` with the layout's columns behind the key.
    fn read(&self, row: &Row) -> Result<GetResponse>;

    /// Creates the tables, or brings them up to date; returns the connection that this took.
    fn migrate(&self, connector: &Connector, checked: &Checked) -> impl Future<Output = Result<Connection>> + Send;

    fn expiry_column(&self) -> &'static str;

    /// The columns behind the key for the query API, where the layout has it.
    fn query_columns(&self) -> Option<String>;
}

/// A state store with its connections.
pub(super) struct Store<L> {
    layout: L,
    table: String,
    pool: Arc<Pool>,
    _cleanup: Option<Task<()>>,
}

/// A write or delete, ready to be sent.
struct Prepared<'a> {
    change: &'a Change,
    params: Vec<Param<'a>>,
    /// Changing nothing means that another version, or any version, is stored.
    checked: bool,
}

impl<'a> Prepared<'a> {
    fn command(self, statement: &'a Statement) -> Command<'a> {
        Command { statement, params: self.params }
    }
}

impl<L: Layout> Store<L> {
    /// Connects, creates or updates tables, starts the clean-up.
    pub(super) async fn open(checked: Checked, layout: L) -> Result<Self> {
        let connector = Connector::new(checked.settings.clone())?;
        let first = layout.migrate(&connector, &checked).await?;
        let pool = Arc::new(Pool::new(connector, first));
        let cleanup = cleanup::start(&checked, layout.expiry_column(), pool.clone());
        Ok(Self { layout, table: checked.table, pool, _cleanup: cleanup })
    }

    fn write<'a>(&'a self, request: &'a SetRequest) -> Result<Prepared<'a>> {
        let statements = self.layout.statements();
        let mut params = Vec::with_capacity(5);
        params.push(key_param(&request.key)?);
        self.layout.write_params(&request.value, expiry(ttl_of(&request.metadata)?), &mut params);
        let change = match given(&request.etag) {
            Some(etag) => {
                params.push(self.layout.etag_param(etag)?);
                &statements.update
            }
            None if request.options.concurrency == Concurrency::FirstWrite => &statements.insert,
            None => &statements.upsert,
        };
        Ok(Prepared { change, params, checked: true })
    }

    fn removal<'a>(&'a self, request: &'a DeleteRequest) -> Result<Prepared<'a>> {
        let statements = self.layout.statements();
        let mut params = vec![key_param(&request.key)?];
        let Some(etag) = given(&request.etag) else {
            return Ok(Prepared { change: &statements.delete, params, checked: false });
        };
        params.push(self.layout.etag_param(etag)?);
        Ok(Prepared { change: &statements.delete_version, params, checked: true })
    }

    fn prepared<'a>(&'a self, operation: &'a Operation) -> Result<Prepared<'a>> {
        match operation {
            Operation::Upsert(request) => self.write(request),
            Operation::Delete(request) => self.removal(request),
        }
    }

    async fn change(&self, prepared: Prepared<'_>) -> Result<()> {
        let checked = prepared.checked;
        let statement = &prepared.change.alone;
        match self.pool.execute(&prepared.command(statement)).await? {
            0 if checked => Err(Error::etag_mismatch()),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl<L: Layout> StateStore for Store<L> {
    fn features(&self) -> &[Feature] {
        self.layout.features()
    }

    async fn get(&self, request: GetRequest) -> Result<GetResponse> {
        let params = vec![key_param(&request.key)?];
        let rows = self.pool.query(&Command { statement: &self.layout.statements().get, params }).await?;
        rows.first().map_or_else(|| Ok(GetResponse::default()), |row| self.layout.read(row))
    }

    async fn set(&self, request: SetRequest) -> Result<()> {
        self.change(self.write(&request)?).await
    }

    async fn delete(&self, request: DeleteRequest) -> Result<()> {
        self.change(self.removal(&request)?).await
    }

    async fn bulk_get(&self, requests: &[GetRequest]) -> Option<Result<Vec<BulkGetItem>>> {
        Some(self.get_all(requests).await)
    }

    async fn transact(&self, request: TransactionRequest) -> Result<()> {
        match request.operations.as_slice() {
            [] => Ok(()),
            [operation] => self.change(self.prepared(operation)?).await,
            operations => {
                let command = |operation| {
                    let prepared = self.prepared(operation)?;
                    let statement = &prepared.change.guarded;
                    Ok(prepared.command(statement))
                };
                let commands = operations.iter().map(command).collect::<Result<Vec<_>>>()?;
                self.pool.transact(&commands).await
            }
        }
    }

    async fn query(&self, request: QueryRequest) -> Result<QueryResponse> {
        let Some(columns) = self.layout.query_columns() else {
            return Err(Error::unsupported("the state store does not support querying; version v1 of it does"));
        };
        let query = query::Query::parse(&request.query)?;
        let built = query.build(&self.table, &columns, self.layout.expiry_column());
        let found = self.pool.query(&built.command()).await?;
        query.response(found.iter().map(|row| (rows::column(row, 0), self.layout.read(row))))
    }

    async fn keys_like(&self, request: KeysLikeRequest) -> Result<KeysLikeResponse> {
        if request.pattern.is_empty() {
            return Err(Error::invalid("the pattern of keys must not be empty"));
        }
        let after = match given(&request.continuation_token) {
            Some(token) => token.parse::<i64>().map_err(|_| Error::invalid("invalid continuation token"))?,
            None => i64::MIN,
        };
        let size = request.page_size.filter(|size| *size > 0).map(i64::from);
        // One more than asked tells whether there is another page.
        let limit = size.map_or(i64::MAX, |size| size + 1);
        let params = vec![Param::Text(&request.pattern), Param::Long(after), Param::Long(limit)];
        let rows = self.pool.query(&Command { statement: &self.layout.statements().keys_like, params }).await?;
        page(&rows, size)
    }

    async fn ping(&self) -> Result<()> {
        self.pool.ping().await
    }

    async fn close(&self) {
        self.pool.close();
    }
}

impl<L: Layout> Store<L> {
    async fn get_all(&self, requests: &[GetRequest]) -> Result<Vec<BulkGetItem>> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let keys = requests.iter().map(|request| request.key.as_str()).collect();
        let params = vec![Param::Texts(keys)];
        let rows = self.pool.query(&Command { statement: &self.layout.statements().bulk_get, params }).await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(rows::column::<&str>(row, 0)?, row);
        }
        let item = |request: &GetRequest| BulkGetItem {
            key: request.key.clone(),
            result: found
                .get(request.key.as_str())
                .map_or_else(|| Ok(GetResponse::default()), |row| self.layout.read(row)),
        };
        Ok(requests.iter().map(item).collect())
    }
}

fn page(rows: &[Row], size: Option<i64>) -> Result<KeysLikeResponse> {
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
    let mut response = KeysLikeResponse::default();
    for row in rows.iter().take(size) {
        response.keys.push(rows::column(row, 0)?);
    }
    if rows.len() > size {
        response.continuation_token = Some(rows::column::<i64>(&rows[size - 1], 1)?.to_string());
    }
    Ok(response)
}

fn key_param(key: &str) -> Result<Param<'_>> {
    if key.is_empty() { Err(Error::invalid("the key is empty")) } else { Ok(Param::Text(key)) }
}

/// An empty text was sent, but says nothing.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn expiry(ttl: Ttl) -> Option<f64> {
    match ttl {
        Ttl::Seconds(seconds) => Some(f64::from(seconds)),
        Ttl::Unspecified | Ttl::Never => None,
    }
}
