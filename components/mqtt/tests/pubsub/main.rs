//! `pubsub.mqtt3` on a real Mosquitto.

mod conformance;
mod errors;
mod measure;
mod servers;
mod sessions;
mod tls;
