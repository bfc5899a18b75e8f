//! Components that are programs of their own, in any language, reached by gRPC over Unix sockets.
//!
//! Each socket file in a folder is one component; reflection tells its services. `mystore.sock` that serves
//! `StateStore` becomes the type `state.mystore`. State stores and bindings so far; the other building blocks come with their engines.

mod binding;
mod connection;
mod discovery;
mod link;
mod reflection;
mod state;
mod status;

use dapr_spi::registry::Registry;

pub use discovery::{Discovered, discover};

/// Sets the search for pluggable components.
pub fn register(registry: &mut Registry) {
    registry.set_discovery(|folder| async move {
        let found = discover(&folder).await;
        found
            .iter()
            .flat_map(|component| state::entry(component).into_iter().chain(binding::entry(component)))
            .collect()
    });
}
