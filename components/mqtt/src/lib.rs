//! `pubsub.mqtt3`: topics of a broker that speaks MQTT 3.1.1.
//!
//! A component has one connection, whose client id is its `consumerID`: the broker keeps messages for that id while it is
//! away, unless `cleanSession` is set. A message is acknowledged when the application has processed it.

mod address;
mod broker;
mod filter;
mod metadata;
mod session;
mod settings;
mod wire;

use dapr_spi::registry::Registry;

pub use broker::Mqtt3;

/// Adds this crate's components.
pub fn register(registry: &mut Registry) {
    registry.component("pubsub.mqtt3").alias("pubsub.mqtt").factory::<Mqtt3>();
}
