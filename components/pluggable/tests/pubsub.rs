//! A broker in a process of its own: conformance, and what a crash looks like.

#[path = "pubsub/component.rs"]
mod component;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dapr_spi::metadata::Properties;
use dapr_spi::pubsub::PubSub;
use dapr_spi::registry::{Component, Registry};
use dapr_spi::{Context, ErrorKind};
use dapr_testkit::process::{Ready, Server, Spec};
use dapr_testkit::pubsub::{Act, Collector, Quirks, Suite, conformance, message, subscription};

/// The process that the tests start: this test binary again, as a component around the built-in broker in a file.
#[test]
#[ignore = "is the component, not a test"]
fn serve_component() {
    component::serve();
}

async fn start() -> Server {
    let program = std::env::current_exe().expect("the path of this test");
    let arguments = ["--ignored", "--exact", "serve_component", "--nocapture"];
    let spec = Spec::new(program.to_str().expect("a UTF-8 path"), arguments)
        .env("COMPONENT_SOCKET", "{dir}/mybroker.sock")
        .ready(Ready::LogLine("the component listens".into()));
    Server::start(spec).await.expect("a component")
}

async fn open(folder: &Path, group: &str) -> Arc<dyn PubSub> {
    let mut registry = Registry::new();
    dapr_component_pluggable::register(&mut registry);
    let registry = registry.with_discovered(folder).await;
    let entry = registry.find("pubsub.mybroker", "v1").expect("the component is found by its socket");
    let file = folder.join("events.db");
    let pairs = [
        ("connectionString", file.to_str().expect("a UTF-8 path")),
        ("consumerID", group),
        ("redeliverInterval", "200ms"),
        ("leaseTimeout", "2s"),
    ];
    let prepared = entry.prepare(&Properties::from_pairs(pairs)).expect("any settings");
    let context = Context { name: group.into(), ..Context::default() };
    let Component::PubSub(broker) = prepared.init(context).await.expect("a broker") else { panic!("a broker") };
    broker
}

fn quirks() -> Quirks {
    Quirks {
        metadata: true,
        content_type: true,
        key_order: true,
        whole_order: true,
        redelivery: Duration::from_secs(10),
        refused: Some(|topic| dapr_spi::pubsub::Message {
            metadata: [("ttlInSeconds".to_owned(), "soon".to_owned())].into(),
            ..message(&topic, "never comes, since its lifetime is none")
        }),
        ..Quirks::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let server = start().await;
    let folder = server.dir().to_owned();
    let open = move |group: String| {
        let folder = folder.clone();
        async move { open(&folder, &group).await }
    };
    conformance(open, quirks()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_component_loses_nothing() {
    let mut server = start().await;
    let folder = server.dir().to_owned();
    let open = move |group: String| {
        let folder = folder.clone();
        async move { open(&folder, &group).await }
    };
    let suite = Suite::new(open, quirks());
    suite
        .restart(|| async {
            server.kill();
            tokio::time::sleep(Duration::from_millis(300)).await;
            server.resume().await.expect("a restart");
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_component_is_named() {
    let mut server = start().await;
    let broker = open(server.dir(), "orders").await;
    let collector = Collector::start(&broker, subscription("t"), 4, |_| Act::Done).await;
    broker.publish(message("t", "before")).await.expect("publish");
    collector.wait(1).await;
    server.kill();
    let error = broker.publish(message("t", "lost")).await.expect_err("the component is dead");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("orders"), "{error}");
    let started = Instant::now();
    collector.close().await;
    assert!(started.elapsed() < Duration::from_secs(5), "a subscription ends without its component");
    broker.close().await;
}
