//! Publishing through a sidecar, as the application that publishes sees it, and the one that gets the events.

use std::time::Duration;

use dapr_proto::runtime::v1 as proto;
use http::Method;
use serde_json::{Value, json};
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

use crate::app::{App, answer};
use crate::client::Ask;
use crate::daprd::{Daprd, Setup};
use crate::process::until;

const BROKER: &str = "broker";

/// A declarative subscription of every app.
pub(crate) fn subscription(pubsub: &str, topic: &str, route: &str) -> String {
    format!(
        "apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {{name: on-{topic}}}\nspec: {{pubsubname: {pubsub}, topic: {topic}, routes: {{default: {route}}}}}\n"
    )
}

fn broker() -> Setup {
    Setup::bare().component(BROKER, "pubsub.in-memory", "v1", &[])
}

/// A sidecar and an application that gets the topic `orders`.
async fn with_app(fields: &[(&str, &str)]) -> (Daprd, App) {
    let app = App::new(|_| answer(200, "")).await;
    let mut daprd = Setup::bare()
        .component(BROKER, "pubsub.in-memory", "v1", fields)
        .file("subscription.yaml", &subscription(BROKER, "orders", "/orders"))
        .app_id("shop")
        .flags(&["--app-port", &app.port.to_string()])
        .start()
        .await;
    daprd.wait_ready().await;
    (daprd, app)
}

/// The events that the application got, once there are as many.
async fn events(app: &App, count: usize) -> Vec<Value> {
    let got = until("the application has its events", async || {
        let seen = app.seen();
        (seen.len() >= count).then_some(seen)
    })
    .await;
    assert_eq!(got.len(), count);
    got.iter().map(|seen| seen.rest.json()).collect()
}

#[tokio::test]
async fn an_event_arrives_in_its_envelope() {
    let (daprd, app) = with_app(&[]).await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let path = format!("/v1.0/publish/{BROKER}/orders?metadata.ttlInSeconds=60&metadata.cloudevent.type=order%20made");
    let ask = Ask::new(Method::POST, &path).header("traceparent", parent).json("{\"total\": 12345678901234567890.10}");
    daprd.ask(ask).await.has(204);
    let got = events(&app, 1).await;
    assert_eq!(app.last().path, "/orders");
    assert!(app.last().rest.text().contains("\"data\":{\"total\":12345678901234567890.10}"), "exact numbers");
    let event = &got[0];
    assert_eq!(event["type"], "order made");
    assert_eq!(
        (&event["source"], &event["topic"], &event["pubsubname"]),
        (&json!("shop"), &json!("orders"), &json!(BROKER))
    );
    assert_eq!((&event["datacontenttype"], &event["specversion"]), (&json!("application/json"), &json!("1.0")));
    assert_eq!((&event["traceid"], &event["traceparent"]), (&json!(parent), &json!(parent)));
    assert!(event["expiration"].is_string() && event["id"].as_str().is_some_and(|id| id.len() == 36), "{event}");
}

#[tokio::test]
async fn a_given_event_keeps_what_it_says() {
    let (daprd, app) = with_app(&[]).await;
    let given = r#"{"specversion":"1.0","id":"7","source":"test","type":"made","data":[1],"mine":"yes"}"#;
    let path = format!("/v1.0/publish/{BROKER}/orders");
    let ask = Ask::new(Method::PUT, &path).header("content-type", "application/cloudevents+json").body(given);
    daprd.ask(ask).await.has(204);
    let got = events(&app, 1).await;
    assert_eq!((&got[0]["id"], &got[0]["source"], &got[0]["mine"]), (&json!("7"), &json!("test"), &json!("yes")));
    assert_eq!(got[0]["topic"], "orders");
}

#[tokio::test]
async fn text_and_bytes_arrive_as_such() {
    let (daprd, app) = with_app(&[]).await;
    let path = format!("/v1.0/publish/{BROKER}/orders");
    for (kind, body) in [("text/plain", "a \"text\""), ("application/octet-stream", "hi")] {
        daprd.ask(Ask::new(Method::POST, &path).header("content-type", kind).body(body)).await.has(204);
    }
    let mut got = events(&app, 2).await;
    got.sort_by_key(|event| event["datacontenttype"].to_string());
    assert_eq!((&got[0]["data_base64"], &got[0]["data"]), (&json!("aGk="), &Value::Null));
    assert_eq!(got[1]["data"], "a \"text\"");
}

#[tokio::test]
async fn many_events_go_in_one_request() {
    let (daprd, app) = with_app(&[]).await;
    let body = json!([
        {"entryId": "a", "event": {"n": 1}, "contentType": "application/json"},
        {"entryId": "b", "event": "two", "contentType": "text/plain", "metadata": {"cloudevent.id": "mine"}},
        {"entryId": "c", "event": "aGk=", "contentType": "application/octet-stream"},
    ]);
    for version in ["v1.0", "v1.0-alpha1"] {
        daprd.post(&format!("/{version}/publish/bulk/{BROKER}/orders"), &body.to_string()).await.has(204);
    }
    let got = events(&app, 6).await;
    assert_eq!(got.iter().filter(|event| event["data"] == json!({"n": 1})).count(), 2);
    assert_eq!(got.iter().filter(|event| event["id"] == "mine" && event["data"] == "two").count(), 2);
    assert_eq!(got.iter().filter(|event| event["data_base64"] == "aGk=").count(), 2);
    let entry = |id: &str| proto::BulkPublishRequestEntry {
        entry_id: id.to_owned(),
        event: "3".into(),
        content_type: "application/json".to_owned(),
        ..proto::BulkPublishRequestEntry::default()
    };
    let request = proto::BulkPublishRequest {
        pubsub_name: BROKER.to_owned(),
        topic: "orders".to_owned(),
        entries: vec![entry("x"), entry("y")],
        ..proto::BulkPublishRequest::default()
    };
    let mut client = daprd.grpc().await;
    assert!(client.bulk_publish_event(request.clone()).await.unwrap().into_inner().failed_entries.is_empty());
    assert!(client.bulk_publish_event_alpha1(request).await.unwrap().into_inner().failed_entries.is_empty());
    events(&app, 10).await;
    let metrics = crate::client::Target::Port(daprd.ports.metrics).send(Ask::get("/metrics")).await.unwrap().text();
    let line = "dapr_component_pubsub_egress_bulk_event_count{app_id=\"shop\",component=\"broker\",namespace=\"\",success=\"true\",topic=\"orders\"} 10";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn a_namespaced_broker_keeps_apps_of_other_namespaces_out() {
    let app = App::new(|_| answer(200, "")).await;
    let mut daprd = Setup::bare()
        .component(BROKER, "pubsub.in-memory", "v1", &[("consumerID", "{namespace}")])
        .file("subscription.yaml", &subscription(BROKER, "orders", "/orders"))
        .flags(&["--app-port", &app.port.to_string()])
        .env("NAMESPACE", "prod")
        .start()
        .await;
    daprd.wait_ready().await;
    daprd.post(&format!("/v1.0/publish/{BROKER}/orders"), "1").await.has(204);
    assert_eq!(events(&app, 1).await[0]["topic"], "orders");
}

#[tokio::test]
async fn what_is_wrong_is_told_over_http() {
    let daprd = broker()
        .component(
            "scoped",
            "pubsub.in-memory",
            "v1",
            &[("publishingScopes", "test=orders"), ("protectedTopics", "secrets")],
        )
        .start()
        .await;
    let ask = async |path: &str, kind: &str, body: &str, status: u16| {
        let ask = Ask::new(Method::POST, path).header("content-type", kind).body(body.to_owned());
        daprd.ask(ask).await.has(status).json()
    };
    for (path, kind, body, status, code) in [
        ("/v1.0/publish/nobody/orders", "", "", 404, "ERR_PUBSUB_NOT_FOUND"),
        ("/v1.0/publish/broker/", "", "", 404, "ERR_TOPIC_NAME_EMPTY"),
        ("/v1.0/publish/bulk/broker/", "", "[]", 404, "ERR_TOPIC_NAME_EMPTY"),
        ("/v1.0/publish/scoped/other", "", "", 403, "ERR_PUBSUB_FORBIDDEN"),
        ("/v1.0/publish/broker/t?metadata.rawPayload=maybe", "", "", 400, "ERR_PUBSUB_REQUEST_METADATA"),
        ("/v1.0/publish/broker/t", "application/cloudevents+json", "{", 500, "ERR_PUBSUB_CLOUD_EVENTS_SER"),
        ("/v1.0/publish/bulk/broker/t", "application/json", "{", 400, "ERR_PUBSUB_EVENTS_SER"),
        ("/v1.0/publish/bulk/broker/t", "application/json", "[{\"entryId\":\"\"}]", 400, "ERR_PUBSUB_EVENTS_SER"),
    ] {
        let error = ask(path, kind, body, status).await;
        assert_eq!(error["errorCode"], code, "{path} {error}");
        let details = error["details"].as_array().expect("details");
        assert_eq!(details.last().expect("one")["domain"], "dapr.io", "{error}");
        assert_eq!(details.len(), if code == "ERR_PUBSUB_NOT_FOUND" { 1 } else { 2 }, "{error}");
    }
    daprd.post("/v1.0/publish/scoped/orders", "1").await.has(204);
    daprd.post("/v1.0/publish/broker/a/topic/with%20slashes", "1").await.has(204);
    let large = Ask::new(Method::POST, "/v1.0/publish/broker/t").body(vec![b'a'; 5 << 20]);
    daprd.ask(large).await.has(413);
}

#[tokio::test]
async fn what_is_wrong_is_told_over_grpc() {
    let daprd = broker().start().await;
    let mut client = daprd.grpc().await;
    let publish = |pubsub: &str, topic: &str| proto::PublishEventRequest {
        pubsub_name: pubsub.to_owned(),
        topic: topic.to_owned(),
        ..proto::PublishEventRequest::default()
    };
    let status = client.publish_event(publish("", "t")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "pubsub name is empty"));
    let details = status.get_error_details();
    assert_eq!(details.error_info().map(|info| info.reason.as_str()), Some("DAPR_PUBSUB_NAME_EMPTY"));
    assert_eq!(details.resource_info().map(|info| info.resource_type.as_str()), Some("pubsub"));
    let status = client.publish_event(publish("nobody", "t")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "pubsub nobody is not found"));
    let event = proto::PublishEventRequest {
        data: "{".into(),
        data_content_type: "application/cloudevents+json".to_owned(),
        ..publish(BROKER, "t")
    };
    let status = client.publish_event(event).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "cannot create cloudevent"));
    let mut late = Request::new(publish(BROKER, "t"));
    late.set_timeout(Duration::from_secs(5));
    client.publish_event(late).await.unwrap();
}
