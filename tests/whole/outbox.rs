//! Transactions whose writes are published, whatever happens to the sidecar meanwhile.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use dapr_kit::task;
use rustix::process::Signal;
use serde_json::json;

use crate::app::{App, answer};
use crate::client::{Ask, Target};
use crate::daprd::{Daprd, STORE, Setup};
use crate::process::{PATIENCE, until};
use crate::publish::subscription;
use http::Method;

const OUTBOX: [(&str, &str); 2] = [("outboxPublishPubsub", "broker"), ("outboxPublishTopic", "orders")];

fn transaction(key: &str) -> String {
    let item = json!({"key": key, "value": key, "metadata": {"mine": "yes"}});
    json!({"operations": [{"operation": "upsert", "request": item}]}).to_string()
}

/// A sidecar over files that outlive it, and the application that gets the topic `orders`.
async fn durable(folder: &std::path::Path, app: &App) -> Daprd {
    let path = |name: &str| folder.join(name).display().to_string();
    let (state, events) = (path("state.db"), path("events.db"));
    let store: Vec<(&str, &str)> = [("connectionString", state.as_str())].into_iter().chain(OUTBOX).collect();
    let mut daprd = Setup::bare()
        .component(STORE, "state.sqlite", "v1", &store)
        .component("broker", "pubsub.sqlite", "v1", &[("connectionString", &events)])
        .file("subscription.yaml", &subscription("broker", "orders", "/orders"))
        .app_id("shop")
        .flags(&["--app-port", &app.port.to_string()])
        .start()
        .await;
    daprd.wait_ready().await;
    daprd
}

fn data_of(app: &App) -> HashSet<String> {
    let data = |seen: &crate::app::Seen| seen.rest.json()["data"].as_str().unwrap_or_default().to_owned();
    app.seen().iter().map(data).collect()
}

#[tokio::test]
async fn a_write_is_published_once() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::new(|_| answer(200, "")).await;
    let mut daprd = durable(folder.path(), &app).await;
    daprd.post(&format!("/v1.0/state/{STORE}/transaction"), &transaction("a")).await.has(204);
    until("the event arrives", async || app.seen().first().cloned()).await;
    let event = app.last().rest.json();
    assert_eq!((&event["data"], &event["mine"], &event["topic"]), (&json!("a"), &json!("yes"), &json!("orders")));
    assert!(event["id"].as_str().is_some_and(|id| id.starts_with("outbox-")), "{event}");
    assert_eq!(daprd.saved("a").await.has(200).text(), "\"a\"");
    daprd.process.signal(Signal::TERM);
    assert_eq!(daprd.process.exit_code(PATIENCE).await, 0, "{}", daprd.process.output());
    assert_eq!(app.seen().len(), 1);
}

#[tokio::test]
async fn no_event_is_lost_when_the_sidecar_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let app = App::new(|_| answer(200, "")).await;
    let acknowledged: Arc<Mutex<HashSet<String>>> = Arc::default();
    for round in 0..3 {
        let daprd = durable(folder.path(), &app).await;
        let stop = Arc::new(AtomicBool::new(false));
        let writer = |number: usize| {
            let (stop, acknowledged) = (stop.clone(), acknowledged.clone());
            let target = Target::Port(daprd.ports.http);
            task::spawn("writer", async move {
                for turn in 0.. {
                    let key = format!("{round}-{number}-{turn}");
                    let ask = Ask::new(Method::POST, &format!("/v1.0/state/{STORE}/transaction"));
                    let done = target.send(ask.json(&transaction(&key))).await;
                    if done.is_ok_and(|answer| answer.status == 204) {
                        acknowledged.lock().unwrap().insert(key);
                    }
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            })
        };
        let before = acknowledged.lock().unwrap().len();
        let writers: Vec<_> = (0..4).map(writer).collect();
        until("some transactions are done", async || (acknowledged.lock().unwrap().len() >= before + 40).then_some(()))
            .await;
        daprd.process.signal(Signal::KILL);
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.join().await.unwrap();
        }
    }
    let _last = durable(folder.path(), &app).await;
    let wanted = acknowledged.lock().unwrap().clone();
    until("every acknowledged write is published", async || wanted.is_subset(&data_of(&app)).then_some(())).await;
}

#[tokio::test]
async fn a_graceful_stop_publishes_what_was_written() {
    let app = App::new(|_| answer(200, "")).await;
    let mut daprd = Setup::bare()
        .component(STORE, "state.in-memory", "v1", &OUTBOX)
        .component("broker", "pubsub.in-memory", "v1", &[])
        .file("subscription.yaml", &subscription("broker", "orders", "/orders"))
        .flags(&["--app-port", &app.port.to_string()])
        .start()
        .await;
    daprd.wait_ready().await;
    let items: Vec<_> = (0..200)
        .map(|number| json!({"operation": "upsert", "request": {"key": number.to_string(), "value": number.to_string()}}))
        .collect();
    let body = json!({ "operations": items }).to_string();
    daprd.post(&format!("/v1.0/state/{STORE}/transaction"), &body).await.has(204);
    daprd.process.signal(Signal::TERM);
    assert_eq!(daprd.process.exit_code(PATIENCE).await, 0, "{}", daprd.process.output());
    assert_eq!(data_of(&app).len(), 200);
}
