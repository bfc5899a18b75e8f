//! One part of the map: a hash table, and its expiring items in order of time.

use std::collections::BTreeMap;

use bytes::Bytes;
use dapr_spi::state::Concurrency;
use dapr_spi::{Error, Result};
use hashbrown::{DefaultHashBuilder, HashTable};

/// `expires` of an item that does not.
pub(super) const NEVER: i64 = i64::MAX;

/// One key and its value.
pub(super) struct Item {
    pub(super) key: Box<str>,
    pub(super) value: Bytes,
    /// Unique in the store; as text it is the ETag.
    pub(super) version: u64,
    /// Milliseconds since 1970.
    pub(super) expires: i64,
}

/// What a write asks of the version that it replaces.
#[derive(Clone, Copy)]
pub(super) struct Check<'a> {
    etag: Option<&'a str>,
    first_write: bool,
}

impl<'a> Check<'a> {
    /// An empty ETag is no ETag, as in the incumbent.
    pub(super) fn new(etag: Option<&'a str>, concurrency: Concurrency) -> Self {
        Self { etag: etag.filter(|etag| !etag.is_empty()), first_write: concurrency == Concurrency::FirstWrite }
    }

    pub(super) fn asks_nothing(self) -> bool {
        self.etag.is_none() && !self.first_write
    }
}

#[derive(Default)]
pub(super) struct Shard {
    table: HashTable<Item>,
    /// Hash of each item that expires, by time and version.
    expiring: BTreeMap<(i64, u64), u64>,
    /// Hashes of moved items are needed again when the table grows.
    hasher: DefaultHashBuilder,
}

impl Shard {
    pub(super) fn with_hasher(hasher: DefaultHashBuilder) -> Self {
        Self { hasher, ..Self::default() }
    }

    /// The item of a key, expired or not.
    pub(super) fn find(&self, hash: u64, key: &str) -> Option<&Item> {
        self.table.find(hash, |item| &*item.key == key)
    }

    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.table.iter()
    }

    /// Whether a write may go on at `now`.
    pub(super) fn check(&self, hash: u64, key: &str, check: Check<'_>, now: i64) -> Result<()> {
        let live = self.find(hash, key).filter(|item| item.expires > now);
        let passes = match (check.etag, live) {
            (Some(etag), Some(item)) => etag.parse() == Ok(item.version),
            (Some(_), None) => false,
            (None, found) => found.is_none() || !check.first_write,
        };
        if passes { Ok(()) } else { Err(Error::etag_mismatch()) }
    }

    pub(super) fn put(&mut self, hash: u64, key: String, value: Bytes, version: u64, expires: i64) {
        match self.table.find_mut(hash, |item| *item.key == *key) {
            Some(item) => {
                if item.expires != NEVER {
                    self.expiring.remove(&(item.expires, item.version));
                }
                (item.value, item.version, item.expires) = (value, version, expires);
            }
            None => {
                let item = Item { key: key.into_boxed_str(), value, version, expires };
                self.table.insert_unique(hash, item, |item| hash_of(&self.hasher, &item.key));
            }
        }
        if expires != NEVER {
            self.expiring.insert((expires, version), hash);
        }
    }

    pub(super) fn remove(&mut self, hash: u64, key: &str) {
        if let Ok(found) = self.table.find_entry(hash, |item| &*item.key == key) {
            let (item, _) = found.remove();
            self.expiring.remove(&(item.expires, item.version));
        }
    }

    /// Removes the items of a prefix; returns how many were alive at `now`.
    pub(super) fn remove_prefix(&mut self, prefix: &str, now: i64) -> u64 {
        let mut count = 0;
        let Self { table, expiring, .. } = self;
        table.retain(|item| {
            let goes = item.key.starts_with(prefix);
            if goes {
                expiring.remove(&(item.expires, item.version));
                count += u64::from(item.expires > now);
            }
            !goes
        });
        count
    }

    pub(super) fn has_expired(&self, now: i64) -> bool {
        self.expiring.first_key_value().is_some_and(|((expires, _), _)| *expires <= now)
    }

    /// Removes at most `limit` expired items.
    pub(super) fn remove_expired(&mut self, now: i64, limit: usize) {
        for _ in 0..limit {
            let Some(first) = self.expiring.first_entry().filter(|first| first.key().0 <= now) else { return };
            let ((_, version), hash) = first.remove_entry();
            if let Ok(found) = self.table.find_entry(hash, |item| item.version == version) {
                found.remove();
            }
        }
    }

    pub(super) fn clear(&mut self) {
        self.table = HashTable::new();
        self.expiring = BTreeMap::new();
    }
}

pub(super) fn hash_of(hasher: &DefaultHashBuilder, key: &str) -> u64 {
    std::hash::BuildHasher::hash_one(hasher, key)
}
