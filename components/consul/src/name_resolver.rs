//! `nameresolution.hashicorp.consul`: registers this sidecar if it is asked to, and finds healthy ones.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dapr_spi::name_resolver::{Instance, NameResolver, Query};
use dapr_spi::{Context, Error, Factory, Result};
use serde_json::{Map, Value, json};

use crate::client::{Client, Entry};
use crate::json::member;
use crate::settings::Registration;
pub use crate::settings::{ConsulMetadata, ConsulSettings};

/// The agent answers out of its own cache, so asking often costs little.
const LIFETIME: Duration = Duration::from_secs(5);

/// Makes `nameresolution.hashicorp.consul`.
pub struct ConsulNames;

#[async_trait]
impl Factory for ConsulNames {
    type Metadata = ConsulMetadata;
    type Valid = ConsulSettings;
    type Component = dyn NameResolver;

    fn validate(metadata: ConsulMetadata) -> Result<ConsulSettings> {
        ConsulSettings::new(metadata)
    }

    async fn init(settings: ConsulSettings, _: Context) -> Result<Arc<dyn NameResolver>> {
        for remark in &settings.remarks {
            tracing::warn!("nameresolution.hashicorp.consul: {remark}");
        }
        if settings.client.tls.insecure_skip_verify {
            tracing::warn!("nameresolution.hashicorp.consul: `insecureSkipVerify` trusts any server that answers");
        }
        let files = settings.client.clone();
        let reading = tokio::task::spawn_blocking(move || Client::new(&files));
        let client = reading.await.map_err(|error| Error::failed(error.to_string()))??;
        if settings.registration.is_none() {
            client.check().await?;
        }
        Ok(Arc::new(Resolver { client, settings, registered: Mutex::default() }))
    }
}

struct Resolver {
    client: Client,
    settings: ConsulSettings,
    /// Ids of the services that we registered.
    registered: Mutex<BTreeSet<String>>,
}

#[async_trait]
impl NameResolver for Resolver {
    /// Does nothing unless the settings ask for it.
    async fn register(&self, instance: &Instance) -> Result<()> {
        let Some(registration) = &self.settings.registration else { return Ok(()) };
        let service = service_of(registration, instance, &self.settings.port_key);
        let id = id_of(&service);
        self.client.register(&Value::Object(service)).await?;
        tracing::info!("service `{id}` is registered at the Consul agent");
        self.registered.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        Ok(())
    }

    async fn resolve(&self, query: &Query) -> Result<Vec<String>> {
        let entries = self.client.healthy(&query.app_id, &self.settings.query).await?;
        let found = entries.len();
        let mut addresses: Vec<String> =
            entries.iter().filter_map(|entry| address_of(entry, &self.settings.port_key)).collect();
        addresses.sort_unstable();
        addresses.dedup();
        if addresses.is_empty() && found > 0 {
            return Err(Error::failed(format!(
                "target service AppID '{}' found but {} missing from meta",
                query.app_id, self.settings.port_key
            )));
        }
        Ok(addresses)
    }

    fn lifetime(&self) -> Duration {
        LIFETIME
    }

    fn hint(&self) -> &'static str {
        "check that Consul has a service of that name whose checks all pass, and that its metadata holds the port of the \
         sidecar (`daprPortMetaKey`)"
    }

    async fn close(&self) {
        let registered = std::mem::take(&mut *self.registered.lock().unwrap_or_else(PoisonError::into_inner));
        if !self.settings.deregister {
            return;
        }
        for id in registered {
            if let Err(error) = self.client.deregister(&id).await {
                tracing::warn!("nameresolution.hashicorp.consul: cannot take service `{id}` out: {error}");
            }
        }
    }
}

/// The registration in Consul's form.
fn service_of(registration: &Registration, instance: &Instance, port_key: &str) -> Map<String, Value> {
    let port = Value::String(instance.port.to_string());
    match registration {
        Registration::Whole(whole) => {
            let mut service = whole.clone();
            if member(&service, "name").is_none() {
                service.insert("Name".into(), instance.app_id.clone().into());
            }
            let key = member(&service, "meta").map_or_else(|| "Meta".to_owned(), |(key, _)| key.clone());
            match service.entry(key).or_insert_with(|| Value::Object(Map::new())) {
                Value::Object(meta) => drop(meta.insert(port_key.to_owned(), port)),
                other => *other = json!({ port_key: port }),
            }
            service
        }
        Registration::Plain { checks, tags, meta } => {
            let id = format!("{}-{}-{}", instance.app_id, instance.address, instance.http_port);
            let mut meta = meta.clone();
            meta.insert(port_key.to_owned(), port);
            let checks = if checks.is_empty() { vec![own_check(instance, &id)] } else { checks.clone() };
            let service = json!({
                "ID": id, "Name": instance.app_id, "Address": instance.address, "Port": instance.app_port,
                "Tags": tags, "Meta": meta, "Checks": checks,
            });
            service.as_object().cloned().unwrap_or_default()
        }
    }
}

fn own_check(instance: &Instance, id: &str) -> Value {
    let place = join(&instance.address, &instance.http_port.to_string());
    json!({
        "Name": "Dapr Health Status",
        "CheckID": format!("daprHealth:{id}"),
        "Interval": "15s",
        "HTTP": format!("http://{place}/v1.0/healthz?appid={}", instance.app_id),
    })
}

/// A service without an id has its name as id.
fn id_of(service: &Map<String, Value>) -> String {
    let text = |name| member(service, name).and_then(|(_, value)| value.as_str()).filter(|text| !text.is_empty());
    text("id").or_else(|| text("name")).unwrap_or_default().to_owned()
}

fn address_of(entry: &Entry, port_key: &str) -> Option<String> {
    let port = entry.service.meta.as_ref()?.get(port_key)?;
    port.parse::<u16>().ok()?;
    let node = entry.node.as_ref().map_or("", |node| node.address.as_str());
    let host = Some(entry.service.address.as_str()).filter(|host| !host.is_empty()).unwrap_or(node);
    (!host.is_empty()).then(|| join(host, port))
}

fn join(host: &str, port: &str) -> String {
    if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests;
