//! `pubsub.jetstream` on a real NATS server.

mod conformance;
mod consumers;
mod crash;
mod measure;
mod secure;
mod servers;
mod trouble;
mod wire;
