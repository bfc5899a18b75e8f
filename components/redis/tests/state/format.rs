//! What is on the server: the incumbent reads what we write, and we read what it writes.

use std::collections::HashMap;

use dapr_spi::ErrorKind;
use dapr_spi::state::{Concurrency, DeleteRequest, Operation, Options, SetRequest, TransactionRequest};
use redis::AsyncCommands;

use crate::servers::{get, raw, server, set, store, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_is_a_hash_of_data_and_version() {
    let server = server(&[]).await;
    let (store, mut raw) = (store(&server.address().to_string(), &[]).await, raw(&server).await);
    store.set(set("app||key", "one")).await.unwrap();
    store.set(set("app||key", "two")).await.unwrap();
    let upsert = vec![Operation::Upsert(set("app||key", "three")), Operation::Upsert(set("app||other", "value"))];
    store.transact(TransactionRequest { operations: upsert, ..TransactionRequest::default() }).await.unwrap();
    let hash: HashMap<String, String> = raw.hgetall("app||key").await.unwrap();
    assert_eq!(hash, [("data", "three"), ("version", "3")].map(|(a, b)| (a.into(), b.into())).into());
    let hash: HashMap<String, String> = raw.hgetall("app||other").await.unwrap();
    assert_eq!(hash["version"], "1");

    let first = Options { concurrency: Concurrency::FirstWrite, ..Options::default() };
    store.set(SetRequest { options: first, ..set("app||first", "value") }).await.unwrap();
    let hash: HashMap<String, String> = raw.hgetall("app||first").await.unwrap();
    assert_eq!(
        hash,
        [("data", "value"), ("version", "1"), ("first-write", "0")].map(|(a, b)| (a.into(), b.into())).into()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_what_others_wrote() {
    let server = server(&[]).await;
    let (store, mut raw) = (store(&server.address().to_string(), &[]).await, raw(&server).await);
    let fields = [("first-write", "0"), ("version", "41"), ("data", "{}")];
    let () = raw.hset_multiple("incumbent", &fields).await.unwrap();
    let () = raw.set("plain", "text").await.unwrap();
    let () = raw.hset("foreign", "data", "x").await.unwrap();
    let () = raw.lpush("list", "x").await.unwrap();
    let found = store.get(get("incumbent")).await.unwrap();
    assert_eq!((found.data.unwrap(), found.etag.as_deref()), ("{}".into(), Some("41")));
    let found = store.get(get("plain")).await.unwrap();
    assert_eq!((found.data.unwrap(), found.etag), ("text".into(), None));
    for key in ["foreign", "list"] {
        assert_eq!(store.get(get(key)).await.unwrap_err().kind(), ErrorKind::Failed, "{key}");
    }
    let bulk = store.bulk_get(&["plain", "incumbent", "foreign", "none"].map(get)).await.unwrap().unwrap();
    let found: Vec<_> =
        bulk.iter().map(|item| item.result.as_ref().ok().and_then(|found| found.data.clone())).collect();
    assert_eq!(found, [Some("text".into()), Some("{}".into()), None, None]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_over_what_is_no_item() {
    let server = server(&[]).await;
    let (store, mut raw) = (store(&server.address().to_string(), &[]).await, raw(&server).await);
    for key in ["plain", "in-transaction", "deleted"] {
        let () = raw.set(key, "text").await.unwrap();
    }
    store.set(set("plain", "item")).await.unwrap();
    let steps = vec![Operation::Upsert(set("in-transaction", "item"))];
    store.transact(TransactionRequest { operations: steps, ..TransactionRequest::default() }).await.unwrap();
    let by_etag = DeleteRequest { key: "deleted".into(), etag: Some("1".into()), ..DeleteRequest::default() };
    store.delete(by_etag).await.unwrap();
    for key in ["plain", "in-transaction"] {
        assert_eq!(text(store.as_ref(), key).await.as_deref(), Some("item"), "{key}");
    }
    assert_eq!(text(store.as_ref(), "deleted").await, None);
}

/// As in the incumbent: what was once written with first-write takes no write without the ETag any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_write_stays_protected() {
    let server = server(&[]).await;
    let store = store(&server.address().to_string(), &[]).await;
    let first = Options { concurrency: Concurrency::FirstWrite, ..Options::default() };
    store.set(SetRequest { options: first, ..set("key", "one") }).await.unwrap();
    let steps = vec![Operation::Upsert(set("key", "two"))];
    let refusals = [
        store.set(set("key", "two")).await,
        store.transact(TransactionRequest { operations: steps, ..TransactionRequest::default() }).await,
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap_err().kind(), ErrorKind::EtagMismatch);
    }
    store.set(SetRequest { etag: Some("1".into()), ..set("key", "two") }).await.unwrap();
    let last = Options { concurrency: Concurrency::LastWrite, ..Options::default() };
    let late = SetRequest { etag: Some("1".into()), options: last, ..set("other", "value") };
    store.set(set("other", "one")).await.unwrap();
    store.set(set("other", "two")).await.unwrap();
    store.set(late).await.expect("last-write does not look at the ETag");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_with_a_bad_version_changes_nothing() {
    let server = server(&[]).await;
    let (store, mut raw) = (store(&server.address().to_string(), &[]).await, raw(&server).await);
    let () = raw.hset_multiple("bad", &[("data", "x"), ("version", "many")]).await.unwrap();
    let steps = vec![Operation::Upsert(set("good", "value")), Operation::Upsert(set("bad", "value"))];
    let refused = store.transact(TransactionRequest { operations: steps, ..TransactionRequest::default() }).await;
    let refused = refused.unwrap_err();
    assert!(refused.to_string().contains("`bad`") || refused.to_string().contains("version of bad"), "{refused}");
    assert_eq!(text(store.as_ref(), "good").await, None);
}
