//! The registry of sidecars: which one, how it is opened, and how this sidecar appears in it.

use std::sync::Arc;

use dapr_resources::configuration::NameResolution;
use dapr_spi::metadata::{Properties, Property, error_of};
use dapr_spi::name_resolver::{Instance, NameResolver};
use dapr_spi::registry::{Component, Registry};
use serde_json::Value;

use crate::{Config, Mode, host};

const PREFIX: &str = "nameresolution.";

/// Opens the registry that the Configuration names, or the default one, and registers this sidecar.
///
/// # Errors
/// Why calls to other apps will not work; the text names the setting.
pub(super) async fn start(
    config: &Config,
    spec: &NameResolution,
    registry: &Registry,
    internal_port: u16,
) -> Result<Arc<dyn NameResolver>, String> {
    let default = if config.mode == Mode::Kubernetes { "kubernetes" } else { "local" };
    let name = if spec.component.is_empty() { default } else { spec.component.trim_start_matches(PREFIX) };
    let failed = |error: &dyn std::fmt::Display| {
        format!("failed to initialize name resolution `{name}` (spec.nameResolution of the Configuration): {error}")
    };
    let entry = registry.find(&format!("{PREFIX}{name}"), &spec.version).map_err(|unknown| failed(&unknown))?;
    let properties = properties(&spec.configuration).map_err(|error| failed(&error))?;
    for remark in entry.remarks(&properties) {
        tracing::warn!(target: "dapr.runtime", "name resolution {name}: {remark}");
    }
    let prepared = entry.prepare(&properties).map_err(|problems| failed(&error_of(&problems)))?;
    let context = dapr_spi::Context {
        name: name.to_owned(),
        app_id: config.app_id.clone(),
        namespace: config.namespace_or_default().to_owned(),
        ..dapr_spi::Context::default()
    };
    let opened = prepared.init(context).await.map_err(|error| failed(&error))?;
    let Component::NameResolver(resolver) = opened else { return Err(failed(&"it is no name resolver")) };
    let instance = instance(config, internal_port, resolver.same_machine());
    resolver.register(&instance).await.map_err(|error| failed(&error))?;
    tracing::info!(target: "dapr.runtime", "Initialized name resolution to {name}");
    Ok(resolver)
}

fn instance(config: &Config, port: u16, same_machine: bool) -> Instance {
    let listens_at = config.internal_grpc_address.trim_matches(['[', ']']);
    let listens_everywhere = matches!(listens_at, "" | "0.0.0.0" | "::");
    let address = match (listens_everywhere, same_machine) {
        (false, _) => if listens_at == "localhost" { "127.0.0.1" } else { listens_at }.to_owned(),
        (true, true) => host::loopback().to_owned(),
        (true, false) => host::address(&config.environment),
    };
    Instance {
        app_id: config.app_id.clone(),
        namespace: config.namespace_or_default().to_owned(),
        address,
        port,
        http_port: config.http_port,
        grpc_port: config.grpc_port,
        metrics_port: config.metrics.as_ref().map(|(_, port)| *port).unwrap_or_default(),
        profile_port: config.profile_port.unwrap_or_default(),
        app_port: config.app.port,
        app_health_path: config.app.health.as_ref().map(|health| health.path.clone()),
    }
}

/// Each top-level entry as a property: text as it is, anything else as JSON.
fn properties(configuration: &Value) -> Result<Properties, String> {
    let entries = match configuration {
        Value::Null => return Ok(Properties::default()),
        Value::Object(entries) => entries,
        other => return Err(format!("configuration: expected a map, found `{other}`")),
    };
    let property = |(index, (name, value)): (usize, (&String, &Value))| Property {
        name: name.clone(),
        value: value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        position: String::new(),
        name_position: String::new(),
        index,
    };
    Ok(Properties(entries.iter().enumerate().map(property).collect()))
}
