//! `state.in-memory`: a sharded hash map with ETags, TTL and transactions.

mod items;
mod like;
mod shard;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::clock::Clock;
use dapr_kit::task::{self, Task};
use dapr_spi::state::{
    BulkGetItem, DeleteRequest, Feature, GetRequest, GetResponse, KeysLikeRequest, KeysLikeResponse, SetRequest,
    StateStore, TransactionRequest,
};
use dapr_spi::{Context, Error, Factory, Metadata, Result};

use items::Items;

/// How often expired items are removed; reads never see them anyway.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// The component has no metadata fields.
#[derive(Metadata)]
pub struct NoMetadata;

/// Makes `state.in-memory`.
pub struct InMemory;

#[async_trait]
impl Factory for InMemory {
    type Metadata = NoMetadata;
    type Valid = ();
    type Component = dyn StateStore;

    fn validate(_: NoMetadata) -> Result<()> {
        Ok(())
    }

    async fn init((): (), context: Context) -> Result<Arc<dyn StateStore>> {
        Ok(Arc::new(Store::new(context.clock)))
    }
}

struct Store {
    items: Arc<Items>,
    sweeper: Mutex<Option<Task<()>>>,
}

impl Store {
    fn new(clock: Clock) -> Self {
        let items = Arc::new(Items::new(clock));
        let sweeper = task::spawn("state.in-memory sweep", sweep(items.clone()));
        Self { items, sweeper: Mutex::new(Some(sweeper)) }
    }
}

async fn sweep(items: Arc<Items>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        while items.remove_expired() {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl StateStore for Store {
    fn features(&self) -> &[Feature] {
        &[Feature::Etag, Feature::Transactional, Feature::Ttl, Feature::DeleteWithPrefix, Feature::KeysLike]
    }

    async fn get(&self, request: GetRequest) -> Result<GetResponse> {
        Ok(self.items.get(&request.key))
    }

    async fn set(&self, request: SetRequest) -> Result<()> {
        self.items.set(request)
    }

    async fn delete(&self, request: DeleteRequest) -> Result<()> {
        self.items.delete(&request)
    }

    async fn bulk_get(&self, requests: &[GetRequest]) -> Option<Result<Vec<BulkGetItem>>> {
        let item =
            |request: &GetRequest| BulkGetItem { key: request.key.clone(), result: Ok(self.items.get(&request.key)) };
        Some(Ok(requests.iter().map(item).collect()))
    }

    async fn transact(&self, request: TransactionRequest) -> Result<()> {
        self.items.transact(request.operations)
    }

    async fn keys_like(&self, request: KeysLikeRequest) -> Result<KeysLikeResponse> {
        if request.pattern.is_empty() {
            return Err(Error::invalid("a pattern is required to list keys"));
        }
        Ok(self.items.keys_like(&request))
    }

    async fn delete_with_prefix(&self, prefix: &str) -> Result<u64> {
        if prefix.is_empty() {
            return Err(Error::invalid("a prefix is required to delete by prefix"));
        }
        Ok(self.items.delete_with_prefix(prefix))
    }

    async fn close(&self) {
        self.sweeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.items.clear();
    }
}
