//! `pubsub.jetstream`: a topic is a subject that a stream takes, a subscription a push consumer of that stream.
//!
//! Consumers are the incumbent's: push consumers under `durableName`, shared by the members of `queueGroupName`, so that
//! sidecars of both kinds work with the same ones. Streams are made by whoever runs NATS, and never here.

mod connection;
mod consumer;
mod delivered;
mod errors;
mod ledger;
mod metadata;
mod publisher;
mod pubsub;
mod settings;
mod stored;
mod subscription;

use dapr_spi::registry::Registry;

pub use pubsub::JetStream;

/// Adds this crate's components.
pub fn register(registry: &mut Registry) {
    registry.component("pubsub.jetstream").factory::<JetStream>();
}
