//! Outboxes over `state.in-memory` and `pubsub.in-memory`, and over SQLite, which outlives a sidecar.

use std::time::Duration as StdDuration;

use dapr_component_memory::{pubsub::InMemory as MemoryBroker, state::InMemory as MemoryStore};
use dapr_kit::clock::Clock;
use dapr_resiliency::Provider;
use dapr_spi::pubsub::{Deliveries, Intake, PubSub, SubscribeRequest, Subscription, Verdict};
use dapr_spi::registry::{Component, Registry};
use dapr_spi::state::{Consistency, DeleteRequest, GetRequest, StateStore};
use dapr_spi::{Context as InitContext, Factory as _};
use dapr_state::Settings as StoreSettings;
use dapr_telemetry::metrics::{Metrics, MetricsConfig};

use super::*;
use crate::envelope::Envelope;
use crate::{PublisherSettings, Settings as BrokerSettings};

struct World {
    outbox: Outbox,
    stores: Arc<Stores>,
    store: Arc<dyn StateStore>,
    broker: Arc<dyn PubSub>,
}

fn metadata(pairs: &[(&str, &str)]) -> Map {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn world_of(store: Arc<dyn StateStore>, broker: Arc<dyn PubSub>, scopes: &[(&str, &str)], discards: bool) -> World {
    let metrics = Metrics::new(&MetricsConfig::default()).unwrap();
    let (brokers, stores) = (Arc::new(Brokers::default()), Arc::new(Stores::default()));
    let properties = Properties::from_pairs(scopes.iter().copied());
    brokers.insert(Broker::new("broker", broker.clone(), BrokerSettings::read(&properties, false, "")));
    stores.insert(Store::new("store", store.clone(), StoreSettings::default(), metrics.clone()));
    let publisher = Arc::new(Publisher::new(PublisherSettings {
        app_id: "shop".into(),
        brokers: brokers.clone(),
        resiliency: Provider::new(&[], &metrics).0,
        metrics,
        clock: Clock::system(),
    }));
    let namespace = "prod".to_owned();
    let outbox = Outbox::new(Settings { app_id: "shop".into(), namespace, publisher, brokers, stores: stores.clone() });
    let discards = discards.to_string();
    let properties = Properties::from_pairs([
        ("outboxPublishPubsub", "broker"),
        ("outboxPublishTopic", "orders"),
        ("outboxDiscardWhenMissingState", &discards),
    ]);
    outbox.set("store", Config::read(&properties));
    World { outbox, stores, store, broker }
}

async fn world() -> World {
    world_with(&[], false).await
}

async fn world_with(scopes: &[(&str, &str)], discards: bool) -> World {
    let store = MemoryStore::init((), InitContext::default()).await.unwrap();
    let broker = MemoryBroker::init((), InitContext::default()).await.unwrap();
    world_of(store, broker, scopes, discards)
}

fn upsert(key: &str, value: Value, pairs: &[(&str, &str)]) -> Operation {
    let (key, metadata) = (key.to_owned(), metadata(pairs));
    Operation::Upsert(SetRequest { key, value, etag: None, metadata, options: Options::default() })
}

fn json(text: &'static str) -> Value {
    Value::Json(Bytes::from_static(text.as_bytes()))
}

async fn subscribed(broker: &Arc<dyn PubSub>, topic: &str) -> (Box<dyn Subscription>, Deliveries) {
    let (intake, deliveries) = Intake::new(16);
    let request = SubscribeRequest { topic: topic.into(), ..SubscribeRequest::default() };
    (broker.subscribe(request, intake).await.unwrap(), deliveries)
}

/// The next event of a topic; a failure of the test when there is none for long.
async fn next(deliveries: &mut Deliveries) -> Envelope {
    let delivery = timeout(StdDuration::from_secs(20), deliveries.next()).await.expect("no event").unwrap();
    let event = Envelope::read(delivery.message.data.clone()).unwrap();
    delivery.settle(Verdict::Done);
    event
}

impl World {
    async fn transact(&self, operations: Vec<Operation>) -> Result<()> {
        let store = self.stores.find("store").unwrap();
        self.outbox.transact(&store, operations, &[], Map::new(), None).await
    }

    /// The first half alone.
    async fn first_half(&self, operations: Vec<Operation>) -> Result<()> {
        let (store, known) = (self.stores.find("store").unwrap(), self.known());
        self.outbox.with_outbox(&store, &known.config, operations, &[], Map::new(), None).await
    }

    fn known(&self) -> Arc<Known> {
        self.outbox.known.load()["store"].clone()
    }

    async fn stored(&self, key: &str) -> Option<Bytes> {
        let request = GetRequest { key: key.to_owned(), metadata: Map::new(), consistency: Consistency::Unspecified };
        self.store.get(request).await.unwrap().data
    }
}

#[test]
fn both_names_are_needed_for_an_outbox() {
    let read = |pairs: &[(&str, &str)]| Config::read(&Properties::from_pairs(pairs.iter().copied()));
    assert_eq!(read(&[("outboxPublishPubsub", "a")]), None);
    assert_eq!(read(&[("outboxPublishTopic", "t"), ("outboxPublishPubsub", "")]), None);
    let config = read(&[("outboxPublishTopic", "t"), ("outboxPublishPubsub", "a")]).unwrap();
    assert_eq!((config.pubsub.as_str(), config.discards), ("a", false));
    let given = [
        ("outboxPublishTopic", "t"),
        ("outboxPublishPubsub", "a"),
        ("outboxPubsub", "b"),
        ("outboxDiscardWhenMissingState", "yes"),
    ];
    let config = read(&given).unwrap();
    assert_eq!((config.pubsub.as_str(), config.discards), ("b", true));
}

#[tokio::test(start_paused = true)]
async fn what_is_written_is_published_and_its_marker_goes() {
    let world = world().await;
    world.outbox.start();
    let (_held, mut deliveries) = subscribed(&world.broker, "orders").await;
    let pairs = [("mine", "m"), ("data", "no"), ("id", "no"), ("source", "elsewhere")];
    let delete = Operation::Delete(DeleteRequest { key: "b".into(), ..DeleteRequest::default() });
    world.transact(vec![upsert("a", json("\"2\""), &pairs), delete]).await.unwrap();
    let event = next(&mut deliveries).await;
    assert_eq!((event.text("data").unwrap(), event.text("mine").unwrap()), ("2".into(), "m".into()));
    assert_eq!((event.topic().unwrap(), event.pubsub_name().unwrap()), ("orders".into(), "broker".into()));
    assert_eq!(
        (event.source().unwrap(), event.data_content_type().unwrap()),
        ("elsewhere".into(), "text/plain".into())
    );
    let marker = event.id().unwrap().into_owned();
    assert!(marker.starts_with("outbox-"));
    world.outbox.stop().await;
    assert_eq!(world.stored(&marker).await, None);
    assert_eq!(world.stored("a").await.unwrap(), "\"2\"");
    assert!(deliveries.try_next().is_none(), "a delete has no event");
}

#[tokio::test(start_paused = true)]
async fn a_projection_is_published_and_not_written() {
    let world = world().await;
    world.outbox.start();
    let (_held, mut deliveries) = subscribed(&world.broker, "orders").await;
    let projection = [("outbox.projection", "true"), ("contentType", "application/json")];
    let operations = vec![upsert("a", json("{\"x\":1}"), &[("k", "v")]), upsert("a", json("{\"n\":1.0}"), &projection)];
    world.transact(operations).await.unwrap();
    let event = next(&mut deliveries).await;
    assert_eq!((event.data(), event.text("k").unwrap()), (Some("{\"n\":1.0}"), "v".into()));
    assert_eq!((event.data_content_type().unwrap(), event.raw("outbox.projection")), ("application/json".into(), None));
    assert_eq!(world.stored("a").await.unwrap(), "{\"x\":1}");
}

#[tokio::test(start_paused = true)]
async fn each_value_has_its_form_in_the_event() {
    let world = world().await;
    world.outbox.start();
    let (_held, mut deliveries) = subscribed(&world.broker, "orders").await;
    let binary = Value::Binary(Bytes::from_static(b"\xff"));
    let store = world.stores.find("store").unwrap();
    let operations = vec![
        upsert("a", json("{\"x\":[1]}"), &[]),
        upsert("b", json("1e2"), &[]),
        upsert("c", binary, &[("contentType", "application/octet-stream")]),
    ];
    let content_types = [None, Some("application/json".to_owned())];
    world.outbox.transact(&store, operations, &content_types, Map::new(), None).await.unwrap();
    assert_eq!(next(&mut deliveries).await.text("data").unwrap(), "{\"x\":[1]}");
    assert_eq!(next(&mut deliveries).await.data(), Some("1e2"));
    assert_eq!(next(&mut deliveries).await.data_base64().unwrap().unwrap(), b"\xff");
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_is_refused_publishes_nothing() {
    let world = world().await;
    world.outbox.start();
    let (_held, mut deliveries) = subscribed(&world.broker, "orders").await;
    let Operation::Upsert(item) = upsert("a", json("1"), &[]) else { unreachable!() };
    let options = Options { concurrency: dapr_spi::state::Concurrency::FirstWrite, ..Options::default() };
    let stale = Operation::Upsert(SetRequest { etag: Some("99".into()), options, ..item });
    let error = world.transact(vec![stale]).await.unwrap_err();
    assert_eq!(error.row(), &table::STATE_TRANSACTION);
    world.transact(vec![upsert("b", json("2"), &[])]).await.unwrap();
    assert_eq!(next(&mut deliveries).await.text("data").unwrap(), "2");
    world.outbox.stop().await;
    assert!(deliveries.try_next().is_none());
}

#[tokio::test(start_paused = true)]
async fn without_the_internal_topic_nothing_is_written() {
    let world = world().await;
    world.broker.close().await;
    let error = world.first_half(vec![upsert("a", json("1"), &[])]).await.unwrap_err();
    assert_eq!(error.row(), &table::PUBLISH_OUTBOX);
    assert_eq!(error.message(), "error while publishing outbox message: component is closed");
    assert_eq!(error.metadata()[0], ("appID".into(), "shop".into()));
    assert_eq!(world.stored("a").await, None);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_before_the_internal_topic_is_read() {
    let world = world().await;
    let error = world.transact(vec![upsert("a", json("1"), &[])]).await.unwrap_err();
    assert_eq!(error.row(), &table::PUBLISH_OUTBOX);
    assert!(error.message().contains("prodshopordersoutbox"), "{error}");
    assert_eq!(world.stored("a").await, None);
    let transaction = world.transact(vec![upsert("a", json("1"), &[])]);
    let (done, ()) = tokio::join!(transaction, async { world.outbox.start() });
    done.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_the_app_may_not_use_is_told_before_anything_is_written() {
    let world = world_with(&[("publishingScopes", "shop=")], false).await;
    let error = world.first_half(vec![upsert("a", json("1"), &[])]).await.unwrap_err();
    assert!(error.message().ends_with("topic orders is not allowed for app id shop"), "{error}");
    assert_eq!(world.stored("a").await, None);
}

#[tokio::test(start_paused = true)]
async fn many_writes_of_one_transaction_do_not_wait_for_each_other() {
    let world = world().await;
    world.outbox.start();
    let (_held, mut deliveries) = subscribed(&world.broker, "orders").await;
    let operations = (0..500).map(|number| upsert(&number.to_string(), json("1"), &[])).collect();
    world.transact(operations).await.unwrap();
    for _ in 0..500 {
        next(&mut deliveries).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_the_events_at_hand() {
    let world = world().await;
    world.outbox.start();
    let (_held, mut deliveries) = subscribed(&world.broker, "orders").await;
    let operations = (0..100).map(|number| upsert(&number.to_string(), json("1"), &[])).collect();
    world.transact(operations).await.unwrap();
    let settled = async {
        world.outbox.settle().await;
        world.outbox.stop().await;
    };
    let mut settled = std::pin::pin!(settled);
    let mut count = 0;
    loop {
        tokio::select! {
            biased;
            () = &mut settled => break,
            _ = next(&mut deliveries) => count += 1,
        }
    }
    while deliveries.try_next().is_some() {
        count += 1;
    }
    assert_eq!(count, 100);
}

/// What comes back to the internal topic, as a broker without memory would lose it.
async fn verdict_of(world: &World, data: Bytes) -> Verdict {
    use dapr_spi::pubsub::{Delivery, Message};
    let (sender, receiver) = std::sync::mpsc::channel();
    let message = Message { data, topic: "prodshopordersoutbox".into(), ..Message::default() };
    let delivery = Delivery::new(message, None, move |verdict| sender.send(verdict).unwrap());
    relay::relay_for_test(&world.outbox.shared, "store", &world.known(), delivery).await;
    receiver.try_recv().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_marker_comes_again_or_is_discarded() {
    let event = Bytes::from_static(br#"{"id":"outbox-x","data":"1"}"#);
    assert_eq!(verdict_of(&world().await, event.clone()).await, Verdict::Again);
    assert_eq!(verdict_of(&world_with(&[], true).await, event).await, Verdict::Done);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_event_is_dropped_and_touches_nothing() {
    let world = world().await;
    world.first_half(vec![upsert("other", json("1"), &[])]).await.unwrap();
    for data in ["", "{", "[]", "{}", r#"{"id":5}"#, r#"{"id":"other"}"#] {
        assert_eq!(verdict_of(&world, Bytes::from_static(data.as_bytes())).await, Verdict::Done, "{data}");
    }
    assert!(world.stored("other").await.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_once_more_is_not_published_again() {
    let world = world().await;
    let (_held, mut internal) = subscribed(&world.broker, "prodshopordersoutbox").await;
    world.first_half(vec![upsert("a", json("1"), &[])]).await.unwrap();
    let data = next(&mut internal).await.bytes().clone();
    let (_held, mut deliveries) = subscribed(&world.broker, "orders").await;
    assert_eq!(verdict_of(&world, data.clone()).await, Verdict::Done);
    assert_eq!(verdict_of(&world, data).await, Verdict::Done);
    next(&mut deliveries).await;
    assert!(deliveries.try_next().is_none());
}

fn open_registry() -> Registry {
    let mut registry = Registry::default();
    dapr_component_sqlite::register(&mut registry);
    registry
}

async fn opened(kind: &str, pairs: &[(&str, &str)]) -> Component {
    let registry = open_registry();
    let entry = registry.find(kind, "v1").unwrap();
    let prepared = entry.prepare(&Properties::from_pairs(pairs.iter().copied())).unwrap();
    let context = InitContext { name: "c".into(), app_id: "shop".into(), ..InitContext::default() };
    prepared.init(context).await.unwrap()
}

async fn durable(folder: &std::path::Path) -> World {
    let path = |name: &str| folder.join(name).display().to_string();
    let Component::State(store) = opened("state.sqlite", &[("connectionString", &path("state.db"))]).await else {
        unreachable!()
    };
    let Component::PubSub(broker) = opened("pubsub.sqlite", &[("connectionString", &path("events.db"))]).await else {
        unreachable!()
    };
    world_of(store, broker, &[], false)
}

#[tokio::test]
async fn a_sidecar_that_dies_after_the_transaction_has_its_event_published_by_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let first = durable(folder.path()).await;
    // The internal topic exists once somebody has subscribed.
    let (held, internal) = subscribed(&first.broker, "prodshopordersoutbox").await;
    let (final_held, final_deliveries) = subscribed(&first.broker, "orders").await;
    first.first_half(vec![upsert("a", json("\"2\""), &[])]).await.unwrap();
    drop((internal, final_deliveries));
    held.close().await;
    final_held.close().await;
    first.broker.close().await;
    drop(first);

    let second = durable(folder.path()).await;
    let (_held, mut deliveries) = subscribed(&second.broker, "orders").await;
    second.outbox.start();
    let event = next(&mut deliveries).await;
    assert_eq!(event.text("data").unwrap(), "2");
    second.outbox.stop().await;
    assert_eq!(second.stored(&event.id().unwrap()).await, None);
}
