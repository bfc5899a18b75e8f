//! The conformance suite of name resolvers: what every registry of sidecars must do.
//!
//! Each resolver that the suite opens stands for one sidecar; all of them share one registry. App ids are fresh, so a
//! suite can run where other apps are registered.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dapr_spi::name_resolver::{Instance, NameResolver, Query};
use futures_util::future::join_all;

/// A change is seen by every sidecar within this time.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many sidecars of one app start at the same time.
const CROWD: u16 = 8;

/// What a registry does otherwise than most.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quirks {
    /// It has no namespaces: apps of the same id are one app (mDNS).
    pub no_namespaces: bool,
}

/// Runs every check, each with resolvers of its own that `open` makes.
///
/// # Panics
/// The registry does not conform; the message says what was expected.
pub async fn conformance<F>(quirks: Quirks, open: impl Fn() -> F)
where
    F: Future<Output = Arc<dyn NameResolver>>,
{
    let suite = Suite { open, prefix: uuid::Uuid::new_v4().simple().to_string()[..8].to_owned() };
    suite.unknown_app().await;
    suite.own_and_other().await;
    suite.replicas().await;
    suite.ipv6().await;
    if !quirks.no_namespaces {
        suite.namespaces().await;
    }
    suite.close_and_return().await;
    suite.concurrent_starts().await;
}

/// A sidecar of `app_id` at `address`, with ports that the registry may publish.
pub fn instance(app_id: &str, namespace: &str, address: &str, port: u16) -> Instance {
    Instance {
        app_id: app_id.into(),
        namespace: namespace.into(),
        address: address.into(),
        port,
        // Some registries tell the sidecars of one host apart by it.
        http_port: port.saturating_add(10_000),
        grpc_port: 50_001,
        app_port: 8080,
        ..Instance::default()
    }
}

/// A question for an app.
pub fn query(app_id: &str, namespace: &str) -> Query {
    Query { app_id: app_id.into(), namespace: namespace.into(), port: 50_002, ..Query::default() }
}

/// Asks until exactly `expected` comes back.
///
/// # Panics
/// It did not within 15 seconds, or the registry failed.
pub async fn await_addresses(resolver: &Arc<dyn NameResolver>, query: &Query, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|&address| address.to_owned()).collect();
    let start = Instant::now();
    loop {
        let found = resolver.resolve(query).await.unwrap_or_else(|error| panic!("resolving {query:?}: {error}"));
        let distinct: BTreeSet<String> = found.iter().cloned().collect();
        assert_eq!(distinct.len(), found.len(), "an address comes once: {found:?}");
        if distinct == expected {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{query:?} should be {expected:?}, and is {found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

struct Suite<O> {
    open: O,
    prefix: String,
}

impl<O, F> Suite<O>
where
    O: Fn() -> F,
    F: Future<Output = Arc<dyn NameResolver>>,
{
    fn id(&self, name: &str) -> String {
        format!("{name}-{}", self.prefix)
    }

    async fn registered(&self, instance: &Instance) -> Arc<dyn NameResolver> {
        let resolver = (self.open)().await;
        resolver.register(instance).await.unwrap_or_else(|error| panic!("registering {instance:?}: {error}"));
        resolver
    }

    async fn unknown_app(&self) {
        let resolver = (self.open)().await;
        let found = resolver.resolve(&query(&self.id("nobody"), "default")).await.expect("an answer");
        assert!(found.is_empty(), "an app that nobody registered has no addresses, found {found:?}");
        assert!(!resolver.hint().is_empty(), "there is a hint for the user");
        resolver.close().await;
    }

    async fn own_and_other(&self) {
        let (one, other) = (self.id("one"), self.id("other"));
        let first = self.registered(&instance(&one, "default", "127.0.0.1", 41_001)).await;
        let second = self.registered(&instance(&other, "default", "127.0.0.1", 41_002)).await;
        for resolver in [&first, &second] {
            await_addresses(resolver, &query(&one, "default"), &["127.0.0.1:41001"]).await;
            await_addresses(resolver, &query(&other, "default"), &["127.0.0.1:41002"]).await;
        }
        first.close().await;
        second.close().await;
    }

    async fn replicas(&self) {
        let id = self.id("replicas");
        let first = self.registered(&instance(&id, "default", "127.0.0.1", 41_011)).await;
        await_addresses(&first, &query(&id, "default"), &["127.0.0.1:41011"]).await;
        let second = self.registered(&instance(&id, "default", "127.0.0.1", 41_012)).await;
        let both = ["127.0.0.1:41011", "127.0.0.1:41012"];
        await_addresses(&first, &query(&id, "default"), &both).await;
        await_addresses(&second, &query(&id, "default"), &both).await;
        first.close().await;
        await_addresses(&second, &query(&id, "default"), &both[1..]).await;
        second.close().await;
    }

    async fn ipv6(&self) {
        let id = self.id("six");
        let resolver = self.registered(&instance(&id, "default", "::1", 41_021)).await;
        await_addresses(&resolver, &query(&id, "default"), &["[::1]:41021"]).await;
        resolver.close().await;
    }

    async fn namespaces(&self) {
        let id = self.id("both");
        let blue = self.registered(&instance(&id, "blue", "127.0.0.1", 41_031)).await;
        let green = self.registered(&instance(&id, "green", "127.0.0.1", 41_032)).await;
        for resolver in [&blue, &green] {
            await_addresses(resolver, &query(&id, "blue"), &["127.0.0.1:41031"]).await;
            await_addresses(resolver, &query(&id, "green"), &["127.0.0.1:41032"]).await;
            await_addresses(resolver, &query(&id, "red"), &[]).await;
        }
        blue.close().await;
        green.close().await;
    }

    async fn close_and_return(&self) {
        let id = self.id("back");
        let observer = (self.open)().await;
        let place = instance(&id, "default", "127.0.0.1", 41_041);
        for _ in 0..2 {
            let resolver = self.registered(&place).await;
            await_addresses(&observer, &query(&id, "default"), &["127.0.0.1:41041"]).await;
            resolver.close().await;
            await_addresses(&observer, &query(&id, "default"), &[]).await;
        }
        observer.close().await;
    }

    async fn concurrent_starts(&self) {
        let id = self.id("crowd");
        let places: Vec<Instance> =
            (0..CROWD).map(|index| instance(&id, "default", "127.0.0.1", 41_100 + index)).collect();
        let resolvers = join_all(places.iter().map(|place| self.registered(place))).await;
        let addresses: Vec<String> = places.iter().map(|place| format!("{}:{}", place.address, place.port)).collect();
        let expected: Vec<&str> = addresses.iter().map(String::as_str).collect();
        await_addresses(&resolvers[0], &query(&id, "default"), &expected).await;
        join_all(resolvers.iter().map(|resolver| resolver.close())).await;
        let observer = (self.open)().await;
        await_addresses(&observer, &query(&id, "default"), &[]).await;
        observer.close().await;
    }
}
