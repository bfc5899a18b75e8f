//! Messages from a broker to a real application over loopback, and what becomes of them.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails it by a panic, as the test does")]

mod application;
mod grpc;
mod setup;
mod streams;

use std::time::Duration;

use dapr_resources::subscription::BulkSubscribe;
use http::StatusCode;
use serde_json::{Value, json};

use application::{Answer, Application};
use setup::{Setup, declared, within};

#[tokio::test]
async fn an_event_reaches_the_path_of_its_route_with_what_goes_with_it() {
    let app = Application::start(|_, _| Answer::ok()).await;
    let setup = Setup::new(&app).await;
    let mut order = declared("orders", "");
    order.spec.routes.rules = setup::rules(&[(r#"event.type == "dear""#, "/dear"), ("", "/orders")]);
    setup.open(vec![order]).await;
    setup.publish("orders", r#"{"n":1}"#, &[]).await;
    setup.publish("orders", r#"{"n":2}"#, &[("cloudevent.type", "dear")]).await;
    let mut requests = app.requests(2).await;
    requests.sort_by_key(|request| request.path.clone());
    assert_eq!(requests[0].path, "/dear");
    let request = &requests[1];
    assert_eq!((request.path.as_str(), request.method.as_str()), ("/orders", "POST"));
    assert_eq!(request.header("content-type"), "application/cloudevents+json");
    assert_eq!(request.header("pubsubname"), "broker");
    assert_eq!(request.header("dapr-api-token"), "app-token");
    let event = request.json();
    assert_eq!(
        (&event["data"], &event["topic"], &event["pubsubname"]),
        (&json!({"n": 1}), &json!("orders"), &json!("broker"))
    );
    setup.stop().await;
}

#[tokio::test]
async fn the_answer_decides_and_what_is_not_processed_becomes_a_dead_letter() {
    let answers = [
        (Answer::ok(), false),
        (Answer::json(r#"{"status":"SUCCESS"}"#), false),
        (Answer::json("not json"), false),
        (Answer::json(r#"{"status":"DROP"}"#), true),
        (Answer::json(r#"{"status":"RETRY"}"#), true),
        (Answer::json(r#"{"status":"WHATEVER"}"#), true),
        (Answer::status(StatusCode::NOT_FOUND), true),
        (Answer::status(StatusCode::INTERNAL_SERVER_ERROR), true),
    ];
    for (answer, becomes_dead) in answers {
        let given = answer.clone();
        let app = Application::start(move |path, _| if path == "/dead" { Answer::ok() } else { given.clone() }).await;
        let setup = Setup::new(&app).await;
        let mut orders = declared("orders", "/orders");
        orders.spec.dead_letter_topic = "poison".into();
        setup.open(vec![orders, declared("poison", "/dead"), declared("end", "/end")]).await;
        setup.publish("orders", "1", &[]).await;
        let first = app.requests(1).await.remove(0);
        if becomes_dead {
            let dead = app.requests(1).await.remove(0);
            assert_eq!(dead.path, "/dead", "{answer:?}");
            assert_eq!(dead.body, first.body, "the event itself is what is dead");
        }
        setup.stop().await;
        assert_eq!(app.seen(), if becomes_dead { 2 } else { 1 }, "{answer:?}");
    }
}

#[tokio::test]
async fn what_no_rule_matches_or_is_over_or_is_no_event_does_not_reach_the_application() {
    let app = Application::start(|_, _| Answer::ok()).await;
    let setup = Setup::new(&app).await;
    let mut orders = declared("orders", "");
    orders.spec.routes.rules = setup::rules(&[("event.data == 1.0", "/one")]);
    orders.spec.dead_letter_topic = "poison".into();
    let mut poison = declared("poison", "/dead");
    poison.spec.metadata.insert("rawPayload".into(), "true".into());
    setup.open(vec![orders, poison]).await;
    setup.publish("orders", "2", &[]).await;
    setup.publish("orders", "no event", &[("rawPayload", "true")]).await;
    let expired =
        r#"{"specversion":"1.0","id":"x","source":"s","type":"t","expiration":"2001-01-01T00:00:00Z","data":1}"#;
    setup.publish("orders", expired, &[("rawPayload", "true")]).await;
    let requests = app.requests(3).await;
    assert!(requests.iter().all(|request| request.path == "/dead"), "{requests:?}");
    setup.stop().await;
}

#[tokio::test]
async fn raw_payloads_come_in_an_envelope() {
    let app = Application::start(|_, _| Answer::ok()).await;
    let setup = Setup::new(&app).await;
    let mut raw = declared("raw", "/raw");
    raw.spec.metadata.insert("rawPayload".into(), "true".into());
    setup.open(vec![raw]).await;
    setup.publish("raw", "payload", &[("rawPayload", "true")]).await;
    let event = app.requests(1).await.remove(0).json();
    assert_eq!((&event["data_base64"], &event["topic"]), (&json!("cGF5bG9hZA=="), &json!("raw")));
    setup.stop().await;
}

#[tokio::test]
async fn deliveries_run_at_the_same_time_within_the_limit_and_keys_in_order() {
    let app = Application::slow(Duration::from_millis(2)).await;
    let setup = Setup::new(&app).await;
    setup.open(vec![declared("orders", "/orders")]).await;
    for number in 0..300_u32 {
        let key = (number % 7).to_string();
        setup.publish("orders", &number.to_string(), &[("partitionKey", &key)]).await;
    }
    for number in 300..600_u32 {
        setup.publish("orders", &number.to_string(), &[]).await;
    }
    let requests = app.requests(600).await;
    let most = app.most_at_once();
    assert!(most > 1 && most <= 64, "{most} at a time");
    for key in 0..7 {
        let numbers: Vec<u64> = requests
            .iter()
            .filter_map(|request| request.json()["data"].as_u64())
            .filter(|number| *number < 300 && number % 7 == key)
            .collect();
        assert!(numbers.is_sorted() && numbers.len() >= 42, "key {key}: {numbers:?}");
    }
    setup.stop().await;
}

#[tokio::test]
async fn a_policy_tries_again_before_the_broker_hears_of_it() {
    let app = Application::start(|_, seen| match seen {
        0 | 1 => Answer::status(StatusCode::SERVICE_UNAVAILABLE),
        _ => Answer::ok(),
    })
    .await;
    let setup = Setup::with_retries(&app, 3).await;
    setup.open(vec![declared("orders", "/orders")]).await;
    setup.publish("orders", "1", &[]).await;
    let requests = app.requests(3).await;
    assert!(requests.iter().all(|request| request.body == requests[0].body), "the same event each time");
    setup.stop().await;
    assert_eq!(app.seen(), 3);
    let metrics = setup.metrics();
    assert!(
        metrics.contains(r#"process_status="retry""#) && metrics.contains(r#"process_status="success""#),
        "{metrics}"
    );
}

#[tokio::test]
async fn the_applications_answer_replaces_a_resource() {
    let answer = json!([
        {"pubsubname": "broker", "topic": "a", "route": "/answered"},
        {"pubsubname": "broker", "topic": "b", "routes": {"rules": [{"match": "nonsense ==", "path": "/x"}]}},
        {"pubsubname": "broker", "topic": "c"},
    ]);
    let app = Application::subscribing(&answer, |_, _| Answer::ok()).await;
    let setup = Setup::new(&app).await;
    setup.open(vec![declared("a", "/resource"), declared("d", "/d")]).await;
    let listed: Vec<(String, &str)> =
        setup.subscriptions.list().iter().map(|one| (one.spec.topic.clone(), one.source.name())).collect();
    let expected = [("a".to_owned(), "PROGRAMMATIC"), ("d".to_owned(), "DECLARATIVE")];
    assert_eq!(listed, expected, "what is wrong or goes nowhere is left out");
    setup.publish("a", "1", &[]).await;
    assert_eq!(app.requests(1).await[0].path, "/answered");
    setup.stop().await;
}

#[tokio::test]
async fn an_unhealthy_application_is_not_called() {
    let app = Application::start(|_, _| Answer::ok()).await;
    let setup = Setup::new(&app).await;
    setup.open(vec![declared("orders", "/orders")]).await;
    setup.publish("orders", "1", &[]).await;
    app.requests(1).await;
    within(setup.subscriptions.set_app_ready(false)).await;
    setup.publish("orders", "2", &[]).await;
    assert_eq!(setup.subscriptions.list().len(), 1, "it is still wanted");
    within(setup.subscriptions.set_app_ready(true)).await;
    setup.publish("orders", "3", &[]).await;
    assert_eq!(app.requests(1).await[0].json()["data"], 3);
    setup.stop().await;
    assert_eq!(app.seen(), 2);
}

#[tokio::test]
async fn a_change_closes_and_opens_only_what_differs() {
    let app = Application::start(|_, _| Answer::ok()).await;
    let setup = Setup::new(&app).await;
    setup.open(vec![declared("a", "/a1"), declared("b", "/b")]).await;
    within(setup.subscriptions.set_declared(vec![declared("a", "/a2"), declared("c", "/c")])).await;
    for topic in ["a", "b", "c"] {
        setup.publish(topic, "1", &[]).await;
    }
    let mut paths: Vec<String> = app.requests(2).await.into_iter().map(|request| request.path).collect();
    paths.sort();
    assert_eq!(paths, ["/a2", "/c"]);
    // A broker is exchanged.
    within(setup.subscriptions.close_broker("broker")).await;
    setup.publish("a", "lost", &[]).await;
    setup.exchange_broker().await;
    setup.publish("a", "lost too", &[]).await;
    within(setup.subscriptions.broker_changed("broker")).await;
    setup.publish("a", "3", &[]).await;
    assert_eq!(app.requests(1).await[0].json()["data"], 3);
    // And goes away.
    setup.brokers.remove("broker");
    within(setup.subscriptions.broker_changed("broker")).await;
    setup.stop().await;
    assert_eq!(app.seen(), 3);
}

#[tokio::test]
async fn a_topic_that_is_not_allowed_is_not_subscribed() {
    let app = Application::start(|_, _| Answer::ok()).await;
    let setup = Setup::with_metadata(&app, &[("subscriptionScopes", "app=a"), ("consumerID", "{namespace}")]).await;
    setup.open(vec![declared("a", "/a"), declared("b", "/b")]).await;
    setup.publish("b", "1", &[]).await;
    setup.publish("a", "2", &[]).await;
    let request = app.requests(1).await.remove(0);
    assert_eq!((request.path.as_str(), &request.json()["topic"]), ("/a", &json!("a")));
    setup.stop().await;
    assert_eq!(app.seen(), 1);
}

#[tokio::test]
async fn what_is_not_processed_comes_again_from_a_broker_that_keeps_it() {
    let app = Application::start(|_, seen| match seen {
        0 | 1 => Answer::status(StatusCode::INTERNAL_SERVER_ERROR),
        _ => Answer::ok(),
    })
    .await;
    let setup = Setup::durable(&app, 0).await;
    setup.open(vec![declared("orders", "/orders")]).await;
    setup.publish("orders", "1", &[]).await;
    let requests = app.requests(3).await;
    assert!(requests.iter().all(|request| request.body == requests[0].body), "{requests:?}");
    setup.stop().await;
}

#[tokio::test]
async fn what_was_pulled_is_delivered_before_the_end() {
    let app = Application::slow(Duration::from_millis(50)).await;
    let setup = Setup::new(&app).await;
    setup.open(vec![declared("orders", "/orders")]).await;
    for number in 0..100 {
        setup.publish("orders", &number.to_string(), &[]).await;
    }
    setup.stop().await;
    assert_eq!(app.seen(), 100);
    setup.publish("orders", "late", &[]).await;
    within(setup.subscriptions.stop()).await;
    assert_eq!(app.seen(), 100);
}

#[tokio::test]
async fn many_messages_come_in_one_call_and_each_has_its_own_fate() {
    let app = Application::start(|path, seen| match (path, seen) {
        ("/bulk", 0) => Answer::statuses(|entry| match entry["event"]["data"].as_u64() {
            Some(0) => "SUCCESS",
            Some(1) => "DROP",
            Some(2) => "RETRY",
            _ => "",
        }),
        ("/bulk", _) => Answer::statuses(|_| "SUCCESS"),
        _ => Answer::ok(),
    })
    .await;
    let setup = Setup::durable(&app, 2).await;
    let mut bulk = declared("orders", "/bulk");
    bulk.spec.bulk_subscribe = BulkSubscribe { enabled: true, max_messages_count: 4, max_await_duration_ms: 10_000 };
    bulk.spec.dead_letter_topic = "poison".into();
    setup.open(vec![bulk, declared("poison", "/dead")]).await;
    setup.publish_while_away("orders", 4).await;
    let requests = app.requests(3).await;
    let of =
        |path: &'static str| requests.iter().filter(move |request| request.path == path).map(|request| request.json());
    let calls: Vec<Value> = of("/bulk").collect();
    assert_eq!((calls.len(), of("/dead").count()), (2, 1));
    let numbers = |call: &Value| -> Vec<u64> {
        call["entries"].as_array().unwrap().iter().map(|entry| entry["event"]["data"].as_u64().unwrap()).collect()
    };
    assert_eq!((numbers(&calls[0]), numbers(&calls[1])), (vec![0, 1, 2, 3], vec![2, 3]));
    assert_eq!(of("/dead").next().unwrap()["data"], 1);
    let call = &calls[0];
    assert_eq!((&call["type"], &call["topic"]), (&json!("com.dapr.event.sent.bulk"), &json!("orders")));
    assert_eq!(call["entries"][0]["contentType"], "application/cloudevents+json");
    setup.stop().await;
}

#[tokio::test]
async fn a_batch_does_not_wait_for_ever_and_raw_entries_are_base64() {
    let app = Application::start(|_, _| Answer::statuses(|_| "SUCCESS")).await;
    let setup = Setup::durable(&app, 1).await;
    let mut bulk = declared("raw", "/bulk");
    bulk.spec.bulk_subscribe = BulkSubscribe { enabled: true, max_messages_count: 100, max_await_duration_ms: 20 };
    bulk.spec.metadata.insert("rawPayload".into(), "true".into());
    setup.open(vec![bulk]).await;
    setup.publish("raw", "hi", &[("rawPayload", "true")]).await;
    let call = app.requests(1).await.remove(0).json();
    let entry = &call["entries"][0];
    assert_eq!((&entry["event"], &entry["contentType"]), (&json!("aGk="), &json!("application/octet-stream")));
    setup.stop().await;
}
