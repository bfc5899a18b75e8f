//! Name resolution by multicast DNS: `nameresolution.mdns`.
//!
//! The wire format is that of the Go sidecars (components-contrib v1.18.4, nameresolution/mdns, over grandcat/zeroconf
//! 1.0), so that both find each other: the service type is the app id itself, without `_tcp`, in the domain `local`; the
//! text record is the app id. Crates for DNS-SD refuse such a type, hence a responder of our own over `simple-dns`.
//!
//! Nothing is sent unless somebody asks or answers, and a quiet network wakes nobody.

mod cache;
mod links;
mod message;
mod responder;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::task::{self, Task};
use dapr_spi::name_resolver::{Instance, NameResolver, Query};
use dapr_spi::registry::Registry;
use dapr_spi::{Context, Error, Factory, Metadata, Result};
use tokio::time::{Instant, sleep, timeout_at};

use message::Service;
use responder::Responder;

/// How long an app that nobody knows is looked for, as in the incumbent.
const PATIENCE: Duration = Duration::from_secs(1);
/// When to ask again while there is no answer.
const RETRY: Duration = Duration::from_millis(250);
/// After the first answer, replicas get this long to answer too.
const COLLECT: Duration = Duration::from_millis(60);
/// Between the two announcements of a new sidecar (RFC 6762, 8.3).
const ANNOUNCE_AGAIN: Duration = Duration::from_secs(1);

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("nameresolution.mdns").factory::<Mdns>();
}

/// Fields of `nameresolution.mdns`: none.
#[derive(Clone, Debug, Metadata)]
pub struct MdnsMetadata {}

/// Makes `nameresolution.mdns`.
pub struct Mdns;

#[async_trait]
impl Factory for Mdns {
    type Metadata = MdnsMetadata;
    type Valid = ();
    type Component = dyn NameResolver;

    fn validate(_: MdnsMetadata) -> Result<()> {
        Ok(())
    }

    async fn init((): (), _: Context) -> Result<Arc<dyn NameResolver>> {
        Ok(Arc::new(Resolver { responder: Responder::start()?, announcing: Mutex::default() }))
    }
}

struct Resolver {
    responder: Arc<Responder>,
    announcing: Mutex<Option<Task<()>>>,
}

#[async_trait]
impl NameResolver for Resolver {
    async fn register(&self, instance: &Instance) -> Result<()> {
        let service = Service::new(&instance.app_id, address_of(instance)?, instance.port)?;
        self.responder.publish(service);
        let responder = self.responder.clone();
        let again = task::spawn("nameresolution.mdns announcement", async move {
            sleep(ANNOUNCE_AGAIN).await;
            responder.announce();
        });
        *self.announcing.lock().unwrap_or_else(PoisonError::into_inner) = Some(again);
        Ok(())
    }

    /// Sidecars that are known are the answer at once, while the network is asked for changes. For an app that was not
    /// asked for before, the answer takes 60 ms after the first sidecar's.
    async fn resolve(&self, query: &Query) -> Result<Vec<String>> {
        let app_id = query.app_id.as_str();
        let answered = self.responder.watch(app_id);
        self.responder.ask(app_id)?;
        let known = self.responder.addresses(app_id);
        if !known.is_empty() {
            return Ok(known);
        }
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let notified = answered.notified();
            if !self.responder.addresses(app_id).is_empty() {
                sleep(COLLECT).await;
                break;
            }
            if timeout_at(end.min(Instant::now() + RETRY), notified).await.is_err() {
                self.responder.ask(app_id)?;
            }
        }
        Ok(self.responder.addresses(app_id))
    }

    fn lifetime(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn hint(&self) -> &'static str {
        "check that its sidecar runs with mDNS name resolution, and that nothing between the two blocks multicast \
         (UDP port 5353): firewalls, VPNs, Wi-Fi isolation and most container networks do"
    }

    async fn close(&self) {
        self.announcing.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.responder.withdraw();
    }
}

fn address_of(instance: &Instance) -> Result<IpAddr> {
    let host = instance.address.trim_start_matches('[').trim_end_matches(']');
    host.parse().map_err(|_| {
        Error::invalid(format!("mDNS publishes IP addresses; the host address `{}` is none", instance.address))
    })
}

#[cfg(test)]
mod tests;
