//! A cluster of three masters.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dapr_spi::ErrorKind;
use dapr_spi::state::{KeysLikeRequest, Operation, TransactionRequest};
use dapr_testkit::process::Server;
use dapr_testkit::state::Suite;
use redis::aio::MultiplexedConnection;

use crate::servers::{Looker, QUIRKS, Suited, get, raw, server, set, store, text};

pub(crate) struct Nodes {
    pub(crate) servers: Vec<Server>,
    /// Ports on which the nodes speak among themselves.
    buses: Vec<String>,
}

impl Nodes {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(further: &[&str]) -> Self {
        let arguments =
            ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-config-file", "{dir}/nodes.conf"];
        let arguments = [arguments.as_slice(), further].concat();
        let mut nodes = Self { servers: Vec::new(), buses: Vec::new() };
        for _ in 0..3 {
            let bus = dapr_testkit::process::free_port().to_string();
            let with_bus = [arguments.as_slice(), ["--cluster-port", bus.as_str()].as_slice()].concat();
            nodes.servers.push(server(&with_bus).await);
            nodes.buses.push(bus);
        }
        nodes.join().await;
        nodes
    }

    async fn join(&self) {
        let mut connections = self.connections().await;
        for (index, connection) in connections.iter_mut().enumerate() {
            let (first, last) = (index * 16_384 / 3, (index + 1) * 16_384 / 3 - 1);
            let () = cluster(&["ADDSLOTSRANGE", &first.to_string(), &last.to_string()], connection).await;
            let () = cluster(&["SET-CONFIG-EPOCH", &(index + 1).to_string()], connection).await;
        }
        for (other, bus) in self.servers.iter().zip(&self.buses).skip(1) {
            let () = cluster(&["MEET", "127.0.0.1", &other.port().to_string(), bus], &mut connections[0]).await;
        }
        let started = Instant::now();
        for connection in &mut connections {
            loop {
                let info: String = cluster(&["INFO"], connection).await;
                let slots: Vec<redis::Value> = cluster(&["SLOTS"], connection).await;
                if info.contains("cluster_state:ok") && slots.len() == 3 {
                    break;
                }
                assert!(started.elapsed() < Duration::from_secs(20), "the cluster does not form: {info}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    async fn connections(&self) -> Vec<MultiplexedConnection> {
        let mut connections = Vec::new();
        for server in &self.servers {
            connections.push(raw(server).await);
        }
        connections
    }

    pub(crate) fn hosts(&self) -> String {
        format!("127.0.0.1:1,{}", self.servers[1].address())
    }
}

async fn cluster<T: redis::FromRedisValue>(arguments: &[&str], connection: &mut MultiplexedConnection) -> T {
    let mut command = redis::cmd("CLUSTER");
    command
        .arg(arguments)
        .query_async(connection)
        .await
        .unwrap_or_else(|error| panic!("CLUSTER {arguments:?}: {error}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let nodes = Nodes::start().await;
    let store = store(&nodes.hosts(), &[("redisType", "cluster")]).await;
    let suited = |tag: &'static str, look| Arc::new(Suited { store: Arc::clone(&store), look, tag });
    let spread = Suite::new(suited("", Looker::Many(nodes.connections().await)), QUIRKS);
    spread.values().await;
    spread.special_keys().await;
    spread.bulk_get().await;
    spread.etags().await;
    spread.compare_and_set().await;
    spread.keys_like().await;
    spread.parallel_writers().await;
    transactions_need_one_slot(&store).await;
    slots_may_move(&nodes, &store).await;
    Suite::new(suited("{one-slot}", Looker::Many(nodes.connections().await)), QUIRKS).run().await;
}

async fn transactions_need_one_slot(store: &Arc<dyn dapr_spi::state::StateStore>) {
    let transaction = |keys: [&str; 2]| {
        let operations = keys.map(|key| Operation::Upsert(set(key, "value"))).into();
        store.transact(TransactionRequest { operations, ..TransactionRequest::default() })
    };
    let error = transaction(["a", "b"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("hash slot") && error.to_string().contains("`b`"), "{error}");
    transaction(["{tag}a", "{tag}b"]).await.unwrap();
}

/// A slot on its way from one node to another (ASK), and one that arrived (MOVED).
async fn slots_may_move(nodes: &Nodes, store: &Arc<dyn dapr_spi::state::StateStore>) {
    let mut connections = nodes.connections().await;
    store.set(set("moving", "one")).await.unwrap();
    let slot: u16 = cluster(&["KEYSLOT", "moving"], &mut connections[0]).await;
    let slot_text = slot.to_string();
    let from = usize::from(slot) * 3 / 16_384;
    let to = (from + 1) % 3;
    let mut ids = Vec::new();
    for connection in &mut connections {
        ids.push(cluster::<String>(&["MYID"], connection).await);
    }
    let () = cluster(&["SETSLOT", &slot_text, "IMPORTING", &ids[from]], &mut connections[to]).await;
    let () = cluster(&["SETSLOT", &slot_text, "MIGRATING", &ids[to]], &mut connections[from]).await;
    let port = nodes.servers[to].port();
    let mut migrate = redis::cmd("MIGRATE");
    migrate.arg("127.0.0.1").arg(port).arg("moving").arg(0).arg(2000);
    let () = migrate.query_async(&mut connections[from]).await.unwrap();
    assert_eq!(text(store.as_ref(), "moving").await.as_deref(), Some("one"), "a key that was moved is asked for there");
    store.set(set("moving", "two")).await.expect("a script follows ASK, too");
    let bulk = store.bulk_get(&["moving", "elsewhere"].map(get)).await.unwrap().unwrap();
    assert_eq!(bulk[0].result.as_ref().unwrap().data.as_deref(), Some(b"two".as_slice()));
    for connection in [to, from] {
        let () = cluster(&["SETSLOT", &slot_text, "NODE", &ids[to]], &mut connections[connection]).await;
    }
    assert_eq!(text(store.as_ref(), "moving").await.as_deref(), Some("two"), "a slot that moved is found");
    let like = KeysLikeRequest { pattern: "mov%".into(), ..KeysLikeRequest::default() };
    assert_eq!(store.keys_like(like).await.unwrap().keys, ["moving"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_may_restart() {
    let mut nodes = Nodes::start().await;
    let store = store(&nodes.hosts(), &[("redisType", "cluster")]).await;
    for index in 0..30 {
        store.set(set(&format!("key{index}"), "value")).await.unwrap();
    }
    nodes.servers[0].kill();
    nodes.servers[0].resume().await.unwrap();
    let started = Instant::now();
    for index in 0..30 {
        while let Err(error) = store.set(set(&format!("key{index}"), "again")).await {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            assert!(started.elapsed() < Duration::from_secs(15), "{error}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
