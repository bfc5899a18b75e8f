//! Components that are programs of their own, in any language, reached by gRPC over Unix sockets.
//!
//! Each socket file in a folder is one component; reflection tells its services. `mystore.sock` that serves
//! `StateStore` becomes the type `state.mystore`. State stores, brokers and bindings so far; secret stores
//! are to come.

mod binding;
mod connection;
mod discovery;
mod link;
mod pubsub;
mod reflection;
mod state;
mod status;

use dapr_spi::registry::Registry;

pub use discovery::{Discovered, discover};

/// Sets the search for pluggable components.
pub fn register(registry: &mut Registry) {
    registry.set_discovery(|folder| async move {
        let found = discover(&folder).await;
        let entries = |component| {
            let entries = [state::entry(component), pubsub::entry(component), binding::entry(component)];
            entries.into_iter().flatten()
        };
        found.iter().flat_map(entries).collect()
    });
}
