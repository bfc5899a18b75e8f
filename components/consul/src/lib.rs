//! Name resolution by Consul: `nameresolution.hashicorp.consul`.
//!
//! A sidecar is a service of Consul named like its app, with the port of its internal gRPC server in the service's
//! metadata (components-contrib v1.18.4, nameresolution/hashicorp/consul).

mod client;
mod json;
pub mod name_resolver;
mod settings;
mod tls;

use dapr_spi::registry::Registry;

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry
        .component("nameresolution.hashicorp.consul")
        .alias("nameresolution.consul")
        .factory::<name_resolver::ConsulNames>();
}
