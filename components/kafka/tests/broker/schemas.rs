//! Values with a schema, and the registry of schemas.

use bytes::Bytes;
use dapr_net::fetch::Client;
use dapr_spi::ErrorKind;
use dapr_spi::pubsub::{Message, SubscribeRequest};
use dapr_testkit::process::Server;
use dapr_testkit::pubsub::{Act, Collector, Seen, message, subscription};
use http::Request;
use serde_json::{Value, json};

use crate::server::{SOON, open, shared, topic};

const ORDER: &str = r#"{"type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "long"},
    {"name": "note", "type": ["null", "string"], "default": null}
]}"#;

fn registry_url(registry: &Server) -> String {
    format!("http://{}/apis/ccompat/v7", registry.address())
}

/// Registers the schema of a topic's values; returns its number.
async fn register(registry: &Server, topic: &str, schema: &str) -> u64 {
    let body = Bytes::from(json!({"schema": schema}).to_string());
    let request = Request::post(format!("{}/subjects/{topic}-value/versions", registry_url(registry)))
        .header("content-type", "application/vnd.schemaregistry.v1+json")
        .body(body)
        .unwrap();
    let answer = Client::new().send(request, 1 << 20).await.unwrap();
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    answer["id"].as_u64().unwrap_or_else(|| panic!("no number in {answer}"))
}

fn avro(message: Message) -> Message {
    Message { metadata: [("valueSchemaType".to_owned(), "Avro".to_owned())].into(), ..message }
}

fn avro_subscription(topic: &str) -> SubscribeRequest {
    SubscribeRequest { metadata: avro(message(topic, "")).metadata, ..subscription(topic) }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_travel_as_avro() {
    let (server, registry) = (shared().await, dapr_testkit::kafka::start_schema_registry().await.unwrap());
    let topic = topic("avro");
    let number = register(&registry, &topic, ORDER).await;
    let url = registry_url(&registry);
    let broker = open(server.port(), &[("consumerID", &topic), ("schemaRegistryURL", &url)]).await;
    broker.publish(avro(message(&topic, r#"{"id":7,"note":"hi"}"#))).await.unwrap();
    let error = broker.publish(avro(message(&topic, r#"{"id":"seven"}"#))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("`id`"), "{error}");
    // On the wire: a zero, the number of the schema, Avro.
    let raw = Collector::start(&broker, subscription(&topic), 4, |_| Act::Done).await;
    let mut expected = vec![0];
    expected.extend(u32::try_from(number).unwrap().to_be_bytes());
    expected.extend([14, 2, 4, b'h', b'i']);
    assert_eq!(raw.wait(1).await[0].message.data, expected);
    raw.close().await;
    broker.close().await;
    for (json, is_avro_json) in [(r#"{"id":7,"note":"hi"}"#, "false"), (r#"{"id":7,"note":{"string":"hi"}}"#, "true")] {
        let group = format!("{topic}-{is_avro_json}");
        let fields = [("consumerID", group.as_str()), ("schemaRegistryURL", &url), ("useAvroJSON", is_avro_json)];
        let broker = open(server.port(), &fields).await;
        let collector = Collector::start(&broker, avro_subscription(&topic), 4, |_| Act::Done).await;
        assert_eq!(collector.wait(1).await[0].text(), json);
        collector.close().await;
        broker.close().await;
    }
}

/// What is no Avro value goes on as it is, to end where unreadable events end; what has no schema is refused.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_holds_up_nothing() {
    let (server, registry) = (shared().await, dapr_testkit::kafka::start_schema_registry().await.unwrap());
    let topic = topic("unreadable");
    register(&registry, &topic, ORDER).await;
    let url = registry_url(&registry);
    let broker = open(server.port(), &[("consumerID", &topic), ("schemaRegistryURL", &url)]).await;
    let unreadable = ["plain", "\0\0\0\u{7f}\u{7f}unknown"];
    for text in unreadable {
        broker.publish(message(&topic, text)).await.unwrap();
    }
    broker.publish(avro(message(&topic, r#"{"id":1}"#))).await.unwrap();
    let collector = Collector::start(&broker, avro_subscription(&topic), 4, |_| Act::Done).await;
    let texts = |seen: &[Seen]| {
        let mut texts: Vec<String> = seen.iter().map(Seen::text).collect();
        texts.sort();
        texts
    };
    let mut expected = [unreadable[0], unreadable[1], r#"{"id":1,"note":null}"#].map(str::to_owned);
    expected.sort();
    assert_eq!(texts(&collector.wait(3).await), expected);
    let error = broker.publish(avro(message("without-schema", "{}"))).await.unwrap_err();
    assert!(error.to_string().contains("without-schema"), "{error}");
    collector.close().await;
    broker.close().await;
    let broker = open(server.port(), &[]).await;
    let error = broker.publish(avro(message(&topic, "{}"))).await.unwrap_err();
    assert!(error.to_string().contains("schemaRegistryURL"), "{error}");
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_does_not_answer_is_waited_for() {
    let (server, registry) = (shared().await, dapr_testkit::kafka::start_schema_registry().await.unwrap());
    let topic = topic("waits");
    register(&registry, &topic, ORDER).await;
    let url = registry_url(&registry);
    let broker = open(server.port(), &[("consumerID", &topic), ("schemaRegistryURL", &url)]).await;
    for id in 0..3 {
        broker.publish(avro(message(&topic, format!(r#"{{"id":{id}}}"#)))).await.unwrap();
    }
    broker.close().await;
    registry.freeze();
    let broker = open(server.port(), &[("consumerID", &topic), ("schemaRegistryURL", &url)]).await;
    let collector = Collector::start(&broker, avro_subscription(&topic), 4, |_| Act::Done).await;
    collector.nothing_more(0, "nothing can be read without its schema").await;
    let error = broker.publish(avro(message(&topic, r#"{"id":1}"#))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    registry.thaw();
    let seen = collector.wait_within(3, SOON).await;
    assert!(seen.iter().all(|seen| seen.text().starts_with(r#"{"id":"#)), "{seen:?}");
    collector.close().await;
    broker.close().await;
}
