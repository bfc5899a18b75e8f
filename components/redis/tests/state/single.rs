//! One server.

use dapr_spi::state::{
    Consistency, DeleteRequest, Feature, KeysLikeRequest, Operation, Options, SetRequest, TransactionRequest,
};
use dapr_testkit::state::Suite;

use crate::servers::{QUIRKS, Suited, get, raw, server, set, store, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let server = server(&[]).await;
    let store = store(&server.address().to_string(), &[]).await;
    assert_eq!(store.features(), [Feature::Etag, Feature::Transactional, Feature::Ttl, Feature::KeysLike]);
    Suite::new(Suited::on(&server, store).await, QUIRKS).run().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_default_ttl_holds_for_items_without_their_own() {
    let server = server(&[]).await;
    let port = server.port().to_string();
    let store = store("127.0.0.1", &[("redisPort", &port), ("ttlInSeconds", "100"), ("redisDB", "3")]).await;
    store.set(set("default", "value")).await.unwrap();
    let never = SetRequest { metadata: [("ttlInSeconds".to_owned(), "-1".to_owned())].into(), ..set("never", "value") };
    store.set(never).await.unwrap();
    let in_transaction = vec![Operation::Upsert(set("transaction", "value"))];
    store.transact(TransactionRequest { operations: in_transaction, ..TransactionRequest::default() }).await.unwrap();
    let mut raw = raw(&server).await;
    let (_, default, never, transaction): ((), i64, i64, i64) = redis::pipe()
        .cmd("SELECT")
        .arg(3)
        .cmd("TTL")
        .arg("default")
        .cmd("TTL")
        .arg("never")
        .cmd("TTL")
        .arg("transaction")
        .query_async(&mut raw)
        .await
        .unwrap();
    assert!((98..=100).contains(&default) && (98..=100).contains(&transaction), "{default} {transaction}");
    assert_eq!(never, -1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strong_write_waits_for_the_replica_and_holds_up_nobody() {
    let master = server(&[]).await;
    let port = master.port().to_string();
    let replica = server(&["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"]).await;
    let mut looking = raw(&replica).await;
    let mut master_raw = raw(&master).await;
    loop {
        let info: String = redis::cmd("INFO").arg("replication").query_async(&mut master_raw).await.unwrap();
        if info.contains("state=online") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let store = store(&master.address().to_string(), &[]).await;
    let strong = Options { consistency: Consistency::Strong, ..Options::default() };
    for round in 0..50 {
        store.set(SetRequest { options: strong, ..set("strong", &round.to_string()) }).await.unwrap();
        let seen: String = redis::cmd("HGET").arg("strong").arg("data").query_async(&mut looking).await.unwrap();
        assert_eq!(seen, round.to_string(), "the replica has an acknowledged strong write");
    }
    store.delete(DeleteRequest { key: "strong".into(), options: strong, ..DeleteRequest::default() }).await.unwrap();
    let seen: bool = redis::cmd("EXISTS").arg("strong").query_async(&mut looking).await.unwrap();
    assert!(!seen, "the replica has an acknowledged strong delete");
    replica.freeze();
    let slow = store.set(SetRequest { options: strong, ..set("strong", "late") });
    let started = std::time::Instant::now();
    let quick = async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        text(store.as_ref(), "strong").await;
        started.elapsed()
    };
    let (slow, quick) = tokio::join!(slow, quick);
    slow.expect("a replica that is late is no error");
    replica.thaw();
    assert!(started.elapsed().as_millis() >= 900, "the write waited a second for the frozen replica");
    assert!(quick.as_millis() < 500, "a read does not wait behind it, but took {quick:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_survive_a_flush() {
    let server = server(&[]).await;
    let store = store(&server.address().to_string(), &[]).await;
    for round in 0..3 {
        store.set(set("key", &round.to_string())).await.unwrap();
        let () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut raw(&server).await).await.unwrap();
    }
    let found = store.get(get("key")).await.unwrap();
    assert_eq!(found.etag.as_deref(), Some("3"), "each write was done once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_many_keys_page_by_page_while_others_come_and_go() {
    let server = server(&[]).await;
    let store = store(&server.address().to_string(), &[]).await;
    let mut fill = redis::pipe();
    for index in 0..5000 {
        fill.cmd("SET").arg(format!("list||{index:05}")).arg(1).ignore();
    }
    let () = fill.query_async(&mut raw(&server).await).await.unwrap();
    let (mut keys, mut token) = (Vec::new(), None);
    loop {
        let request = KeysLikeRequest { pattern: "list||%".into(), page_size: Some(1500), continuation_token: token };
        let page = store.keys_like(request).await.unwrap();
        if keys.is_empty() {
            let gone = DeleteRequest { key: page.keys[0].clone(), ..DeleteRequest::default() };
            store.delete(gone).await.unwrap();
        }
        keys.extend(page.keys);
        token = page.continuation_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(keys.len(), 5000, "a key that goes moves no page");
    assert!(keys.is_sorted());
}
