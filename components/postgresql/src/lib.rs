//! PostgreSQL, and the databases that speak its protocol: CockroachDB and YugabyteDB.
//!
//! [`client`] holds what every building block shares: the pool and its errors. [`settings`] reads connection
//! fields, [`state`] is the state stores.

mod client;
mod settings;
mod state;

use dapr_spi::registry::{Registry, entry};

/// Adds the component types of this crate.
pub fn register(registry: &mut Registry) {
    registry
        .component("state.postgresql")
        .alias("state.postgres")
        .versions("v1", vec![("v1", entry::<StateV1>()), ("v2", entry::<StateV2>())]);
    registry
        .component("state.cockroachdb")
        .versions("v1", vec![("v1", entry::<StateCockroachV1>()), ("v2", entry::<StateV2>())]);
    registry.component("state.yugabytedb").alias("state.yugabyte").versions("v2", vec![("v2", entry::<StateV2>())]);
}

pub use state::{CockroachV1 as StateCockroachV1, V1 as StateV1, V2 as StateV2};
