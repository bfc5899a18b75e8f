//! `bindings.http`: requests to a URL.

mod binding;
mod request;
mod response;
mod settings;
mod target;

use dapr_spi::registry::Registry;

pub use binding::Http;
pub use settings::{HttpMetadata, Settings};

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("bindings.http").factory::<Http>();
}
