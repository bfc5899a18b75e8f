//! `state.sqlite` conforms in each of its modes, and with several sidecars on one file.

#[path = "support/common.rs"]
mod common;

use common::{bytes, get, open, open_file};
use dapr_testkit::state::{Quirks, Suite, conformance};
use futures_util::future::join_all;

#[tokio::test(flavor = "multi_thread")]
async fn conforms_with_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    conformance(open_file(&dir.path().join("state.db")).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms_without_write_ahead_log() {
    let dir = tempfile::tempdir().expect("a directory");
    let uri = format!("file:{}?_pragma=synchronous(NORMAL)&_txlock=immediate", dir.path().join("state.db").display());
    let pairs = [("connectionString", &*uri), ("disableWAL", "true"), ("busyTimeout", "10s"), ("tableName", "order")];
    conformance(open(&pairs).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms_in_memory() {
    conformance(open(&[("connectionString", ":memory:")]).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sidecars_share_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    let stores = join_all((0..3).map(|_| open_file(&file))).await;
    join_all(stores.iter().map(|store| async {
        let suite = Suite::new(store.clone(), Quirks::default());
        suite.values().await;
        suite.compare_and_set().await;
        suite.transfers().await;
    }))
    .await;
    stores[0].set(bytes("seen", 3)).await.expect("set");
    assert_eq!(get(&stores[1], "seen").await.as_deref(), Some("xxx"), "what one wrote, the others read");
    for store in &stores {
        store.close().await;
    }
    assert!(!file.with_extension("db-wal").exists(), "the last one to close leaves one file");
}
