//! `bindings.cron`: events at the times that an expression describes.

mod binding;

use dapr_spi::registry::Registry;

pub use binding::{Cron, CronMetadata};

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("bindings.cron").factory::<Cron>();
}
