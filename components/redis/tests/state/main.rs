//! `state.redis` and `pubsub.redis` against real servers: single, TLS with ACL, Sentinel, cluster.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails it by a panic, as the test does")]

mod cluster;
mod errors;
mod format;
mod pubsub;
mod reconnect;
mod sentinel;
mod servers;
mod single;
mod tls;
