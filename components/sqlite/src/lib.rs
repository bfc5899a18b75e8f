//! Components that keep their data in an SQLite file: `state.sqlite`, `pubsub.sqlite`,
//! `nameresolution.sqlite`.

mod connection_string;
mod database;
mod failure;
mod metadata;
pub mod name_resolver;
pub mod pubsub;
pub mod state;
mod threads;

use dapr_spi::registry::Registry;

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("nameresolution.sqlite").factory::<name_resolver::SqliteNames>();
    registry.component("pubsub.sqlite").factory::<pubsub::Sqlite>();
    registry.component("state.sqlite").alias("state.sqlite3").factory::<state::Sqlite>();
}
