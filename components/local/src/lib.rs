//! Secrets of this machine: `secretstores.local.env` and `secretstores.local.file`.

pub mod env;
pub mod file;
mod flatten;

use dapr_spi::registry::Registry;

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("secretstores.local.env").factory::<env::LocalEnv>();
    registry.component("secretstores.local.file").factory::<file::LocalFile>();
}
