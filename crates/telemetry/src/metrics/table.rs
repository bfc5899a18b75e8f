//! A bounded map from label values to anything, read without allocating.

use std::hash::BuildHasher;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use hashbrown::{DefaultHashBuilder, HashTable};

/// The most series of one metric. Past it, new label values share the series `other`.
pub const SERIES_LIMIT: usize = 2_000;

pub(super) struct Table<V, const N: usize> {
    hasher: DefaultHashBuilder,
    rows: RwLock<HashTable<Row<V, N>>>,
}

pub(super) struct Row<V, const N: usize> {
    pub(super) labels: [Box<str>; N],
    pub(super) value: V,
}

impl<V, const N: usize> Row<V, N> {
    fn has(&self, labels: &[&str; N]) -> bool {
        self.labels.iter().zip(labels).all(|(own, given)| **own == **given)
    }
}

impl<V, const N: usize> Table<V, N> {
    pub(super) fn new() -> Self {
        Table { hasher: DefaultHashBuilder::default(), rows: RwLock::default() }
    }

    /// Calls `found` with the value of `labels`, under the read lock: keep it short.
    #[inline]
    pub(super) fn get<R>(&self, labels: &[&str; N], found: impl FnOnce(&V) -> R) -> Option<R> {
        let hash = self.hasher.hash_one(labels);
        self.read().find(hash, |row| row.has(labels)).map(|row| found(&row.value))
    }

    pub(super) fn is_full(&self) -> bool {
        self.read().len() >= SERIES_LIMIT
    }

    /// Returns what is stored for `labels`, storing `make()` first if there is nothing. Ignores the limit.
    pub(super) fn get_or_insert(&self, labels: &[&str; N], make: impl FnOnce() -> V) -> V
    where
        V: Clone,
    {
        let hash = self.hasher.hash_one(labels);
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        let rehash = |row: &Row<V, N>| self.hasher.hash_one(row.labels.each_ref().map(|label| &**label));
        rows.entry(hash, |row| row.has(labels), rehash)
            .or_insert_with(|| Row { labels: labels.map(Box::from), value: make() })
            .get()
            .value
            .clone()
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, HashTable<Row<V, N>>> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }
}
