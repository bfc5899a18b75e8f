//! All state stores of a sidecar, found by name.

use std::sync::Arc;

use dapr_errors::{Error, Result, table};
use dapr_kit::slots::{Found, Slots};

use crate::Store;

/// State stores by name.
#[derive(Default)]
pub struct Stores(Slots<Arc<Store>>);

impl Stores {
    /// Adds or replaces a store.
    pub fn insert(&self, store: Store) {
        let store = Arc::new(store);
        self.0.insert(store.name(), store.clone());
    }

    /// Notes that a store exists but cannot be used, and why.
    pub fn set_unready(&self, name: &str, why: &str) {
        self.0.set_unready(name, why);
    }

    /// Forgets a store.
    pub fn remove(&self, name: &str) {
        self.0.remove(name);
    }

    /// The store of that name.
    ///
    /// # Errors
    /// No store is configured at all, none has that name, or it is not ready.
    pub fn find(&self, name: &str) -> Result<Arc<Store>> {
        match self.0.find(name) {
            Found::Ready(store) => Ok(store),
            Found::Unready(why) => Err(Error::new(&table::STATE_STORE_UNAVAILABLE, &[&name, &why])),
            Found::Empty => Err(Error::new(&table::STATE_STORE_NOT_CONFIGURED, &[&name])),
            Found::Unknown => Err(Error::new(&table::STATE_STORE_NOT_FOUND, &[&name])),
        }
    }
}
