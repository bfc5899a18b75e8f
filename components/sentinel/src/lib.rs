//! HTTP middleware sentinel: flow rules and circuit breakers.
//!
//! The rules and their numbers are those of sentinel-golang 1.0. A resource is a method and a path: `GET:/v1.0/invoke/…`.

mod breaker;
mod flow;
mod machine;
mod rules;
pub mod sentinel;
mod system;
mod window;

use dapr_spi::registry::Registry;

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("middleware.http.sentinel").factory::<sentinel::Sentinel>();
}
