//! All state stores of a sidecar, found by name.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use dapr_errors::{Error, Result, table};

use crate::Store;

/// A snapshot of names and stores; a read takes no lock, a change swaps the snapshot.
#[derive(Default)]
pub struct Stores {
    slots: ArcSwap<HashMap<String, Slot>>,
}

#[derive(Clone)]
enum Slot {
    Ready(Arc<Store>),
    /// Still starting, or failed; the text says which and why.
    Unready(Arc<str>),
}

impl Stores {
    /// Adds or replaces a store.
    pub fn insert(&self, store: Store) {
        let (name, store) = (store.name().to_owned(), Arc::new(store));
        self.change(|slots| drop(slots.insert(name.clone(), Slot::Ready(store.clone()))));
    }

    /// Notes that a store exists but cannot be used, and why.
    pub fn set_unready(&self, name: &str, why: &str) {
        self.change(|slots| drop(slots.insert(name.to_owned(), Slot::Unready(why.into()))));
    }

    /// Forgets a store.
    pub fn remove(&self, name: &str) {
        self.change(|slots| drop(slots.remove(name)));
    }

    fn change(&self, edit: impl Fn(&mut HashMap<String, Slot>)) {
        self.slots.rcu(|slots| {
            let mut slots = HashMap::clone(slots);
            edit(&mut slots);
            slots
        });
    }

    /// The store of that name.
    ///
    /// # Errors
    /// No store is configured at all, none has that name, or it is not ready.
    pub fn find(&self, name: &str) -> Result<Arc<Store>> {
        let slots = self.slots.load();
        match slots.get(name) {
            Some(Slot::Ready(store)) => Ok(store.clone()),
            Some(Slot::Unready(why)) => Err(Error::new(&table::STATE_STORE_UNAVAILABLE, &[&name, why])),
            None if slots.is_empty() => Err(Error::new(&table::STATE_STORE_NOT_CONFIGURED, &[&name])),
            None => Err(Error::new(&table::STATE_STORE_NOT_FOUND, &[&name])),
        }
    }
}
