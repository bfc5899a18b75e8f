//! State stores in a process of their own: conformance, what a crash looks like, and what Init and errors carry.

#[path = "state/component.rs"]
mod component;
#[path = "state/crash.rs"]
mod crash;
#[path = "state/server.rs"]
mod server;
#[path = "state/wire.rs"]
mod wire;

use std::sync::Arc;

use dapr_spi::metadata::Properties;
use dapr_spi::registry::{Component, Registry};
use dapr_spi::state::StateStore;
use dapr_spi::{Context, Result};
use dapr_testkit::process::{Ready, Server, Spec};

/// The process that the tests start: this test binary again, as a component that passes calls on to a built-in store.
#[test]
#[ignore = "is the component, not a test"]
fn serve_component() {
    component::serve();
}

/// Starts a component whose socket makes it `state.mystore`, around the built-in store `kind`.
async fn start(kind: &str, reflection: &str) -> Server {
    let program = std::env::current_exe().expect("the path of this test");
    let arguments = ["--ignored", "--exact", "serve_component", "--nocapture"];
    let spec = Spec::new(program.to_str().expect("a UTF-8 path"), arguments)
        .env("COMPONENT_SOCKET", "{dir}/mystore.sock")
        .env("COMPONENT_KIND", kind)
        .env("COMPONENT_REFLECTION", reflection)
        .ready(Ready::LogLine("the component listens".into()));
    Server::start(spec).await.expect("a component")
}

async fn open(server: &Server, name: &str, properties: &[(&str, &str)]) -> Result<Arc<dyn StateStore>> {
    let mut registry = Registry::new();
    dapr_component_pluggable::register(&mut registry);
    let registry = registry.with_discovered(server.dir()).await;
    let entry = registry.find("state.mystore", "v1").expect("the component is found by its socket");
    let properties = Properties::from_pairs(properties.iter().copied());
    let prepared = entry.prepare(&properties).expect("any settings");
    let Component::State(store) = prepared.init(Context { name: name.into(), ..Context::default() }).await? else {
        panic!("a state store");
    };
    Ok(store)
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let server = start("state.in-memory", "v1alpha").await;
    dapr_testkit::state::conformance(open(&server, "mystore", &[]).await.expect("a store")).await;
}

#[tokio::test]
async fn a_component_with_the_newer_reflection_is_found_too() {
    let server = start("state.in-memory", "v1").await;
    open(&server, "mystore", &[]).await.expect("a store").ping().await.expect("a sign of life");
}
