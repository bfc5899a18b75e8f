//! The component's process ends, hangs, and comes back.

use std::time::{Duration, Instant};

use dapr_spi::ErrorKind;
use dapr_spi::state::{GetRequest, StateStore};

use crate::component::{ABOUT, SLOW};
use crate::{open, start};

async fn property(store: &dyn StateStore, name: &str) -> dapr_spi::Result<Vec<u8>> {
    let found = store.get(GetRequest { key: format!("{ABOUT}{name}"), ..GetRequest::default() }).await?;
    Ok(found.data.unwrap_or_default().to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crashed_component_is_named_and_comes_back_with_its_settings() {
    let mut server = start("state.in-memory", "v1alpha").await;
    let store = open(&server, "orders", &[("colour", "blue")]).await.expect("a store");
    assert_eq!(property(&*store, "colour").await.unwrap(), b"blue");
    server.kill();
    for _ in 0..20 {
        let error = store.ping().await.expect_err("the component is dead");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("orders"), "{error}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.resume().await.expect("a restart");
    let started = Instant::now();
    let colour = loop {
        match property(&*store, "colour").await {
            Ok(colour) => break colour,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
        }
        assert!(started.elapsed() < Duration::from_secs(5), "the component is back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(colour, b"blue", "Init is called again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_outlive_a_crash_of_a_durable_component() {
    let mut server = start("state.sqlite", "v1alpha").await;
    let file = server.dir().join("state.db");
    let store = open(&server, "orders", &[("connectionString", file.to_str().unwrap())]).await.expect("a store");
    let crash = async {
        server.kill();
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.resume().await.expect("a restart");
    };
    dapr_testkit::state::reconnect(store, || crash).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_in_flight_ends_with_the_component() {
    let mut server = start("state.in-memory", "v1alpha").await;
    let store = open(&server, "orders", &[]).await.expect("a store");
    let asked = store.clone();
    let request = GetRequest { key: SLOW.into(), ..GetRequest::default() };
    let call = dapr_kit::task::spawn("slow call", async move { asked.get(request).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.kill();
    let error = call.join().await.expect("no panic").expect_err("the component is dead");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("orders"), "{error}");
}

#[tokio::test]
async fn a_closed_store_answers_no_more() {
    let server = start("state.in-memory", "v1alpha").await;
    let store = open(&server, "orders", &[]).await.expect("a store");
    store.close().await;
    assert_eq!(store.ping().await.expect_err("closed").kind(), ErrorKind::Unavailable);
}
