//! What this machine has: files (`bindings.localstorage`), secrets (`secretstores.local.env`, `secretstores.local.file`) and other sidecars
//! (`nameresolution.local`).

pub mod env;
pub mod file;
mod flatten;
pub mod name_resolver;
pub mod storage;

use dapr_spi::registry::Registry;

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("bindings.localstorage").factory::<storage::LocalStorage>();
    registry.component("nameresolution.local").factory::<name_resolver::LocalNames>();
    registry.component("secretstores.local.env").factory::<env::LocalEnv>();
    registry.component("secretstores.local.file").factory::<file::LocalFile>();
}
