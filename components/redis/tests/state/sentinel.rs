//! Sentinel: the master is found by its name, and again after a failover.

use std::time::{Duration, Instant};

use dapr_testkit::process::{Server, Spec};
use dapr_testkit::state::Suite;

use crate::servers::{QUIRKS, Suited, raw, server, set, store, text, try_store};

/// A sentinel with user and password of its own, that calls the master `mymaster`.
pub(crate) async fn sentinel(master: &Server) -> Server {
    let (port, master) = ("{port}", master.port());
    let config = format!(
        "port {port}\\nbind 127.0.0.1\\ndir {{dir}}\\nuser default off\\nuser watcher on >watch-secret &* +@all\\n\
         sentinel monitor mymaster 127.0.0.1 {master} 1\\nsentinel down-after-milliseconds mymaster 500\\n\
         sentinel failover-timeout mymaster 2000\\nsentinel auth-pass mymaster secret\\n"
    );
    let write = format!("printf '{config}' > {{dir}}/sentinel.conf");
    let spec = Spec::new("redis-server", ["{dir}/sentinel.conf", "--sentinel"]).prepare("sh", ["-c", &write]);
    Server::start(spec).await.expect("a sentinel")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn follows_the_master() {
    let login = ["--requirepass", "secret", "--masterauth", "secret"];
    let mut master = server(&login).await;
    let port = master.port().to_string();
    let follow = ["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"];
    let replica = server(&[login.as_slice(), follow.as_slice()].concat()).await;
    let sentinel = sentinel(&master).await;
    let hosts = format!("127.0.0.1:1,{}", sentinel.address());
    let fields = [
        ("failover", "true"),
        ("sentinelMasterName", "mymaster"),
        ("sentinelUsername", "watcher"),
        ("sentinelPassword", "watch-secret"),
        ("redisPassword", "secret"),
    ];
    let Err(error) =
        try_store(&hosts, &[("failover", "true"), ("sentinelMasterName", "other"), fields[2], fields[3]]).await
    else {
        panic!("an unknown master was found")
    };
    assert!(error.to_string().contains("check `sentinelMasterName`"), "{error}");

    let store = store(&hosts, &fields).await;
    let suite = Suite::new(Suited::on(&server(&[]).await, std::sync::Arc::clone(&store)).await, QUIRKS);
    suite.values().await;
    suite.etags().await;
    suite.transactions().await;
    store.set(set("kept", "value")).await.unwrap();
    wait_replicated(&replica).await;
    wait_known(&sentinel).await;

    master.kill();
    let started = Instant::now();
    while let Err(error) = store.set(set("after", "failover")).await {
        assert_eq!(error.kind(), dapr_spi::ErrorKind::Unavailable, "{error}");
        assert!(started.elapsed() < Duration::from_secs(30), "no failover: {error}\n{}", sentinel.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(text(store.as_ref(), "kept").await.as_deref(), Some("value"), "the new master was the replica");
}

async fn wait_replicated(replica: &Server) {
    let mut raw = raw_with_password(replica).await;
    let found = || async {
        let found: Option<String> =
            redis::cmd("HGET").arg("kept").arg("data").query_async(&mut raw.clone()).await.unwrap();
        found.is_some()
    };
    wait(found).await;
    let _ = &mut raw;
}

pub(crate) async fn wait_known(sentinel: &Server) {
    let url = format!("redis://watcher:watch-secret@{}", sentinel.address());
    let connection = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let known = || async {
        let mut ask = redis::cmd("SENTINEL");
        ask.arg("replicas").arg("mymaster");
        let replicas: Vec<redis::Value> = ask.query_async(&mut connection.clone()).await.unwrap();
        !replicas.is_empty()
    };
    wait(known).await;
}

async fn wait<F: Future<Output = bool>>(done: impl Fn() -> F) {
    let started = Instant::now();
    while !done().await {
        assert!(started.elapsed() < Duration::from_secs(20), "the servers did not find each other");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn raw_with_password(server: &Server) -> redis::aio::MultiplexedConnection {
    let url = format!("redis://:secret@{}", server.address());
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_named_as_such() {
    let master = server(&[]).await;
    let port = master.port().to_string();
    let replica = server(&["--replicaof", "127.0.0.1", &port]).await;
    let _ = raw(&replica).await;
    let store = store(&replica.address().to_string(), &[("redisMaxRetries", "1")]).await;
    let error = store.set(set("key", "value")).await.unwrap_err();
    assert!(error.to_string().contains("READONLY") && error.to_string().contains("is a replica"), "{error}");
}
