//! `state.in-memory` conforms, and forgets expired items by the injected clock.

use std::sync::Arc;

use bytes::Bytes;
use dapr_component_memory::state::InMemory;
use dapr_kit::clock::Clock;
use dapr_spi::state::{GetRequest, KeysLikeRequest, Map, Options, SetRequest, StateStore, Value};
use dapr_spi::{Context, Factory, registry};
use dapr_testkit::state::conformance;

async fn store(clock: Clock) -> Arc<dyn StateStore> {
    InMemory::init((), Context { clock, ..Context::default() }).await.expect("a store")
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    conformance(registry::open::<InMemory>(&[]).await.expect("a store")).await;
}

#[tokio::test]
async fn items_expire_by_the_clock() {
    let clock = Clock::manual(1_700_000_000_500);
    let store = store(clock.clone()).await;
    let request = SetRequest {
        key: "a".into(),
        value: Value::Binary(Bytes::from_static(b"1")),
        etag: None,
        metadata: Map::from([("ttlInSeconds".into(), "10".into())]),
        options: Options::default(),
    };
    store.set(request).await.expect("set");
    let get = || store.get(GetRequest { key: "a".into(), ..GetRequest::default() });
    clock.advance(9_999);
    let found = get().await.expect("get");
    assert_eq!(found.metadata["ttlExpireTime"], "2023-11-14T22:13:30Z");
    clock.advance(1);
    assert_eq!(get().await.expect("get").data, None);
    let all = KeysLikeRequest { pattern: "%".into(), ..KeysLikeRequest::default() };
    assert!(store.keys_like(all).await.expect("keys").keys.is_empty());
}
