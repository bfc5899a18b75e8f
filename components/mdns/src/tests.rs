//! Sidecars that meet on the networks of this machine.

use dapr_spi::registry;
use dapr_testkit::name_resolver::{Quirks, await_addresses, conformance, instance, query};

use super::*;

async fn open() -> Arc<dyn NameResolver> {
    registry::open::<Mdns>(&[]).await.expect("a resolver")
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    conformance(Quirks { no_namespaces: true }, open).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sidecar_that_starts_later_is_found_by_those_who_wait() {
    let id = format!("late-{}", uuid::Uuid::new_v4().simple());
    let (asker, late) = (open().await, open().await);
    let start = std::time::Instant::now();
    let (found, ()) = tokio::join!(
        async {
            let found = asker.resolve(&query(&id, "")).await.expect("an answer");
            (found, start.elapsed())
        },
        async {
            sleep(Duration::from_millis(100)).await;
            late.register(&instance(&id, "", "10.1.2.3", 7)).await.expect("registered");
        }
    );
    assert_eq!(found.0, ["10.1.2.3:7"]);
    assert!(found.1 < Duration::from_millis(900), "the announcement is the answer: {:?}", found.1);
    await_addresses(&asker, &query(&id, ""), &["10.1.2.3:7"]).await;
    late.close().await;
    asker.close().await;
}

#[tokio::test]
async fn a_host_name_cannot_be_published() {
    let error = open().await.register(&instance("a", "", "my-host", 1)).await.expect_err("refused").to_string();
    assert!(error.contains("my-host"), "{error}");
}

#[tokio::test]
async fn an_id_that_no_name_can_hold_is_refused() {
    let resolver = open().await;
    let long = "x".repeat(64);
    assert!(resolver.resolve(&query(&long, "")).await.is_err());
    assert!(resolver.register(&instance(&long, "", "127.0.0.1", 1)).await.is_err());
}
