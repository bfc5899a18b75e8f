//! All brokers of a sidecar, found by name.

use std::sync::Arc;

use dapr_errors::{Error, Result, table};
use dapr_kit::slots::{Found, Slots};
use tokio::sync::watch;

use crate::Broker;

/// Brokers by name.
#[derive(Default)]
pub struct Brokers {
    slots: Slots<Arc<Broker>>,
    /// Counts changes.
    changes: watch::Sender<u64>,
}

impl Brokers {
    /// Adds or replaces a broker.
    pub fn insert(&self, broker: Broker) {
        let broker = Arc::new(broker);
        self.slots.insert(broker.name(), broker.clone());
        self.changed();
    }

    /// Notes that a broker exists but cannot be used, and why.
    pub fn set_unready(&self, name: &str, why: &str) {
        self.slots.set_unready(name, why);
        self.changed();
    }

    /// Forgets a broker.
    pub fn remove(&self, name: &str) {
        self.slots.remove(name);
        self.changed();
    }

    /// The broker of that name, for publishing.
    ///
    /// # Errors
    /// No broker has that name, or it is not ready.
    pub fn find(&self, name: &str) -> Result<Arc<Broker>> {
        match self.slots.find(name) {
            Found::Ready(broker) => Ok(broker),
            Found::Unready(why) => Err(Error::new(&table::PUBSUB_UNAVAILABLE, &[&name, &why])),
            Found::Empty | Found::Unknown => Err(Error::new(&table::PUBSUB_NOT_FOUND, &[&name])),
        }
    }

    /// Tells whenever a broker came, changed or went.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Whether a broker has that name, ready or not.
    pub fn is_known(&self, name: &str) -> bool {
        matches!(self.slots.find(name), Found::Ready(_) | Found::Unready(_))
    }

    /// Whether there is a broker that is ready.
    pub fn any_ready(&self) -> bool {
        self.slots.any_ready()
    }

    /// The broker of that name if it is ready.
    pub fn ready(&self, name: &str) -> Option<Arc<Broker>> {
        match self.slots.find(name) {
            Found::Ready(broker) => Some(broker),
            _ => None,
        }
    }
}
