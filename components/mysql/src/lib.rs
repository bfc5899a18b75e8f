//! MySQL and MariaDB.
//!
//! [`dsn`] reads connection strings in the form of the incumbent's driver, [`client`] is the pool of connections,
//! [`error`] words what went wrong, [`state`] is the state store.

mod client;
mod dsn;
mod error;
mod settings;
mod state;

use dapr_spi::registry::Registry;

pub use state::MySql as StateMySql;

/// Adds the component types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("state.mysql").factory::<StateMySql>();
}
