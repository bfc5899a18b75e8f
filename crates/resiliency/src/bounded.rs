//! A map that forgets what was not used for longest.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;

/// Values by name, at most as many as its limit.
pub(crate) struct Bounded<V> {
    limit: NonZeroUsize,
    /// Without a limit of its own, for with one it would claim all its memory at once.
    values: Mutex<LruCache<Box<str>, V>>,
}

impl<V: Clone> Bounded<V> {
    pub(crate) fn new(limit: NonZeroUsize) -> Self {
        Bounded { limit, values: Mutex::new(LruCache::unbounded()) }
    }

    /// The value of `name`, made if there is none. `make` runs under the lock: keep it short.
    pub(crate) fn get_or_insert(&self, name: &str, make: impl FnOnce() -> V) -> V {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = values.get(name) {
            return value.clone();
        }
        let value = make();
        values.put(name.into(), value.clone());
        if values.len() > self.limit.get() {
            values.pop_lru();
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_is_forgotten() {
        let bounded = Bounded::new(NonZeroUsize::new(2).unwrap());
        for (name, value, expected) in [("a", 1, 1), ("b", 2, 2), ("a", 9, 1), ("c", 3, 3), ("a", 9, 1), ("b", 9, 9)] {
            assert_eq!(bounded.get_or_insert(name, || value), expected, "{name}");
        }
        assert_eq!(bounded.values.lock().unwrap().len(), 2);
    }
}
