//! The operations of the state API on one store.

use std::sync::Arc;
use std::time::Instant;

use dapr_errors::{Error, Result, table};
use dapr_spi::Result as StoreResult;
use dapr_spi::state::{
    BulkGetItem, Consistency, DeleteRequest, Feature, GetRequest, GetResponse, Map, Operation, QueryRequest,
    QueryResponse, SetRequest, StateStore, TransactionRequest,
};
use dapr_telemetry::metrics::Metrics;
use futures_util::{StreamExt, stream};

use crate::bulk::{self, PARALLELISM};
use crate::encryption::Encryption;
use crate::error::{self, BULK_DELETE, DELETE, SAVE, illegal_key, resource};
use crate::key::KeyPrefix;
use crate::settings::Settings;

/// Where to read about stores and their features.
const STORES_HELP: &str = "https://docs.dapr.io/reference/components-reference/supported-state-stores/";

/// A state store as the API sees it. Keys of requests are the application's; the prefix is added here.
pub struct Store {
    name: String,
    store: Arc<dyn StateStore>,
    key_prefix: KeyPrefix,
    encryption: Option<Encryption>,
    metrics: Metrics,
}

/// One answer of a bulk read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// The application's key.
    pub key: String,
    /// What was found; empty when `error` is set.
    pub found: GetResponse,
    /// Why this key could not be read; empty when it could.
    pub error: String,
}

impl Store {
    /// Wraps the component `store` under `name`.
    pub fn new(name: &str, store: Arc<dyn StateStore>, settings: Settings, metrics: Metrics) -> Self {
        let Settings { key_prefix, encryption } = settings;
        Self { name: name.to_owned(), store, key_prefix, encryption, metrics }
    }

    /// `metadata.name` of the component.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The component itself, for building blocks that keep keys of their own in it.
    pub fn component(&self) -> &Arc<dyn StateStore> {
        &self.store
    }

    fn stored_key(&self, key: &str) -> Result<String> {
        self.key_prefix.stored(key).map_err(|error| illegal_key(&self.name, key, &error))
    }

    /// Reads one key; no data means there is none.
    ///
    /// # Errors
    /// The key is illegal, the store failed, or the record cannot be decrypted.
    pub async fn get(&self, key: &str, consistency: Consistency, metadata: Map) -> Result<GetResponse> {
        let request = GetRequest { key: self.stored_key(key)?, metadata, consistency };
        let found = self.measured("get", self.store.get(request)).await;
        let mut found =
            found.map_err(|failure| error::of(&table::STATE_GET, &[&key, &self.name, &failure], &failure))?;
        if let (Some(encryption), Some(data)) = (&self.encryption, &found.data) {
            let opened = encryption.open(data);
            found.data = Some(opened.map_err(|cause| Error::new(&table::STATE_GET, &[&key, &self.name, &cause]))?);
        }
        Ok(found)
    }

    /// Writes all items; some may be written when others fail.
    ///
    /// # Errors
    /// A key is empty or illegal, or the store refused an item.
    pub async fn save(&self, mut items: Vec<SetRequest>) -> Result<()> {
        for item in &mut items {
            if item.key.is_empty() {
                return Err(Error::new(&table::STATE_KEY_EMPTY, &[]));
            }
            self.prepare_set(item)
                .map_err(|failed| failed.into_error(|cause| Error::new(&table::STATE_SAVE, &[&self.name, cause])))?;
        }
        let work = async {
            if items.len() == 1 {
                return self.store.set(items.remove(0)).await;
            }
            match self.store.bulk_set(&items).await {
                Some(written) => written,
                None => bulk::for_each(items, |item| &item.key, |item| self.store.set(item)).await,
            }
        };
        self.measured("set", work).await.map_err(|failure| SAVE.error(&self.name, &failure))
    }

    /// Deletes one key; one that does not exist is no error.
    ///
    /// # Errors
    /// The key is illegal, or the store refused.
    pub async fn delete(&self, mut request: DeleteRequest) -> Result<()> {
        let key = std::mem::take(&mut request.key);
        request.key = self.stored_key(&key)?;
        let deleted = self.measured("delete", self.store.delete(request)).await;
        deleted.map_err(|failure| DELETE.error(&key, &failure))
    }

    /// Deletes all keys; some may be deleted when others fail.
    ///
    /// # Errors
    /// A key is illegal, or the store refused one.
    pub async fn delete_all(&self, mut requests: Vec<DeleteRequest>) -> Result<()> {
        for request in &mut requests {
            request.key = self.stored_key(&request.key)?;
        }
        let work = async {
            if requests.len() > 1
                && let Some(deleted) = self.store.bulk_delete(&requests).await
            {
                return deleted;
            }
            bulk::for_each(requests, |request| &request.key, |request| self.store.delete(request)).await
        };
        self.measured("bulk_delete", work).await.map_err(|failure| BULK_DELETE.error(&self.name, &failure))
    }

    /// Reads many keys; answers come in the order of `keys`. `parallelism` of zero or less means no limit of the caller's.
    ///
    /// # Errors
    /// A key is illegal, or the whole read failed. What is wrong with one key stands in its answer.
    pub async fn bulk_get(&self, keys: &[String], parallelism: i64, metadata: &Map) -> Result<Vec<Item>> {
        let request = |key: &String| {
            let key = self.stored_key(key)?;
            Ok(GetRequest { key, metadata: metadata.clone(), consistency: Consistency::Unspecified })
        };
        let requests = keys.iter().map(request).collect::<Result<Vec<_>>>()?;
        let found = self.measured("bulk_get", self.read_all(&requests, parallelism)).await;
        let found = found.map_err(|failure| error::of(&table::STATE_BULK_GET, &[&self.name, &failure], &failure))?;
        Ok(found.into_iter().map(|item| self.item(item)).collect())
    }

    async fn read_all(&self, requests: &[GetRequest], parallelism: i64) -> StoreResult<Vec<BulkGetItem>> {
        if let Some(answers) = self.store.bulk_get(requests).await {
            return answers.map(|answers| in_order(requests, answers));
        }
        let limit = usize::try_from(parallelism).ok().filter(|limit| *limit > 0).unwrap_or(PARALLELISM);
        let read = |request: GetRequest| async {
            BulkGetItem { key: request.key.clone(), result: self.store.get(request).await }
        };
        Ok(stream::iter(requests.to_vec()).map(read).buffered(limit.min(PARALLELISM)).collect().await)
    }

    fn item(&self, answer: BulkGetItem) -> Item {
        let key = KeyPrefix::original(&answer.key).to_owned();
        let opened = answer.result.map_err(|failure| failure.to_string()).and_then(|mut found| {
            if let Some(encryption) = &self.encryption
                && let Some(data) = found.data.take()
            {
                let data = encryption.open(&data).map_err(|failure| failure.to_string())?;
                found.data = Some(data).filter(|data| !data.is_empty());
            }
            Ok(found)
        });
        match opened {
            Ok(found) => Item { key, found, error: String::new() },
            Err(error) => Item { key, error, ..Item::default() },
        }
    }

    /// Checks that transactions are possible at all; edges ask before they decode the body.
    ///
    /// # Errors
    /// The store has no transactions.
    pub fn check_transactional(&self) -> Result<()> {
        if self.store.features().contains(&Feature::Transactional) {
            return Ok(());
        }
        Err(Error::new(&table::STATE_TRANSACTIONS_NOT_SUPPORTED, &[&self.name])
            .with_detail(dapr_errors::Detail::Help {
                url: STORES_HELP,
                description: "Check the list of state stores and the features they support",
            })
            .with_detail(resource(&self.name)))
    }

    /// Performs all operations or none.
    ///
    /// # Errors
    /// No transactions, too many operations, an illegal key, or the store refused.
    pub async fn transact(&self, operations: Vec<Operation>, metadata: Map) -> Result<()> {
        self.check_transactional()?;
        if operations.is_empty() {
            return Ok(());
        }
        let operations = self.prepare(operations).await?;
        self.commit(operations, metadata).await.map_err(|failure| Self::transaction_error(&failure))
    }

    /// The first half of a transaction: keys get their prefix, values are sealed.
    ///
    /// # Errors
    /// Too many operations, or an illegal key.
    pub async fn prepare(&self, mut operations: Vec<Operation>) -> Result<Vec<Operation>> {
        self.check_size(operations.len()).await?;
        let error = |cause: &dyn std::fmt::Display| Error::new(&table::STATE_TRANSACTION, &[cause]);
        for operation in &mut operations {
            match operation {
                Operation::Upsert(item) => self.prepare_set(item).map_err(|failed| failed.into_error(error))?,
                Operation::Delete(request) => request.key = self.stored_key(&request.key)?,
            }
        }
        Ok(operations)
    }

    /// The second half: performs operations whose keys and values are as the store keeps them.
    ///
    /// # Errors
    /// The store refused; see [`Store::transaction_error`].
    pub async fn commit(&self, operations: Vec<Operation>, metadata: Map) -> StoreResult<()> {
        self.measured("transaction", self.store.transact(TransactionRequest { operations, metadata })).await
    }

    /// What the application gets when its transaction failed.
    pub fn transaction_error(failure: &dapr_spi::Error) -> Error {
        error::of(&table::STATE_TRANSACTION, &[failure], failure)
    }

    /// Checks that a transaction has not too many operations.
    ///
    /// # Errors
    /// It has more than the store takes.
    pub async fn check_size(&self, count: usize) -> Result<()> {
        match self.store.max_transaction_operations().await {
            Some(max) if count > max => Err(Error::new(&table::STATE_TOO_MANY_TRANSACTIONS, &[&count, &max])
                .with_detail(resource(&self.name))
                .with_metadata("currentOpsTransaction", count.to_string())
                .with_metadata("maxOpsPerTransaction", max.to_string())),
            _ => Ok(()),
        }
    }

    /// Runs a query of the alpha API; keys of the answer are the application's.
    ///
    /// # Errors
    /// The store cannot be queried, its values are encrypted, or the query failed.
    pub async fn query(&self, request: QueryRequest) -> Result<QueryResponse> {
        if !self.store.features().contains(&Feature::QueryApi) {
            return Err(Error::new(&table::STATE_QUERY_NOT_SUPPORTED, &[]).with_detail(resource(&self.name)));
        }
        if self.encryption.is_some() {
            return Err(Error::new(&table::STATE_QUERY, &[&self.name, &"cannot query encrypted store"])
                .with_detail(resource(&self.name)));
        }
        let mut answer = self.measured("query", self.store.query(request)).await.map_err(|failure| {
            error::of(&table::STATE_QUERY, &[&self.name, &failure], &failure).with_detail(resource(&self.name))
        })?;
        for item in &mut answer.results {
            item.key = KeyPrefix::original(&item.key).to_owned();
        }
        Ok(answer)
    }

    /// Adds the key prefix and seals the value.
    fn prepare_set(&self, item: &mut SetRequest) -> std::result::Result<(), Unprepared> {
        item.key = self.stored_key(&item.key).map_err(Unprepared::Key)?;
        if let Some(encryption) = &self.encryption {
            item.value = encryption.seal(&item.value).map_err(|error| Unprepared::Seal(error.to_string()))?;
        }
        Ok(())
    }

    async fn measured<T>(&self, operation: &'static str, work: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
        let started = Instant::now();
        let result = work.await;
        self.metrics.state.record(&self.name, operation, result.is_ok(), started.elapsed());
        result
    }
}

/// Why an item could not be made ready for the store.
enum Unprepared {
    Key(Error),
    Seal(String),
}

impl Unprepared {
    fn into_error(self, seal: impl Fn(&dyn std::fmt::Display) -> Error) -> Error {
        match self {
            Self::Key(error) => error,
            Self::Seal(cause) => seal(&cause),
        }
    }
}

/// Sorts answers into the order of the requests; a key the store left out was not found.
fn in_order(requests: &[GetRequest], answers: Vec<BulkGetItem>) -> Vec<BulkGetItem> {
    if answers.len() == requests.len()
        && answers.iter().zip(requests).all(|(answer, request)| answer.key == request.key)
    {
        return answers;
    }
    let by_key: std::collections::HashMap<&str, &StoreResult<GetResponse>> =
        answers.iter().map(|answer| (answer.key.as_str(), &answer.result)).collect();
    let answer = |request: &GetRequest| {
        let result = match by_key.get(request.key.as_str()) {
            Some(Ok(found)) => Ok(found.clone()),
            Some(Err(failure)) => Err(dapr_spi::Error::new(failure.kind(), failure.to_string())),
            None => Ok(GetResponse::default()),
        };
        BulkGetItem { key: request.key.clone(), result }
    };
    requests.iter().map(answer).collect()
}
