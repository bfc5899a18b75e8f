//! All brokers of a sidecar, found by name.

use std::sync::Arc;

use dapr_errors::{Error, Result, table};
use dapr_kit::slots::{Found, Slots};

use crate::Broker;

/// Brokers by name.
#[derive(Default)]
pub struct Brokers(Slots<Arc<Broker>>);

impl Brokers {
    /// Adds or replaces a broker.
    pub fn insert(&self, broker: Broker) {
        let broker = Arc::new(broker);
        self.0.insert(broker.name(), broker.clone());
    }

    /// Notes that a broker exists but cannot be used, and why.
    pub fn set_unready(&self, name: &str, why: &str) {
        self.0.set_unready(name, why);
    }

    /// Forgets a broker.
    pub fn remove(&self, name: &str) {
        self.0.remove(name);
    }

    /// The broker of that name, for publishing.
    ///
    /// # Errors
    /// No broker has that name, or it is not ready.
    pub fn find(&self, name: &str) -> Result<Arc<Broker>> {
        match self.0.find(name) {
            Found::Ready(broker) => Ok(broker),
            Found::Unready(why) => Err(Error::new(&table::PUBSUB_UNAVAILABLE, &[&name, &why])),
            Found::Empty | Found::Unknown => Err(Error::new(&table::PUBSUB_NOT_FOUND, &[&name])),
        }
    }

    /// Whether a broker has that name, ready or not.
    pub fn is_known(&self, name: &str) -> bool {
        matches!(self.0.find(name), Found::Ready(_) | Found::Unready(_))
    }

    /// Whether there is a broker that is ready.
    pub fn any_ready(&self) -> bool {
        self.0.any_ready()
    }

    /// The broker of that name if it is ready.
    pub fn ready(&self, name: &str) -> Option<Arc<Broker>> {
        match self.0.find(name) {
            Found::Ready(broker) => Some(broker),
            _ => None,
        }
    }
}
