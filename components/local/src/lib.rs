//! What this machine has: secrets (`secretstores.local.env`, `secretstores.local.file`) and other sidecars
//! (`nameresolution.local`).

pub mod env;
pub mod file;
mod flatten;
pub mod name_resolver;

use dapr_spi::registry::Registry;

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("nameresolution.local").factory::<name_resolver::LocalNames>();
    registry.component("secretstores.local.env").factory::<env::LocalEnv>();
    registry.component("secretstores.local.file").factory::<file::LocalFile>();
}
