//! `pubsub.redis` conforms, on one server and on a cluster, and survives servers and sidecars that are killed.

mod crash;
mod format;
mod speed;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use dapr_component_redis::pubsub::Redis;
use dapr_spi::pubsub::PubSub;
use dapr_spi::registry;
use dapr_testkit::pubsub::{Quirks, Suite, conformance};

use crate::cluster::Nodes;
use crate::sentinel::sentinel;
use crate::servers::{durable_server, server};

fn quirks() -> Quirks {
    Quirks {
        metadata: true,
        key_order: true,
        whole_order: true,
        redelivery: Duration::from_secs(5),
        ..Quirks::default()
    }
}

/// A component of a group, with further fields.
async fn open(host: &str, group: &str, fields: &[(&str, &str)]) -> Arc<dyn PubSub> {
    let quick = [("redeliverInterval", "200ms"), ("processingTimeout", "1s"), ("concurrency", "10")];
    let given = [("redisHost", host), ("consumerID", group)];
    let has = |name: &str| fields.iter().any(|(given, _)| *given == name);
    let defaults = quick.into_iter().filter(|(name, _)| !has(name));
    let pairs: Vec<_> = given.into_iter().chain(fields.iter().copied()).chain(defaults).collect();
    registry::open::<Redis>(&pairs).await.unwrap_or_else(|error| panic!("a broker on {host}: {error}"))
}

fn opener(
    host: String,
    fields: &'static [(&'static str, &'static str)],
) -> impl Fn(String) -> futures_util::future::BoxFuture<'static, Arc<dyn PubSub>> + Send + Sync + 'static {
    move |group| {
        let host = host.clone();
        Box::pin(async move { open(&host, &group, fields).await })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let server = server(&[]).await;
    conformance(opener(server.address().to_string(), &[]), quirks()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms_on_a_cluster() {
    let nodes = Nodes::start().await;
    conformance(opener(nodes.hosts(), &[("redisType", "cluster")]), quirks()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_loses_nothing() {
    let mut server = durable_server().await;
    let suite = Suite::new(opener(server.address().to_string(), &[]), quirks());
    suite.restart(|| async { server.restart().await.expect("a restart") }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_loses_nothing() {
    let mut server = durable_server().await;
    let suite = Suite::new(opener(server.address().to_string(), &[]), quirks());
    suite
        .restart(|| async {
            for _ in 0..3 {
                server.kill();
                server.resume().await.expect("a start");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_freezes_loses_nothing() {
    let server = durable_server().await;
    let fields: &[_] = &[("readTimeout", "500ms"), ("dialTimeout", "500ms")];
    let suite = Suite::new(opener(server.address().to_string(), fields), quirks());
    suite
        .restart(|| async {
            server.freeze();
            tokio::time::sleep(Duration::from_secs(3)).await;
            server.thaw();
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_a_cluster_loses_nothing() {
    let mut nodes = Nodes::start_with(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let hosts = nodes.hosts();
    let suite = Suite::new(opener(hosts, &[("redisType", "cluster")]), quirks());
    suite
        .restart(|| async {
            for server in &mut nodes.servers {
                server.kill();
                server.resume().await.expect("a start");
            }
        })
        .await;
}

/// What Redis acknowledges may not have reached the replica yet, so only that it goes on is tested.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn follows_the_master() {
    use dapr_testkit::pubsub::{Act, Collector, message, subscription};
    let mut master = server(&["--masterauth", "secret", "--requirepass", "secret"]).await;
    let port = master.port().to_string();
    let follow = ["--masterauth", "secret", "--requirepass", "secret", "--replicaof", "127.0.0.1", &port];
    let _replica = server(&[follow.as_slice(), ["--repl-diskless-sync-delay", "0"].as_slice()].concat()).await;
    let sentinel = sentinel(&master).await;
    let fields = [
        ("failover", "true"),
        ("sentinelMasterName", "mymaster"),
        ("sentinelUsername", "watcher"),
        ("sentinelPassword", "watch-secret"),
        ("redisPassword", "secret"),
    ];
    let broker = open(&sentinel.address().to_string(), "group", &fields).await;
    let collector = Collector::start(&broker, subscription("t"), 8, |_| Act::Done).await;
    broker.publish(message("t", "before")).await.expect("publish");
    collector.wait(1).await;
    crate::sentinel::wait_known(&sentinel).await;
    master.kill();
    let started = std::time::Instant::now();
    while let Err(error) = broker.publish(message("t", "after")).await {
        assert!(started.elapsed() < Duration::from_secs(30), "no failover: {error}\n{}", sentinel.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let after = |seen: &[dapr_testkit::pubsub::Seen]| seen.iter().any(|seen| seen.text() == "after");
    collector.wait_until("the message after the failover", Duration::from_secs(30), after).await;
    collector.close().await;
    broker.close().await;
}
