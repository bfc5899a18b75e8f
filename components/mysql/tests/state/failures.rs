//! A server that is away, slow, or says no.

use std::time::{Duration, Instant};

use dapr_spi::ErrorKind;
use dapr_spi::state::{GetRequest, Map, Options, SetRequest, StateStore, Value};
use dapr_testkit::process::free_port;
use dapr_testkit::state::reconnect;
use tokio::sync::Mutex;

use crate::server::{PASSWORD, address, shared, spec, start, store, try_store};

async fn get(store: &dyn StateStore) -> dapr_spi::Result<()> {
    store.get(GetRequest { key: "key".into(), ..GetRequest::default() }).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_outlive_a_restart_and_a_crash() {
    let server = start(spec([])).await;
    let store = store(&server, "restart", &[]).await;
    let server = Mutex::new(server);
    reconnect(store.clone(), async || server.lock().await.restart().await.unwrap()).await;
    let crash = async || {
        let mut server = server.lock().await;
        server.kill();
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.resume().await.unwrap();
    };
    reconnect(store, crash).await;
}

#[tokio::test]
async fn a_read_survives_a_restart_and_no_call_takes_longer_than_the_timeout() {
    let mut server = start(spec([])).await;
    let store = store(&server, "frozen", &[("timeoutInSeconds", "1")]).await;
    get(&*store).await.unwrap();
    server.restart().await.unwrap();
    get(&*store).await.unwrap();
    server.freeze();
    for _ in 0..2 {
        let started = Instant::now();
        let error = get(&*store).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(started.elapsed() < Duration::from_millis(1_500), "{:?}", started.elapsed());
    }
    server.thaw();
    get(&*store).await.unwrap();
    store.close().await;
    assert_eq!(get(&*store).await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn a_server_that_is_away_is_said_to_be_so_at_once() {
    let started = Instant::now();
    let error = try_store(&format!("u:p@tcp(127.0.0.1:{})/", free_port()), "none", &[]).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("cannot talk to MySQL at 127.0.0.1:"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let server = shared().await;
    let good = address(&server, "");
    for (from, to, expected) in [
        (PASSWORD, "wrong", "check user and password in `connectionString`"),
        (&format!("dapr:{PASSWORD}"), "reader:r", "grant the right to this user"),
    ] {
        let error = try_store(&good.replace(from, to), "refused", &[]).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(error.to_string().contains(expected), "{error}");
    }
    let store = store(&server, "refusals", &[]).await;
    let (metadata, options) = (Map::new(), Options::default());
    let request = SetRequest { key: "k".repeat(256), value: Value::Json("1".into()), etag: None, metadata, options };
    let error = store.set(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
}
