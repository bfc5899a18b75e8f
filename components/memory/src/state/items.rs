//! All items: shards behind one lock each, and the steps that touch several of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use bytes::Bytes;
use dapr_kit::clock::Clock;
use dapr_spi::Result;
use dapr_spi::state::{
    DeleteRequest, GetResponse, KeysLikeRequest, KeysLikeResponse, Map, Operation, SetRequest, Ttl, ttl_of,
};
use hashbrown::DefaultHashBuilder;

use super::like::Pattern;
use super::shard::{Check, Item, NEVER, Shard, hash_of};

const SHARDS: usize = 64;
/// Items removed by one hold of a shard's lock, so that a sweep never delays a request noticeably.
const SWEEP_BATCH: usize = 256;
/// A value up to this size is copied when it is stored. It is a slice of a request's buffer, which is often many times
/// larger and would live as long as the value.
const COPY_BELOW: usize = 4_096;

/// The content of a store.
pub(super) struct Items {
    shards: Vec<RwLock<Shard>>,
    hasher: DefaultHashBuilder,
    /// Version of the next write. It starts at random, so that an ETag of an earlier life of the store never fits.
    next_version: AtomicU64,
    clock: Clock,
}

impl Items {
    pub(super) fn new(clock: Clock) -> Self {
        let hasher = DefaultHashBuilder::default();
        let shards = (0..SHARDS).map(|_| RwLock::new(Shard::with_hasher(hasher.clone()))).collect();
        let next_version = AtomicU64::new((1 << 62) + fastrand::u64(..1 << 61));
        Self { shards, hasher, next_version, clock }
    }

    pub(super) fn get(&self, key: &str) -> GetResponse {
        let hash = self.hash(key);
        let shard = self.read(shard_of(hash));
        shard.find(hash, key).filter(|item| self.is_live(item)).map(response).unwrap_or_default()
    }

    pub(super) fn set(&self, request: SetRequest) -> Result<()> {
        let expires = self.expiry(&request.metadata)?;
        let hash = self.hash(&request.key);
        let check = Check::new(request.etag.as_deref(), request.options.concurrency);
        let value = owned(request.value.bytes());
        let mut shard = self.write(shard_of(hash));
        if !check.asks_nothing() {
            shard.check(hash, &request.key, check, self.now())?;
        }
        shard.put(hash, request.key, value, self.version(), expires);
        Ok(())
    }

    pub(super) fn delete(&self, request: &DeleteRequest) -> Result<()> {
        let hash = self.hash(&request.key);
        let check = Check::new(request.etag.as_deref(), request.options.concurrency);
        let mut shard = self.write(shard_of(hash));
        if !check.asks_nothing() {
            shard.check(hash, &request.key, check, self.now())?;
        }
        shard.remove(hash, &request.key);
        Ok(())
    }

    /// All checks are made against the items as they were before the first step, as the incumbent does.
    pub(super) fn transact(&self, operations: Vec<Operation>) -> Result<()> {
        let steps = operations.into_iter().map(|operation| self.step(operation)).collect::<Result<Vec<_>>>()?;
        let mut locked = Locked::new(self, &steps);
        let now = self.now();
        for step in &steps {
            let (etag, concurrency) = match &step.operation {
                Operation::Upsert(request) => (&request.etag, request.options.concurrency),
                Operation::Delete(request) => (&request.etag, request.options.concurrency),
            };
            let check = Check::new(etag.as_deref(), concurrency);
            locked.shard(step.hash).check(step.hash, step.operation.key(), check, now)?;
        }
        for step in steps {
            let shard = locked.shard(step.hash);
            match step.operation {
                Operation::Upsert(request) => {
                    let value = owned(request.value.bytes());
                    shard.put(step.hash, request.key, value, self.version(), step.expires);
                }
                Operation::Delete(request) => shard.remove(step.hash, &request.key),
            }
        }
        Ok(())
    }

    fn step(&self, operation: Operation) -> Result<Step> {
        let expires = match &operation {
            Operation::Upsert(request) => self.expiry(&request.metadata)?,
            Operation::Delete(_) => NEVER,
        };
        Ok(Step { hash: self.hash(operation.key()), expires, operation })
    }

    /// Keys in the order of their text, so that pages stay whole while others write.
    pub(super) fn keys_like(&self, request: &KeysLikeRequest) -> KeysLikeResponse {
        let pattern = Pattern::new(&request.pattern);
        let after = request.continuation_token.as_deref();
        let mut keys = Vec::new();
        for index in 0..SHARDS {
            let shard = self.read(index);
            let matches = shard.items().filter(|item| {
                after.is_none_or(|after| &*item.key > after) && pattern.matches(&item.key) && self.is_live(item)
            });
            keys.extend(matches.map(|item| item.key.to_string()));
        }
        keys.sort_unstable();
        let size = request.page_size.filter(|size| *size > 0).map_or(usize::MAX, |size| size as usize);
        let more = keys.len() > size;
        keys.truncate(size);
        let continuation_token = keys.last().filter(|_| more).cloned();
        KeysLikeResponse { keys, continuation_token }
    }

    pub(super) fn delete_with_prefix(&self, prefix: &str) -> u64 {
        let now = self.now();
        (0..SHARDS).map(|index| self.write(index).remove_prefix(prefix, now)).sum()
    }

    /// Removes a batch of expired items from each shard; returns whether some are left.
    pub(super) fn remove_expired(&self) -> bool {
        let now = self.now();
        let mut left = false;
        for index in 0..SHARDS {
            if self.read(index).has_expired(now) {
                let mut shard = self.write(index);
                shard.remove_expired(now, SWEEP_BATCH);
                left |= shard.has_expired(now);
            }
        }
        left
    }

    pub(super) fn clear(&self) {
        (0..SHARDS).for_each(|index| self.write(index).clear());
    }

    fn expiry(&self, metadata: &Map) -> Result<i64> {
        Ok(match ttl_of(metadata)? {
            Ttl::Unspecified | Ttl::Never => NEVER,
            Ttl::Seconds(seconds) => self.now() + i64::from(seconds) * 1_000,
        })
    }

    fn is_live(&self, item: &Item) -> bool {
        item.expires == NEVER || item.expires > self.now()
    }

    fn now(&self) -> i64 {
        self.clock.now_milliseconds()
    }

    fn hash(&self, key: &str) -> u64 {
        hash_of(&self.hasher, key)
    }

    fn version(&self) -> u64 {
        self.next_version.fetch_add(1, Ordering::Relaxed)
    }

    fn read(&self, index: usize) -> RwLockReadGuard<'_, Shard> {
        self.shards[index].read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, index: usize) -> RwLockWriteGuard<'_, Shard> {
        self.shards[index].write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One step of a transaction, checked as far as it can be without a lock.
struct Step {
    hash: u64,
    expires: i64,
    operation: Operation,
}

/// The shards of a transaction, locked in ascending order so that two transactions never wait for each other.
struct Locked<'a> {
    guards: Vec<(usize, RwLockWriteGuard<'a, Shard>)>,
}

impl<'a> Locked<'a> {
    fn new(items: &'a Items, steps: &[Step]) -> Self {
        let mut indexes: Vec<usize> = steps.iter().map(|step| shard_of(step.hash)).collect();
        indexes.sort_unstable();
        indexes.dedup();
        Self { guards: indexes.into_iter().map(|index| (index, items.write(index))).collect() }
    }

    fn shard(&mut self, hash: u64) -> &mut Shard {
        let found = self.guards.binary_search_by_key(&shard_of(hash), |(index, _)| *index);
        let position = found.unwrap_or_else(|_| unreachable!("every shard of the transaction is locked"));
        &mut self.guards[position].1
    }
}

/// Bits that the table of the shard makes no use of.
fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

fn owned(value: &Bytes) -> Bytes {
    if value.len() < COPY_BELOW { Bytes::copy_from_slice(value) } else { value.clone() }
}

fn response(item: &Item) -> GetResponse {
    let mut metadata = Map::new();
    if item.expires != NEVER {
        metadata.insert("ttlExpireTime".into(), expire_time(item.expires));
    }
    GetResponse { data: Some(item.value.clone()), etag: Some(item.version.to_string()), metadata }
}

/// RFC 3339 in whole seconds, UTC.
fn expire_time(milliseconds: i64) -> String {
    Clock::manual(milliseconds - milliseconds.rem_euclid(1_000)).now().to_string()
}
