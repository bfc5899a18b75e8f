//! `pubsub.mqtt3` on a real Mosquitto.

#![cfg(test)]

mod conformance;
mod errors;
mod measure;
mod servers;
mod sessions;
mod tls;
