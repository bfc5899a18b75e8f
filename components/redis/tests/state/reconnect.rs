//! The server goes and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dapr_kit::task;
use dapr_spi::ErrorKind;
use dapr_spi::state::SetRequest;

use crate::servers::{durable_server, get, server, set, store, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let mut server = durable_server().await;
    let store = store(&server.address().to_string(), &[]).await;
    dapr_testkit::state::reconnect(store, || async { server.restart().await.expect("a restart") }).await;
}

/// Counts by ETag through restarts: every acknowledged step is there, and none was done twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checked_write_is_never_done_twice() {
    let mut server = durable_server().await;
    let store = store(&server.address().to_string(), &[]).await;
    store.set(set("counter", "0")).await.unwrap();
    let (stop, unsure) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let counting = {
        let (store, stop, unsure) = (Arc::clone(&store), Arc::clone(&stop), Arc::clone(&unsure));
        task::spawn("count", async move {
            let mut acknowledged = 0u64;
            while !stop.load(Ordering::Relaxed) {
                let Ok(found) = store.get(get("counter")).await else { continue };
                let count: u64 = String::from_utf8_lossy(&found.data.unwrap()).parse().unwrap();
                let request = SetRequest { etag: found.etag, ..set("counter", &(count + 1).to_string()) };
                match store.set(request).await {
                    Ok(()) => acknowledged += 1,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Unavailable, "there is no other writer: {error}");
                        unsure.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            acknowledged
        })
    };
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill();
        server.resume().await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(800)).await;
    stop.store(true, Ordering::Relaxed);
    let acknowledged = counting.join().await.unwrap();
    let stored: u64 = text(store.as_ref(), "counter").await.unwrap().parse().unwrap();
    let unsure = unsure.load(Ordering::Relaxed);
    assert!((acknowledged..=acknowledged + unsure).contains(&stored), "{acknowledged} + {unsure}, but {stored}");
    assert!(acknowledged > 100, "the run went on after each restart: {acknowledged}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_fail_quickly_while_the_server_is_away() {
    let mut server = server(&[]).await;
    let store = store(&server.address().to_string(), &[]).await;
    server.stop().await.unwrap();
    let started = Instant::now();
    let error = store.get(get("key")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("connection refused"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3), "waited {:?}", started.elapsed());
    let later = Instant::now();
    for _ in 0..100 {
        store.set(set("key", "value")).await.unwrap_err();
    }
    assert!(later.elapsed() < Duration::from_millis(200), "100 requests waited {:?}", later.elapsed());
    server.resume().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.set(set("key", "value")).await.expect("the store found the server again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_server_is_given_up_after_the_read_timeout() {
    let server = server(&[]).await;
    let store = store(&server.address().to_string(), &[("readTimeout", "300ms"), ("dialTimeout", "500ms")]).await;
    store.set(set("key", "value")).await.unwrap();
    server.freeze();
    let started = Instant::now();
    let error = store.get(get("key")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(started.elapsed() < Duration::from_millis(900), "waited {:?}", started.elapsed());
    server.thaw();
    let deadline = Instant::now() + Duration::from_secs(5);
    while store.get(get("key")).await.is_err() {
        assert!(Instant::now() < deadline, "the store did not find the server again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_retries_an_idle_store_still_finds_a_restarted_server() {
    let mut server = server(&[]).await;
    let store = store(&server.address().to_string(), &[("redisMaxRetries", "-1")]).await;
    server.restart().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.set(set("key", "value")).await.expect("nothing was sent before, so nothing is repeated");
    store.close().await;
    let error = store.get(get("key")).await.unwrap_err();
    assert!(error.to_string().contains("closed"), "{error}");
    let mut raw = crate::servers::raw(&server).await;
    let clients: String = redis::cmd("CLIENT").arg("LIST").query_async(&mut raw).await.unwrap();
    assert_eq!(clients.lines().count(), 1, "close ends the connections: {clients}");
}
