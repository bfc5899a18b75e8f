//! A server that is away, slow, or says no.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dapr_spi::ErrorKind;
use dapr_spi::state::{GetRequest, StateStore};
use dapr_testkit::process::free_port;
use dapr_testkit::state::reconnect;
use tokio::sync::Mutex;

use crate::server::{Kind, Postgres, shared, store, try_store};

async fn get(store: &dyn StateStore) -> dapr_spi::Result<()> {
    store.get(GetRequest { key: "key".into(), ..GetRequest::default() }).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_outlive_a_restart_and_a_crash() {
    let server = Postgres::start().await;
    let address = server.database("restart").await;
    let store: Arc<dyn StateStore> = store(Kind::V2, &address, &[]).await;
    let server = Mutex::new(server);
    reconnect(store.clone(), async || server.lock().await.server.restart().await.unwrap()).await;
    let crash = async || {
        let mut server = server.lock().await;
        server.server.kill();
        // A new server refuses to start as long as a process of the killed one lives.
        let deadline = Instant::now() + Duration::from_secs(20);
        while let Err(error) = server.server.resume().await {
            assert!(Instant::now() < deadline, "{error}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    reconnect(store, crash).await;
}

#[tokio::test]
async fn a_read_survives_a_restart_nobody_noticed() {
    let mut server = Postgres::start().await;
    let address = server.database("unnoticed").await;
    let store = store(Kind::V1, &address, &[]).await;
    get(&*store).await.unwrap();
    server.server.restart().await.unwrap();
    get(&*store).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_away_is_said_to_be_so_at_once() {
    let started = Instant::now();
    let address = format!("host=127.0.0.1 port={} user=u password=p", free_port());
    let error = try_store(Kind::V2, &address, &[]).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = error.to_string();
    assert!(text.contains("cannot talk to PostgreSQL at 127.0.0.1:") && text.contains("refused"), "{text}");
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn no_call_takes_longer_than_the_timeout() {
    let server = Postgres::start().await;
    let address = server.database("frozen").await;
    let store = store(Kind::V2, &address, &[("timeout", "1s")]).await;
    get(&*store).await.unwrap();
    let client = server.client("frozen").await;
    client.batch_execute("BEGIN; LOCK TABLE state").await.unwrap();
    for _ in 0..3 {
        let started = Instant::now();
        let error = get(&*store).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(started.elapsed() < Duration::from_millis(1_500), "{:?}", started.elapsed());
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(client.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0), 0, "the statement was stopped");
    }
    client.batch_execute("ROLLBACK").await.unwrap();
    get(&*store).await.unwrap();
    server.server.freeze();
    let started = Instant::now();
    let error = try_store(Kind::V2, &address, &[("timeout", "1s")]).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(started.elapsed() < Duration::from_millis(1_500), "{:?}", started.elapsed());
    server.server.thaw();
    get(&*store).await.unwrap();
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let server = shared().await;
    let address = server.database("refusals").await;
    let client = server.client("refusals").await;
    client
        .batch_execute("CREATE ROLE reader LOGIN PASSWORD 'p'; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        .await
        .unwrap();
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[("password", "wrong")], "password authentication failed for user \"postgres\": check `user` and `password`"),
        (&[("database", "nowhere")], "database \"nowhere\" does not exist: create database `nowhere`"),
        (&[("user", "reader"), ("password", "p")], "grant the right to user `reader`"),
        (&[("metadataTableName", "no_schema.meta")], "create the schema, or correct the table name"),
    ];
    for (more, expected) in cases {
        let error = try_store(Kind::V1, &address, more).await.err().unwrap();
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Failed, "{text}");
        assert!(text.contains(expected) && text.contains("PostgreSQL at 127.0.0.1:"), "{text}");
    }
}

#[tokio::test]
async fn a_closed_store_refuses_calls_and_leaves_no_connection() {
    let server = shared().await;
    let address = server.database("closing").await;
    let store = store(Kind::V2, &address, &[]).await;
    get(&*store).await.unwrap();
    store.close().await;
    assert_eq!(get(&*store).await.unwrap_err().kind(), ErrorKind::Unavailable);
    let client = server.client("postgres").await;
    let deadline = Instant::now() + Duration::from_secs(5);
    let text = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'closing'";
    while client.query_one(text, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(Instant::now() < deadline, "a closed store must leave the server");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn unused_connections_are_closed() {
    let server = shared().await;
    let address = server.database("idle").await;
    let store = store(Kind::V2, &address, &[("connectionMaxIdleTime", "1s")]).await;
    get(&*store).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let client = server.client("postgres").await;
    let text = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'idle'";
    assert_eq!(client.query_one(text, &[]).await.unwrap().get::<_, i64>(0), 0);
    get(&*store).await.unwrap();
}
