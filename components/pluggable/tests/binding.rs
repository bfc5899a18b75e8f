//! Bindings in a process of their own: calls there and back, a stream of events, and a process that is killed.

#[path = "binding/component.rs"]
mod component;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dapr_spi::binding::{Binding, Event, Handler, InvokeRequest, Map};
use dapr_spi::metadata::Properties;
use dapr_spi::registry::{Component, Registry};
use dapr_spi::{Context, Error};
use dapr_testkit::process::{Ready, Server, Spec};
use tokio::sync::mpsc;

/// The process that the tests start: this test binary again.
#[test]
#[ignore = "is the component, not a test"]
fn serve_component() {
    component::serve();
}

async fn start() -> Server {
    let program = std::env::current_exe().expect("the path of this test");
    let arguments = ["--ignored", "--exact", "serve_component", "--nocapture"];
    let spec = Spec::new(program.to_str().expect("a UTF-8 path"), arguments)
        .env("COMPONENT_SOCKET", "{dir}/mybinding.sock")
        .env("COMPONENT_ANSWERS", "{dir}/answers")
        .ready(Ready::LogLine("the component listens".into()));
    Server::start(spec).await.expect("a component")
}

async fn open(server: &Server, properties: &[(&str, &str)]) -> Arc<dyn Binding> {
    let mut registry = Registry::new();
    dapr_component_pluggable::register(&mut registry);
    let registry = registry.with_discovered(server.dir()).await;
    let entry = registry.find("bindings.mybinding", "v1").expect("the component is found by its socket");
    let prepared = entry.prepare(&Properties::from_pairs(properties.iter().copied())).expect("any settings");
    let opened = prepared.init(Context { name: "b".into(), ..Context::default() }).await.expect("it opens");
    let Component::Binding(binding) = opened else { panic!("a binding") };
    binding
}

/// Refuses what says so, and echoes the rest.
fn handler() -> (Handler, mpsc::UnboundedReceiver<Event>) {
    let (sender, events) = mpsc::unbounded_channel();
    let handler: Handler = Arc::new(move |event: Event| {
        let sender = sender.clone();
        Box::pin(async move {
            let data = event.data.clone();
            let _ = sender.send(event);
            if data.ends_with(b"2") { Err(Error::failed("I will not")) } else { Ok(Some(data)) }
        })
    });
    (handler, events)
}

async fn next(events: &mut mpsc::UnboundedReceiver<Event>) -> Event {
    tokio::time::timeout(Duration::from_secs(10), events.recv()).await.expect("in time").expect("an event")
}

/// The lines that the component wrote of its answers, once there are so many.
async fn answers(server: &Server, count: usize) -> Vec<String> {
    for _ in 0..1000 {
        let text = std::fs::read_to_string(server.dir().join("answers")).unwrap_or_default();
        if text.lines().count() >= count {
            return text.lines().map(str::to_owned).collect();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no {count} answers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_goes_there_and_back() {
    let server = start().await;
    let binding = open(&server, &[("colour", "blue")]).await;
    let output = binding.output().expect("an output");
    assert_eq!(output.operations(), ["echo", "fail"]);
    let metadata = Map::from([("k".to_owned(), "v".to_owned())]);
    let request = InvokeRequest { operation: "echo".into(), data: Bytes::from_static(b"d"), metadata };
    let answer = output.invoke(request.clone()).await.expect("an answer");
    assert_eq!((answer.data.as_deref(), answer.metadata["k"].as_str()), (Some(&b"d"[..]), "v"));
    assert_eq!(answer.metadata["colour"], "blue", "Init was told the settings");
    let failed = output.invoke(InvokeRequest { operation: "fail".into(), ..request }).await.expect_err("a failure");
    assert_eq!(failed.to_string(), "rpc error: code = Internal desc = as asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_wanted_direction_is_opened() {
    let server = start().await;
    let input = open(&server, &[("direction", "input")]).await;
    assert!(input.input().is_some() && input.output().is_none());
    let output = open(&server, &[("Direction", "output")]).await;
    assert!(output.input().is_none() && output.output().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_again_from_a_component_that_was_killed() {
    let mut server = start().await;
    let binding = open(&server, &[("direction", "input")]).await;
    let (handler, mut events) = handler();
    let reading = binding.input().expect("an input").read(handler).await.expect("a stream");
    for number in 1..=3 {
        let event = next(&mut events).await;
        assert_eq!(event.data, format!("event {number}"));
        assert_eq!((event.metadata["n"].as_str(), event.content_type.as_deref()), ("v", Some("text/plain")));
    }
    let mut told = answers(&server, 3).await;
    told.sort();
    assert_eq!(told, ["1 event 1", "2 refused: I will not", "3 event 3"]);

    server.kill();
    server.resume().await.expect("a restart");
    for number in 1..=3 {
        assert_eq!(next(&mut events).await.data, format!("event {number}"));
    }
    answers(&server, 6).await;
    reading.close().await;
    binding.close().await;
}
