//! Apache Kafka: `pubsub.kafka`.
//!
//! The client is rdkafka over librdkafka: those in Rust alone lack consumer groups or OAUTHBEARER, or have one author and
//! a few months. It is C, compiled by cargo with make; TLS, SCRAM and OIDC come with feature
//! `kafka-tls` of dapr-registry, which compiles OpenSSL.
//!
//! `fields` and `settings` read what a component is told, `client` configures the library, `publisher` publishes,
//! `subscription` is a member of a consumer group, and `ledger` decides what may be committed.

mod authentication;
mod avro;
mod client;
mod fields;
mod ledger;
mod publisher;
pub mod pubsub;
mod record;
mod schemas;
mod settings;
mod subscription;
mod token;

use dapr_spi::registry::Registry;

/// Adds the components of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("pubsub.kafka").factory::<pubsub::Kafka>();
}
