//! The one table of component types: a line for each crate, and the names of those that are left out.
//!
//! Nothing but this crate and `bin` knows cargo features.

mod known;

use dapr_spi::registry::Registry;
// Only to be compiled with TLS.
#[cfg(feature = "kafka-tls")]
use rdkafka as _;

/// Every component that this binary was built with.
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    known::note(&mut registry);
    dapr_component_cron::register(&mut registry);
    dapr_component_crypto::register(&mut registry);
    dapr_component_dns::register(&mut registry);
    dapr_component_http::register(&mut registry);
    dapr_component_local::register(&mut registry);
    dapr_component_mdns::register(&mut registry);
    dapr_component_memory::register(&mut registry);
    dapr_component_middleware::register(&mut registry);
    dapr_component_pluggable::register(&mut registry);
    #[cfg(feature = "consul")]
    dapr_component_consul::register(&mut registry);
    #[cfg(feature = "jetstream")]
    dapr_component_jetstream::register(&mut registry);
    #[cfg(feature = "kafka")]
    dapr_component_kafka::register(&mut registry);
    #[cfg(feature = "mqtt")]
    dapr_component_mqtt::register(&mut registry);
    #[cfg(feature = "mysql")]
    dapr_component_mysql::register(&mut registry);
    #[cfg(feature = "oauth2")]
    dapr_component_oauth2::register(&mut registry);
    #[cfg(feature = "opa")]
    dapr_component_opa::register(&mut registry);
    #[cfg(feature = "postgresql")]
    dapr_component_postgresql::register(&mut registry);
    #[cfg(feature = "rabbitmq")]
    dapr_component_rabbitmq::register(&mut registry);
    #[cfg(feature = "redis")]
    dapr_component_redis::register(&mut registry);
    #[cfg(feature = "sentinel")]
    dapr_component_sentinel::register(&mut registry);
    #[cfg(feature = "sqlite")]
    dapr_component_sqlite::register(&mut registry);
    #[cfg(feature = "wasm")]
    dapr_component_wasm::register(&mut registry);
    registry
}
