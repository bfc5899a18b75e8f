//! The broker that the tests of this program share, and components on it.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use dapr_component_kafka::register;
use dapr_spi::metadata::Properties;
use dapr_spi::pubsub::PubSub;
use dapr_spi::registry::{Component, Registry};
use dapr_spi::{Context, Result};
use dapr_testkit::process::Server;
use tokio::sync::Mutex as AsyncMutex;

/// A broker that lives as long as one of the tests that run at the same time uses it.
pub(crate) async fn shared() -> Arc<Server> {
    static STARTING: AsyncMutex<()> = AsyncMutex::const_new(());
    static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let _one = STARTING.lock().await;
    let running = SERVER.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
    if let Some(server) = running {
        return server;
    }
    let server = Arc::new(dapr_testkit::kafka::start().await.unwrap());
    *SERVER.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&server);
    server
}

/// Opens a component; `fields` go before what is set for all: no password, from the beginning, group `tests`.
pub(crate) async fn open(port: u16, fields: &[(&str, &str)]) -> Arc<dyn PubSub> {
    try_open(port, fields).await.unwrap()
}

pub(crate) async fn try_open(port: u16, fields: &[(&str, &str)]) -> Result<Arc<dyn PubSub>> {
    let brokers = format!("127.0.0.1:{port}");
    let common = [
        ("brokers", brokers.as_str()),
        ("authType", "none"),
        ("initialOffset", "oldest"),
        ("consumerID", "tests"),
        ("heartbeatInterval", "500ms"),
        ("sessionTimeout", "6s"),
    ];
    let pairs = common.into_iter().chain(fields.iter().copied());
    let mut registry = Registry::new();
    register(&mut registry);
    let entry = registry.find("pubsub.kafka", "v1").unwrap();
    let prepared = entry.prepare(&Properties::from_pairs(pairs)).map_err(|problems| {
        dapr_spi::Error::invalid(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    })?;
    match prepared.init(Context { name: "kafka".into(), app_id: "app".into(), ..Context::default() }).await? {
        Component::PubSub(broker) => Ok(broker),
        _ => panic!("pubsub.kafka is a broker"),
    }
}

/// A topic of one test.
pub(crate) fn topic(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::new_v4().simple())
}

pub(crate) const SOON: Duration = Duration::from_secs(30);
