//! Publishing through the engine to `pubsub.in-memory`, and to a broker that fails when it is told to.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use dapr_component_memory::pubsub::InMemory;
use dapr_resources::Resiliency;
use dapr_spi::metadata::Properties;
use dapr_spi::pubsub::{Deliveries, Feature, Intake, PubSub, SubscribeRequest, Subscription, Verdict as Done};
use dapr_spi::{Context as InitContext, Factory as _};
use dapr_telemetry::metrics::MetricsConfig;

use super::*;
use crate::envelope::{Envelope, NO_TRACE};
use crate::{Entry, Settings as BrokerSettings};

type Held = Box<dyn Subscription>;

struct World {
    publisher: Publisher,
    metrics: Metrics,
    brokers: Arc<Brokers>,
    clock: Clock,
}

fn world(resiliency: &[&str]) -> World {
    let metrics =
        Metrics::new(&MetricsConfig { enabled: true, app_id: "shop".into(), ..MetricsConfig::default() }).unwrap();
    let resources: Vec<Resiliency> = resiliency.iter().map(|policies| resource(policies)).collect();
    let (provider, problems) = Provider::new(&resources, &metrics);
    assert!(problems.is_empty(), "{problems:?}");
    let (brokers, clock) = (Arc::new(Brokers::default()), Clock::manual(1_767_323_045_678));
    let publisher = Publisher::new(Settings {
        app_id: "shop".into(),
        brokers: brokers.clone(),
        resiliency: provider,
        metrics: metrics.clone(),
        clock: clock.clone(),
    });
    World { publisher, metrics, brokers, clock }
}

fn resource(policies: &str) -> Resiliency {
    let targets = r#"{"components": {"broker": {"outbound": {"retry": "again", "timeout": "soon"}}}}"#;
    let spec = format!(r#"{{"policies": {policies}, "targets": {targets}}}"#);
    serde_json::from_str(&format!(r#"{{"metadata": {{"name": "r"}}, "spec": {spec}}}"#)).unwrap()
}

async fn in_memory() -> Arc<dyn PubSub> {
    InMemory::init((), InitContext::default()).await.unwrap()
}

async fn subscribed(broker: &Arc<dyn PubSub>, topic: &str) -> (Held, Deliveries) {
    let (intake, deliveries) = Intake::new(64);
    let request = SubscribeRequest { topic: topic.into(), ..SubscribeRequest::default() };
    (broker.subscribe(request, intake).await.unwrap(), deliveries)
}

async fn next(deliveries: &mut Deliveries) -> Message {
    let delivery = deliveries.next().await.unwrap();
    let message = delivery.message.clone();
    delivery.settle(Done::Done);
    message
}

fn map(pairs: &[(&str, &str)]) -> Map {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn event<'a>(data: &'static str, content_type: &'a str, metadata: &[(&str, &str)]) -> Event<'a> {
    Event { data: Data::Bytes(Bytes::from_static(data.as_bytes())), content_type, metadata: map(metadata), trace: None }
}

impl World {
    fn add(&self, broker: &Arc<dyn PubSub>, metadata: &[(&str, &str)], namespaced: bool) {
        let properties = Properties::from_pairs(metadata.iter().copied());
        let settings = BrokerSettings::read(&properties, namespaced, "prod");
        self.brokers.insert(Broker::new("broker", broker.clone(), settings));
    }

    fn target(&self, topic: &str) -> Target {
        self.publisher.target("broker", topic, &Map::new()).unwrap()
    }

    async fn publish(&self, topic: &str, event: Event<'_>) -> Result<()> {
        self.publisher.publish(&self.target(topic), event, Protocol::Http).await
    }
}

#[tokio::test]
async fn a_message_comes_in_an_envelope() {
    let (world, broker) = (world(&[]), in_memory().await);
    world.add(&broker, &[], false);
    let (_held, mut deliveries) = subscribed(&broker, "orders").await;
    let trace = Context::from_text("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "a=1").unwrap();
    let given = event("{\"n\": 1.0}", "application/json", &[("ttlInSeconds", "60"), ("cloudevent.type", "mine")]);
    world.publish("orders", Event { trace: Some(&trace), ..given }).await.unwrap();
    let message = next(&mut deliveries).await;
    assert_eq!((message.topic.as_str(), message.content_type, message.metadata.len()), ("orders", None, 2));
    let event = Envelope::read(message.data).unwrap();
    assert_eq!(event.data(), Some("{\"n\":1.0}"));
    assert_eq!((event.source().unwrap(), event.event_type().unwrap()), ("shop".into(), "mine".into()));
    assert_eq!(event.trace_parent().unwrap(), trace.traceparent().as_str());
    assert_eq!(event.text("traceid"), event.trace_parent());
    assert_eq!(event.trace_state().unwrap(), "a=1");
    assert_eq!(event.text("expiration").unwrap(), "2026-01-02T03:05:05Z");
    assert!(!event.is_expired(world.clock.now()));
    world.clock.advance(61_000);
    assert!(event.is_expired(world.clock.now()));
    let text = world.metrics.encode();
    assert!(text.contains("dapr_component_pubsub_egress_count{app_id=\"shop\",component=\"broker\",namespace=\"\",success=\"true\",topic=\"orders\"} 1"), "{text}");
}

#[tokio::test]
async fn a_raw_payload_is_passed_as_it_is() {
    let (world, broker) = (world(&[]), in_memory().await);
    world.add(&broker, &[], false);
    let (_held, mut deliveries) = subscribed(&broker, "orders").await;
    world.publish("orders", event("plain", "application/cloudevents+json", &[("rawPayload", "T")])).await.unwrap();
    assert_eq!(next(&mut deliveries).await.data, "plain");
    let letter = (Bytes::from_static(b"\xff"), map(&[("a", "b")]), Some("x/y".to_owned()));
    world.publisher.publish_raw("broker", "orders", letter.0, letter.1, letter.2).await.unwrap();
    let message = next(&mut deliveries).await;
    assert_eq!((message.data.as_ref(), message.content_type.as_deref()), (&b"\xff"[..], Some("x/y")));
    assert_eq!(message.metadata["a"], "b");
}

#[tokio::test]
async fn a_given_event_is_taken_and_a_broken_one_refused() {
    let (world, broker) = (world(&[]), in_memory().await);
    world.add(&broker, &[], false);
    let (_held, mut deliveries) = subscribed(&broker, "orders").await;
    let kind = "Application/CloudEvents+JSON; charset=utf-8";
    world.publish("orders", event("{\"id\":\"a\",\"topic\":\"x\"}", kind, &[("cloudevent.id", "no")])).await.unwrap();
    let taken = Envelope::read(next(&mut deliveries).await.data).unwrap();
    assert_eq!((taken.id().unwrap(), taken.topic().unwrap()), ("a".into(), "orders".into()));
    assert_eq!((taken.pubsub_name().unwrap(), taken.trace_parent().unwrap()), ("broker".into(), NO_TRACE.into()));
    for wrong in ["{\"id", "null", "[]", ""] {
        let error = world.publish("orders", event(wrong, kind, &[])).await.unwrap_err();
        assert_eq!((error.row(), error.message()), (&table::PUBSUB_CLOUD_EVENTS_SER, "cannot create cloudevent"));
        assert_eq!(error.metadata()[0], ("appID".into(), "shop".into()));
        assert_eq!(error.details().len(), 1);
    }
}

#[tokio::test]
async fn what_cannot_be_found_is_told() {
    let (world, broker) = (world(&[]), in_memory().await);
    let error = |pubsub: &str, topic: &str| world.publisher.target(pubsub, topic, &map(&[("m", "v")])).err().unwrap();
    assert_eq!(error("broker", "orders").row(), &table::PUBSUB_NOT_FOUND);
    world.add(&broker, &[], false);
    assert_eq!(error("other", "orders").message(), "pubsub other is not found");
    assert!(error("other", "orders").details().is_empty());
    assert_eq!((error("", "").row(), error("broker", "").row()), (&table::PUBSUB_EMPTY, &table::PUBSUB_TOPIC_EMPTY));
    assert_eq!(error("broker", "").metadata(), [("m".into(), "v".into())]);
    let wrong = world.publish("orders", event("", "", &[("rawPayload", "maybe")])).await.unwrap_err();
    let expected = "failed deserializing metadata. Error: rawPayload value must be a valid boolean: actual is 'maybe'";
    assert_eq!((wrong.row(), wrong.message()), (&table::PUBSUB_REQUEST_METADATA, expected));
    world.brokers.set_unready("broker", "it starts");
    assert_eq!(error("broker", "orders").row(), &table::PUBSUB_UNAVAILABLE);
}

#[tokio::test]
async fn topics_may_be_scoped_and_namespaced() {
    let (world, broker) = (world(&[]), in_memory().await);
    world.add(&broker, &[("publishingScopes", "shop=orders;other=")], true);
    let (_held, mut deliveries) = subscribed(&broker, "prodorders").await;
    world.publish("orders", event("x", "", &[])).await.unwrap();
    assert_eq!(Envelope::read(next(&mut deliveries).await.data).unwrap().topic().unwrap(), "orders");
    let error = world.publish("secrets", event("x", "", &[])).await.unwrap_err();
    assert_eq!(error.row(), &table::PUBSUB_FORBIDDEN);
    assert_eq!(error.message(), "topic secrets is not allowed for app id shop");
    let letter = world.publisher.publish_raw("broker", "secrets", Bytes::new(), Map::new(), None).await;
    assert_eq!(letter.unwrap_err().row(), &table::PUBSUB_FORBIDDEN);
    let bulk = bulk_of(&world, "secrets", &["a"]).await;
    assert_eq!(bulk.unwrap_err().row(), &table::PUBSUB_FORBIDDEN);
}

async fn bulk_of(world: &World, topic: &str, ids: &[&str]) -> Result<Bulk> {
    let entry = |id: &&str| Entry { id: (*id).to_owned(), event: event("1", "application/json", &[]) };
    let entries = ids.iter().map(entry).collect();
    world.publisher.bulk_publish(&world.target(topic), entries, Map::new(), Protocol::Http).await
}

#[tokio::test]
async fn many_messages_go_in_their_order() {
    let (world, broker) = (world(&[]), in_memory().await);
    world.add(&broker, &[], false);
    let (_held, mut deliveries) = subscribed(&broker, "orders").await;
    let data = ["1", "2", "3"];
    let entry = |(id, data): (usize, &&'static str)| Entry {
        id: id.to_string(),
        event: event(data, "application/json", &[("cloudevent.id", data)]),
    };
    let entries = data.iter().enumerate().map(entry).collect();
    let done = world.publisher.bulk_publish(&world.target("orders"), entries, Map::new(), Protocol::Grpc).await;
    assert!(done.unwrap().error.is_none());
    for expected in data {
        let event = Envelope::read(next(&mut deliveries).await.data).unwrap();
        assert_eq!((event.id().unwrap().as_ref(), event.data()), (expected, Some(expected)));
    }
    for ids in [&["a", "a"][..], &["a", ""]] {
        let error = bulk_of(&world, "orders", ids).await.unwrap_err();
        assert_eq!(error.row(), &table::PUBSUB_MARSHAL_EVENTS);
        assert!(error.message().ends_with("error: entryId is duplicated or not present for entry"), "{error}");
    }
    assert!(bulk_of(&world, "orders", &[]).await.unwrap().error.is_none());
    assert!(world.metrics.encode().contains("dapr_component_pubsub_egress_bulk_event_count{app_id=\"shop\",component=\"broker\",namespace=\"\",success=\"true\",topic=\"orders\"} 3"));
}

/// Takes the next answer for each message, and remembers the messages. No real broker refuses on demand.
#[derive(Default)]
struct Moody {
    answers: Mutex<VecDeque<Answer>>,
    seen: Mutex<Vec<String>>,
}

#[derive(Clone, Copy)]
enum Answer {
    Takes,
    Fails,
    Refuses,
    Hangs,
}

#[async_trait]
impl PubSub for Moody {
    fn features(&self) -> &[Feature] {
        &[Feature::MessageTtl]
    }

    async fn publish(&self, message: Message) -> dapr_spi::Result<()> {
        self.seen.lock().unwrap().push(String::from_utf8_lossy(&message.data).into_owned());
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Answer::Takes);
        match answer {
            Answer::Takes => Ok(()),
            Answer::Fails => Err(BrokerError::failed("the disk is full")),
            Answer::Refuses => Err(BrokerError::invalid("too large")),
            Answer::Hangs => std::future::pending().await,
        }
    }

    fn redelivery(&self, _: &SubscribeRequest) -> String {
        String::new()
    }

    async fn subscribe(&self, _: SubscribeRequest, _: Intake) -> dapr_spi::Result<Held> {
        Err(BrokerError::unsupported("it only takes"))
    }
}

const AGAIN: &str = r#"{"retries": {"again": {"policy": "constant", "duration": "10ms", "maxRetries": 3}}, "timeouts": {"soon": "1s"}}"#;

fn moody(answers: &[Answer]) -> Arc<Moody> {
    Arc::new(Moody { answers: Mutex::new(answers.iter().copied().collect()), ..Moody::default() })
}

fn with(world: &World, broker: &Arc<Moody>) {
    let broker: Arc<dyn PubSub> = broker.clone();
    world.add(&broker, &[], false);
}

#[tokio::test(start_paused = true)]
async fn a_policy_repeats_what_may_help() {
    use Answer::{Fails, Hangs, Refuses, Takes};
    for (answers, attempts, outcome) in [
        (&[Fails, Hangs, Takes][..], 3, Ok(())),
        (&[Refuses], 1, Err("too large")),
        (&[Fails, Fails, Fails, Fails], 4, Err("the disk is full")),
        (&[Hangs, Hangs, Hangs, Hangs], 4, Err("context deadline exceeded: no answer within 1s")),
    ] {
        let (world, broker) = (world(&[AGAIN]), moody(answers));
        with(&world, &broker);
        let done = world.publish("orders", event("1", "", &[("rawPayload", "true")])).await;
        assert_eq!(broker.seen.lock().unwrap().len(), attempts);
        match outcome {
            Ok(()) => done.unwrap(),
            Err(cause) => {
                let error = done.unwrap_err();
                let expected = format!("error when publishing to topic orders in pubsub broker: {cause}");
                assert_eq!((error.row(), error.message()), (&table::PUBSUB_PUBLISH_MESSAGE, expected.as_str()));
            }
        }
    }
}

#[tokio::test]
async fn without_a_policy_there_is_one_attempt() {
    let (world, broker) = (world(&[]), moody(&[Answer::Fails]));
    with(&world, &broker);
    let error = world.publish("orders", event("1", "", &[("ttl", "5")])).await.unwrap_err();
    assert_eq!(error.http_status(), 500);
    let seen = broker.seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].contains("expiration"), "this broker expires messages itself: {}", seen[0]);
}

#[tokio::test(start_paused = true)]
async fn only_entries_that_failed_are_repeated() {
    use Answer::{Fails, Takes};
    let (world, broker) = (world(&[AGAIN]), moody(&[Takes, Fails, Takes, Fails, Fails, Fails]));
    with(&world, &broker);
    let entry = |id: &'static str| Entry { id: id.to_owned(), event: event(id, "", &[]) };
    let entries = vec![entry("a"), entry("b"), entry("c"), entry("d")];
    let raw = map(&[("rawPayload", "true")]);
    let bulk = world.publisher.bulk_publish(&world.target("orders"), entries, raw, Protocol::Http).await.unwrap();
    assert_eq!(*broker.seen.lock().unwrap(), ["a", "b", "c", "d", "b", "d", "b", "d"]);
    assert!(bulk.error.is_none() && bulk.failed.is_empty(), "the last attempt took both: {bulk:?}");
}

#[tokio::test(start_paused = true)]
async fn each_entry_has_its_own_result() {
    use Answer::{Fails, Hangs, Refuses, Takes};
    let names = |bulk: &Bulk| bulk.failed.iter().map(|entry| entry.entry_id.clone()).collect::<Vec<_>>();
    for policies in [&[][..], &[AGAIN]] {
        let (world, broker) = (world(policies), moody(&[Takes, Refuses, Takes]));
        with(&world, &broker);
        let bulk = bulk_of(&world, "orders", &["a", "b", "c"]).await.unwrap();
        assert_eq!(names(&bulk), ["b"]);
        assert_eq!(bulk.failed[0].error, "too large");
        assert_eq!(bulk.error.unwrap().row(), &table::PUBSUB_PUBLISH_MESSAGE);
    }
    let (world, broker) = (world(&[AGAIN]), moody(&[Takes, Fails, Hangs, Hangs, Hangs]));
    with(&world, &broker);
    let bulk = bulk_of(&world, "orders", &["a", "b"]).await.unwrap();
    assert_eq!(names(&bulk), ["b"], "what an attempt took before it ran out of time is not failed");
    assert!(bulk.failed[0].error.starts_with("context deadline exceeded"), "{bulk:?}");
}
