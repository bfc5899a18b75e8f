//! Components that live in the sidecar's memory: `state.in-memory` and `pubsub.in-memory`.
//!
//! They need nothing and keep nothing: for development, tests, and the benchmark of the path to a store.

pub mod pubsub;
pub mod state;

use dapr_spi::registry::Registry;

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("state.in-memory").factory::<state::InMemory>();
    registry.component("pubsub.in-memory").factory::<pubsub::InMemory>();
}
