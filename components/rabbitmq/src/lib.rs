//! `pubsub.rabbitmq`: a topic is an exchange, a subscription a queue that is bound to it.
//!
//! Names and arguments of exchanges and queues are the incumbent's, so that sidecars of both kinds share them. Events are
//! published over one connection and consumed over another, because RabbitMQ stops reading from publishers when it is
//! short of memory, and acknowledgements must get through then.

mod address;
mod connection;
mod consumer;
mod errors;
mod kit;
mod ledger;
mod metadata;
mod properties;
mod publisher;
mod pubsub;
mod settings;
mod topology;

use dapr_spi::registry::Registry;

pub use pubsub::RabbitMq;

/// Adds this crate's components.
pub fn register(registry: &mut Registry) {
    registry.component("pubsub.rabbitmq").factory::<RabbitMq>();
}
