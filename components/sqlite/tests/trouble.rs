//! Full disks, locked, read-only, damaged files and crashes: a clear error, nothing acknowledged is lost, and it goes on.

#[path = "support/common.rs"]
mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{bytes, get, open, open_file, request, try_open};
use dapr_spi::ErrorKind;
use dapr_spi::state::{DeleteRequest, Map, Operation, SetRequest, StateStore, TransactionRequest, Value};
use futures_util::future::join_all;
use rusqlite::Connection;

const CHUNK: usize = 20_000;

/// Writes until the store is full; returns the keys that it has acknowledged, and checks the error.
async fn fill(store: &Arc<dyn StateStore>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for round in 0..1_000 {
        let keys: Vec<String> = (0..8).map(|index| format!("fill-{round}-{index}")).collect();
        let writes = join_all(keys.iter().map(|key| store.set(bytes(key, CHUNK)))).await;
        let mut full = false;
        for (key, result) in keys.into_iter().zip(writes) {
            match result {
                Ok(()) => acknowledged.push(key),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
                    assert!(error.to_string().contains("disk is full"), "{error}");
                    full = true;
                }
            }
        }
        if full {
            return acknowledged;
        }
    }
    panic!("the store was never full");
}

async fn check_all(store: &Arc<dyn StateStore>, keys: &[String]) {
    for key in keys {
        assert_eq!(get(store, key).await.map(|value| value.len()), Some(CHUNK), "`{key}` was acknowledged");
    }
}

async fn transaction_is_all_or_nothing(store: &Arc<dyn StateStore>, kept: &str) {
    let before = get(store, kept).await;
    let mut operations = vec![Operation::Upsert(request(kept, Value::Json("1".into())))];
    operations.extend((0..500).map(|index| Operation::Upsert(bytes(&format!("tx-{index}"), CHUNK))));
    let error = store.transact(TransactionRequest { operations, metadata: Map::new() }).await.expect_err("no room");
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert_eq!(get(store, kept).await, before, "nothing of a failed transaction is left");
    assert_eq!(get(store, "tx-0").await, None, "nothing of a failed transaction is left");
}

/// SQLite's own limit of pages stands for the disk.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_file_refuses_writes_until_there_is_room() {
    let dir = tempfile::tempdir().expect("a directory");
    let uri = format!("{}?_pragma=max_page_count(300)", dir.path().join("state.db").display());
    let store = open(&[("connectionString", &uri)]).await;
    let acknowledged = fill(&store).await;
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
    transaction_is_all_or_nothing(&store, &acknowledged[0]).await;
    check_all(&store, &acknowledged).await;
    let (gone, kept) = acknowledged.split_at(10);
    for key in gone {
        store.delete(DeleteRequest { key: key.clone(), ..DeleteRequest::default() }).await.expect("delete");
    }
    store.set(bytes("after", CHUNK)).await.expect("there is room again");
    check_all(&store, kept).await;
}

/// A mounted file system, unmounted when dropped.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    /// Nothing where the test may not mount.
    fn mount(size: &str) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a directory");
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        let mounted =
            mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(dir.path()).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(dir))
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// A small tmpfs, where the test may mount one (as root); elsewhere it says so and passes.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_until_there_is_room() {
    let Some(disk) = Tmpfs::mount("4m") else {
        eprintln!("skipped: this user may not mount a tmpfs");
        return;
    };
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![0; 1 << 20]).expect("ballast");
    let store = open_file(&disk.0.path().join("state.db")).await;
    let acknowledged = fill(&store).await;
    transaction_is_all_or_nothing(&store, &acknowledged[0]).await;
    check_all(&store, &acknowledged).await;
    std::fs::remove_file(&ballast).expect("room");
    store.set(bytes("after", CHUNK)).await.expect("there is room again");
    check_all(&store, &acknowledged).await;
    store.close().await;
    let again = open_file(&disk.0.path().join("state.db")).await;
    check_all(&again, &acknowledged).await;
    again.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_file_is_unavailable_for_a_bounded_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    let store = open(&[("connectionString", &file.to_string_lossy()), ("busyTimeout", "300ms")]).await;
    store.set(bytes("before", 1)).await.expect("set");
    let other = Connection::open(&file).expect("open");
    other.execute_batch("BEGIN IMMEDIATE").expect("lock");
    let since = Instant::now();
    let keys: Vec<String> = (0..50).map(|index| index.to_string()).collect();
    for result in join_all(keys.iter().map(|key| store.set(bytes(key, 1)))).await {
        let error = result.expect_err("locked");
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(error.to_string().contains("locked") && error.to_string().contains("state.db"), "{error}");
    }
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    assert_eq!(get(&store, "before").await.as_deref(), Some("x"), "reads go on");
    other.execute_batch("COMMIT").expect("unlock");
    store.set(bytes("after", 1)).await.expect("unlocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_go_on_when_the_file_is_free_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    let store = open(&[("connectionString", &file.to_string_lossy()), ("busyTimeout", "100ms")]).await;
    let lock_for_a_second = || async move {
        let other = Connection::open(&file).expect("open");
        other.busy_timeout(Duration::from_secs(5)).expect("a timeout");
        other.execute_batch("BEGIN EXCLUSIVE").expect("lock");
        tokio::time::sleep(Duration::from_secs(1)).await;
        other.execute_batch("COMMIT").expect("unlock");
    };
    dapr_testkit::state::reconnect(store, lock_for_a_second).await;
}

#[tokio::test]
async fn a_read_only_file_is_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    let writer = open(&[("connectionString", &file.to_string_lossy()), ("disableWAL", "true")]).await;
    writer.set(bytes("key", 1)).await.expect("set");
    writer.close().await;
    for mode in ["mode=ro", "immutable=1"] {
        let store = open(&[("connectionString", &format!("file:{}?{mode}", file.display()))]).await;
        assert_eq!(get(&store, "key").await.as_deref(), Some("x"));
        let error = store.set(bytes("other", 1)).await.expect_err("read-only");
        assert_eq!(error.kind(), ErrorKind::Failed);
        assert!(error.to_string().contains("is read-only"), "{error}");
        store.close().await;
    }
}

#[tokio::test]
async fn a_damaged_or_missing_file_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    std::fs::write(&file, "this is no database, but long enough to have a header. ".repeat(100)).expect("write");
    let error = try_open(&[("connectionString", &file.to_string_lossy())]).await.err().expect("an error").to_string();
    assert!(error.contains("state.db") && error.contains("not an SQLite file"), "{error}");
    let missing = dir.path().join("no/such/folder/state.db");
    let error =
        try_open(&[("connectionString", &missing.to_string_lossy())]).await.err().expect("an error").to_string();
    assert!(error.contains("cannot be opened") && error.contains("no/such/folder"), "{error}");
}

#[tokio::test]
async fn a_file_damaged_in_the_middle_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    let store = open_file(&file).await;
    for index in 0..200 {
        store.set(bytes(&format!("key-{index}"), 2_000)).await.expect("set");
    }
    store.close().await;
    let mut content = std::fs::read(&file).expect("read");
    content[4_096 * 10..].fill(0x5a);
    std::fs::write(&file, content).expect("write");
    let store = open_file(&file).await;
    let error = store.set(bytes("key-7", 10)).await.expect_err("damaged");
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("is damaged"), "{error}");
}

#[tokio::test]
async fn expired_rows_are_removed_by_one_of_the_sidecars() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    let path = file.to_string_lossy();
    let pairs = [("connectionString", &*path), ("cleanupInterval", "1s")];
    let (store, _other) = (open(&pairs).await, open(&pairs).await);
    let ttl = Map::from([("ttlInSeconds".to_owned(), "1".to_owned())]);
    store.set(SetRequest { metadata: ttl, ..bytes("short", 1) }).await.expect("set");
    store.set(bytes("long", 1)).await.expect("set");
    let reader = Connection::open(&file).expect("open");
    let count = || reader.query_row("SELECT count(*) FROM state", [], |row| row.get::<_, i64>(0)).expect("count");
    let deadline = Instant::now() + Duration::from_secs(10);
    while count() > 1 {
        assert!(Instant::now() < deadline, "the expired row is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let sql = "SELECT value FROM metadata WHERE key = 'last-cleanup'";
    let text: String = reader.query_row(sql, [], |row| row.get(0)).expect("a time");
    assert_eq!(text.len(), "2026-01-31 23:59:59".len(), "{text}");
}

const CHILD: &str = "DAPR_SQLITE_TEST_CRASH_FILE";

/// Not a test of its own: the process that the next test kills.
#[tokio::test(flavor = "multi_thread")]
async fn crash_child() {
    let Some(file) = std::env::var_os(CHILD) else { return };
    let store = open_file(Path::new(&file)).await;
    join_all((0..16).map(|writer| {
        let store = store.clone();
        async move {
            for round in 0.. {
                let key = format!("{writer}-{round}");
                store.set(bytes(&key, 100)).await.expect("set");
                println!("acknowledged {key}");
            }
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_outlive_a_crash() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["crash_child", "--exact", "--nocapture"])
        .env(CHILD, &file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let acknowledged = |line: std::io::Result<String>| {
        let line = line.ok()?;
        Some(line.split_once("acknowledged ")?.1.to_owned())
    };
    let mut keys: Vec<String> = lines.by_ref().filter_map(acknowledged).take(300).collect();
    child.kill().expect("kill");
    keys.extend(lines.filter_map(acknowledged));
    child.wait().expect("wait");
    let store = open_file(&file).await;
    for key in &keys {
        assert!(get(&store, key).await.is_some(), "`{key}` was acknowledged before the crash");
    }
}
