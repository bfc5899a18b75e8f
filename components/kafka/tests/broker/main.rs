//! `pubsub.kafka` on a real broker.

#![expect(clippy::unwrap_used, reason = "a test may end at whatever it does not expect")]

mod conformance;
mod failures;
mod groups;
mod loss;
mod publishing;
mod redelivery;
mod schemas;
mod secure;
mod server;
mod speed;
