//! `state.sqlite`: a state store in one file.

mod change;
mod cleanup;
mod query;
mod timestamp;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use dapr_kit::clock::Clock;
use dapr_kit::task::Task;
use dapr_spi::state::{
    BulkGetItem, DeleteRequest, Feature, GetRequest, GetResponse, KeysLikeRequest, KeysLikeResponse, Operation,
    SetRequest, StateStore, TransactionRequest,
};
use dapr_spi::{Context, Error, Factory, Result};

use crate::database::{STATE, open_reader, open_writer};
use crate::metadata::{Settings, SqliteMetadata};
use crate::threads::Threads;
use change::{Changes, Statements};
use query::Queries;

/// Connections that read at the same time, at most; each has a thread and a page cache of up to 2 MB.
const MAX_READERS: usize = 4;

/// Makes `state.sqlite`.
pub struct Sqlite;

#[async_trait]
impl Factory for Sqlite {
    type Metadata = SqliteMetadata;
    type Valid = Settings;
    type Component = dyn StateStore;

    fn validate(metadata: SqliteMetadata) -> Result<Settings> {
        Settings::new(metadata)
    }

    async fn init(settings: Settings, context: Context) -> Result<Arc<dyn StateStore>> {
        let opening = tokio::task::spawn_blocking(move || open(&settings).map(|threads| (threads, settings)));
        let (threads, settings) = opening.await.map_err(|error| Error::failed(error.to_string()))??;
        Ok(Arc::new(Store::new(threads, &settings, context.clock)))
    }
}

fn open(settings: &Settings) -> Result<Threads> {
    let writer = open_writer(settings, STATE)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let count = if settings.target.in_memory { 0 } else { cores.min(MAX_READERS) };
    let readers = (0..count).map(|_| open_reader(settings)).collect::<Result<Vec<_>>>()?;
    Threads::start(settings, writer, readers)
}

struct Store {
    threads: Arc<Threads>,
    statements: Arc<Statements>,
    queries: Arc<Queries>,
    timeout: std::time::Duration,
    clock: Clock,
    cleanup: Mutex<Option<Task<()>>>,
}

impl Store {
    fn new(threads: Threads, settings: &Settings, clock: Clock) -> Self {
        let threads = Arc::new(threads);
        let cleanup = cleanup::start(&threads, settings, clock.clone());
        Self {
            threads,
            statements: Arc::new(Statements::new(&settings.table)),
            queries: Arc::new(Queries::new(&settings.table)),
            timeout: settings.timeout,
            clock,
            cleanup: Mutex::new(cleanup),
        }
    }

    async fn apply(&self, operations: Vec<Operation>) -> Result<()> {
        if operations.is_empty() {
            return Ok(());
        }
        let changes = Changes::new(operations, self.statements.clone(), self.clock.now_milliseconds())?;
        self.bounded(self.threads.write(changes)).await.map(|_| ())
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Queries, &rusqlite::Connection, &Clock) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let (queries, clock) = (self.queries.clone(), self.clock.clone());
        self.bounded(self.threads.read(move |connection| read(&queries, connection, &clock))).await
    }

    async fn bounded<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let late = |_| Error::unavailable(format!("no answer from SQLite within {:?}", self.timeout));
        tokio::time::timeout(self.timeout, work).await.map_err(late)?
    }
}

#[async_trait]
impl StateStore for Store {
    fn features(&self) -> &[Feature] {
        &[Feature::Etag, Feature::Transactional, Feature::Ttl, Feature::KeysLike]
    }

    async fn get(&self, request: GetRequest) -> Result<GetResponse> {
        check_key(&request.key)?;
        self.read(move |queries, connection, clock| queries.get(connection, &request.key, clock)).await
    }

    async fn set(&self, request: SetRequest) -> Result<()> {
        self.apply(vec![Operation::Upsert(request)]).await
    }

    async fn delete(&self, request: DeleteRequest) -> Result<()> {
        self.apply(vec![Operation::Delete(request)]).await
    }

    async fn bulk_get(&self, requests: &[GetRequest]) -> Option<Result<Vec<BulkGetItem>>> {
        let keys: Vec<String> = requests.iter().map(|request| request.key.clone()).collect();
        let read = self.read(move |queries, connection, clock| queries.bulk_get(connection, keys, clock));
        Some(read.await)
    }

    async fn transact(&self, request: TransactionRequest) -> Result<()> {
        self.apply(request.operations).await
    }

    async fn keys_like(&self, request: KeysLikeRequest) -> Result<KeysLikeResponse> {
        let after = query::position(&request)?;
        self.read(move |queries, connection, clock| queries.keys_like(connection, &request, after, clock)).await
    }

    async fn ping(&self) -> Result<()> {
        self.read(|_, connection, _| connection.query_row("SELECT 1", [], |_| Ok(()))).await
    }

    async fn close(&self) {
        self.cleanup.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.threads.stop().await;
    }
}

fn check_key(key: &str) -> Result<()> {
    if key.is_empty() { Err(Error::invalid("missing key")) } else { Ok(()) }
}
