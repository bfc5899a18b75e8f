//! HTTP middleware opa: policies in Rego.

mod builtins;
mod input;
pub mod opa;
mod policy;

use dapr_spi::registry::Registry;

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("middleware.http.opa").factory::<opa::Opa>();
}
