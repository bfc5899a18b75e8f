//! Everything between a publisher and the application, in one process.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dapr_app_channel::{App, Protocol, Settings as AppSettings};
use dapr_kit::clock::Clock;
use dapr_pubsub::envelope::Data;
use dapr_pubsub::{
    Broker, Brokers, Event, Protocol as Api, Publisher, PublisherSettings, Settings, SubscriptionSettings,
    Subscriptions,
};
use dapr_resiliency::Provider;
use dapr_resources::subscription::{Routes, Rule, SubscriptionSpec};
use dapr_resources::{ObjectMeta, Resiliency, Subscription};
use dapr_spi::Context;
use dapr_spi::metadata::Properties;
use dapr_spi::registry::{Component, Registry};
use dapr_telemetry::metrics::{Metrics, MetricsConfig};
use dapr_telemetry::trace::Tracer;

use crate::application::Application;

pub(crate) const BROKER: &str = "broker";
const NAMESPACE: &str = "space";
/// Metadata that make the broker a durable one.
const DURABLE: &[(&str, &str)] = &[("consumerID", "durable"), ("redeliverInterval", "50ms")];

/// Waits, but not for ever.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it takes too long")
}

/// A resource for a topic; an empty path is none.
pub(crate) fn declared(topic: &str, path: &str) -> Subscription {
    Subscription {
        metadata: ObjectMeta { name: format!("of-{topic}"), ..ObjectMeta::default() },
        spec: SubscriptionSpec {
            pubsubname: BROKER.into(),
            topic: topic.into(),
            routes: Routes { default: path.into(), ..Routes::default() },
            ..SubscriptionSpec::default()
        },
        scopes: Vec::new(),
    }
}

pub(crate) fn rules(rules: &[(&str, &str)]) -> Vec<Rule> {
    rules.iter().map(|(condition, path)| Rule { condition: (*condition).into(), path: (*path).into() }).collect()
}

/// A publisher, a broker in memory, subscriptions, and the way to an application.
pub(crate) struct Setup {
    pub(crate) brokers: Arc<Brokers>,
    pub(crate) subscriptions: Arc<Subscriptions>,
    publisher: Arc<Publisher>,
    metrics: Metrics,
    folder: tempfile::TempDir,
}

impl Setup {
    pub(crate) async fn new(app: &Application) -> Self {
        Self::build(app.port, Protocol::Http, &[], "").await
    }

    /// The broker's Component has these metadata.
    pub(crate) async fn with_metadata(app: &Application, metadata: &[(&str, &str)]) -> Self {
        Self::build(app.port, Protocol::Http, metadata, "").await
    }

    /// Deliveries that fail are tried again so often, at once.
    pub(crate) async fn with_retries(app: &Application, times: u32) -> Self {
        Self::build(app.port, Protocol::Http, &[], &retries(times)).await
    }

    /// The broker keeps messages and gives many at a time.
    pub(crate) async fn durable(app: &Application, times: u32) -> Self {
        Self::build(app.port, Protocol::Http, DURABLE, &retries(times)).await
    }

    /// The application speaks gRPC.
    pub(crate) async fn grpc(port: u16, times: u32) -> Self {
        Self::build(port, Protocol::Grpc, DURABLE, &retries(times)).await
    }

    async fn build(port: u16, protocol: Protocol, metadata: &[(&str, &str)], resiliency: &str) -> Self {
        let metrics = Metrics::new(&MetricsConfig { enabled: true, ..MetricsConfig::default() }).unwrap();
        let resources: Vec<Resiliency> =
            if resiliency.is_empty() { Vec::new() } else { vec![serde_json::from_str(resiliency).unwrap()] };
        let (resiliency, problems) = Provider::new(&resources, &metrics);
        assert!(problems.is_empty(), "{problems:?}");
        let brokers = Arc::new(Brokers::default());
        let folder = tempfile::tempdir().unwrap();
        brokers.insert(broker(metadata, folder.path()).await);
        let publisher = Arc::new(Publisher::new(PublisherSettings {
            app_id: "app".into(),
            brokers: brokers.clone(),
            resiliency: resiliency.clone(),
            metrics: metrics.clone(),
            clock: Clock::system(),
        }));
        let subscriptions = Arc::new(Subscriptions::new(SubscriptionSettings {
            app_id: "app".into(),
            asks_application: true,
            brokers: brokers.clone(),
            publisher: publisher.clone(),
            resiliency,
            metrics: metrics.clone(),
            tracer: Tracer::OFF,
            clock: Clock::system(),
        }));
        let app = App::new(AppSettings {
            protocol,
            address: "127.0.0.1".into(),
            port,
            token: Some("app-token".into()),
            max_concurrency: 0,
            max_body_size: 4 << 20,
            health: None,
            pipeline: Vec::new(),
            metrics: metrics.clone(),
        });
        subscriptions.set_app(Arc::new(app.unwrap()));
        Self { brokers, subscriptions, publisher, metrics, folder }
    }

    /// Has these resources, and an application that is ready.
    pub(crate) async fn open(&self, resources: Vec<Subscription>) {
        within(self.subscriptions.set_declared(resources)).await;
        within(self.subscriptions.set_app_ready(true)).await;
    }

    pub(crate) async fn publish(&self, topic: &str, data: &str, metadata: &[(&str, &str)]) {
        let metadata: HashMap<String, String> =
            metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let target = self.publisher.target(BROKER, topic, &metadata).unwrap();
        let data = Data::Bytes(data.to_owned().into());
        let event = Event { data, content_type: "application/json", metadata, trace: None };
        within(self.publisher.publish(&target, event, Api::Http)).await.unwrap();
    }

    /// Publishes numbers, from 0, while the application is away, so that they are there together when it is back.
    pub(crate) async fn publish_while_away(&self, topic: &str, count: u32) {
        within(self.subscriptions.set_app_ready(false)).await;
        for number in 0..count {
            self.publish(topic, &number.to_string(), &[]).await;
        }
        within(self.subscriptions.set_app_ready(true)).await;
    }

    /// Another broker takes the place of the one.
    pub(crate) async fn exchange_broker(&self) {
        let old = self.brokers.ready(BROKER).unwrap();
        old.component().close().await;
        self.brokers.insert(broker(&[], self.folder.path()).await);
    }

    /// Closes everything; that must not take long.
    pub(crate) async fn stop(&self) {
        within(self.subscriptions.stop()).await;
    }

    pub(crate) fn metrics(&self) -> String {
        self.metrics.encode()
    }
}

async fn broker(metadata: &[(&str, &str)], folder: &Path) -> Broker {
    let mut registry = Registry::default();
    dapr_component_memory::register(&mut registry);
    dapr_component_sqlite::register(&mut registry);
    let is_durable = metadata == DURABLE;
    let file = folder.join("messages.db");
    let mut pairs = metadata.to_vec();
    if is_durable {
        pairs.push(("connectionString", file.to_str().unwrap()));
    }
    let properties = Properties::from_pairs(pairs);
    let kind = if is_durable { "pubsub.sqlite" } else { "pubsub.in-memory" };
    let prepared = registry.find(kind, "v1").unwrap().prepare(&properties).unwrap();
    let context = Context { name: BROKER.into(), app_id: "app".into(), ..Context::default() };
    let Component::PubSub(component) = prepared.init(context).await.unwrap() else { panic!("{kind} is no broker") };
    let namespaced = metadata.iter().any(|(_, value)| value.contains("{namespace}"));
    Broker::new(BROKER, component, Settings::read(&properties, namespaced, NAMESPACE))
}

fn retries(times: u32) -> String {
    serde_json::json!({
        "metadata": {"name": "policies"},
        "spec": {
            "policies": {"retries": {"again": {"policy": "constant", "duration": "1ms", "maxRetries": times}}},
            "targets": {"components": {BROKER: {"inbound": {"retry": "again"}}}},
        },
    })
    .to_string()
}
