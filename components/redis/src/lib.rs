//! Redis, and servers that speak its protocol: `state.redis`, `pubsub.redis`.
//!
//! `settings` reads what all Redis components share, `client` is the connection (one server, Sentinel or cluster) that
//! they share, and each building block has its own file.

mod address;
mod client;
mod cluster;
mod connect;
mod errors;
mod link;
mod live;
mod packet;
pub mod pubsub;
mod scripts;
mod settings;
pub mod state;
mod tls;

use dapr_spi::registry::Registry;

/// Adds the components of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("pubsub.redis").factory::<pubsub::Redis>();
    registry.component("state.redis").factory::<state::Redis>();
}
