//! A file of the incumbent opens with ours, and ours has the incumbent's schema.
//!
//! The statements below are what its sidecar (v1.18) runs on an empty file, and rows as it writes them.

#[path = "support/common.rs"]
mod common;

use common::{get, open, open_file, request};
use dapr_spi::state::{GetRequest, Map, SetRequest, Value};
use rusqlite::Connection;

const INCUMBENT: &str = "
    PRAGMA journal_mode=WAL;
    CREATE TABLE IF NOT EXISTS metadata (key text NOT NULL PRIMARY KEY, value text NOT NULL);
    CREATE TABLE IF NOT EXISTS state (
        key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, is_binary BOOLEAN NOT NULL, etag TEXT NOT NULL,
        expiration_time TIMESTAMP DEFAULT NULL, update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
    REPLACE INTO metadata (key, value) VALUES ('migrations', '1');
    INSERT OR REPLACE INTO state (key, value, is_binary, etag, update_time, expiration_time) VALUES
        ('app||json', '{\"a\":1}', 0, '5d8f7e1c-0d3a-4a35-9c0e-0f5b7c9a1e11', CURRENT_TIMESTAMP, NULL),
        ('app||binary', 'AAH/', 1, '5d8f7e1c-0d3a-4a35-9c0e-0f5b7c9a1e12', CURRENT_TIMESTAMP, NULL),
        ('app||lasting', '\"v\"', 0, '5d8f7e1c-0d3a-4a35-9c0e-0f5b7c9a1e13', CURRENT_TIMESTAMP,
            DATETIME('2100-01-01 00:00:00', '+10 seconds')),
        ('app||expired', '\"v\"', 0, '5d8f7e1c-0d3a-4a35-9c0e-0f5b7c9a1e14', CURRENT_TIMESTAMP,
            DATETIME(CURRENT_TIMESTAMP, '-1 seconds'));
";

/// Everything SQLite knows of a table's columns and indexes.
fn schema(connection: &Connection, table: &str) -> Vec<String> {
    let sql = format!(
        "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || ifnull(dflt_value, '-') || ' ' || pk
            FROM pragma_table_info('{table}')
        UNION ALL SELECT 'index ' || name || ' ' || \"unique\" || ' ' || origin FROM pragma_index_list('{table}')"
    );
    let mut statement = connection.prepare(&sql).expect("schema query");
    let rows = statement.query_map([], |row| row.get(0)).expect("schema rows");
    rows.collect::<Result<_, _>>().expect("schema")
}

#[tokio::test]
async fn a_file_of_the_incumbent_is_read_and_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    let theirs = Connection::open(&file).expect("open");
    theirs.execute_batch(INCUMBENT).expect("the incumbent's statements");
    let store = open_file(&file).await;
    let read = |key: &str| store.get(GetRequest { key: key.into(), ..GetRequest::default() });
    let json = read("app||json").await.expect("get");
    assert_eq!(json.data.as_deref(), Some(&br#"{"a":1}"#[..]));
    assert_eq!(json.etag.as_deref(), Some("5d8f7e1c-0d3a-4a35-9c0e-0f5b7c9a1e11"));
    assert_eq!(read("app||binary").await.expect("get").data.as_deref(), Some(&[0, 1, 255][..]));
    assert_eq!(read("app||lasting").await.expect("get").metadata["ttlExpireTime"], "2100-01-01T00:00:10Z");
    assert_eq!(get(&store, "app||expired").await, None);

    let etag = json.etag;
    let json = Value::Json("[1,2]".into());
    store.set(SetRequest { etag, ..request("app||json", json) }).await.expect("set by the incumbent's ETag");
    let ttl = Map::from([("ttlInSeconds".to_owned(), "60".to_owned())]);
    let binary = Value::Binary(vec![0, 1, 255].into());
    store.set(SetRequest { metadata: ttl, ..request("app||new", binary) }).await.expect("set");
    let row = |key: &str| {
        let sql = "SELECT value || '|' || is_binary || '|' || typeof(is_binary) || '|' || length(etag) || '|' ||
            (update_time BETWEEN DATETIME(CURRENT_TIMESTAMP, '-5 seconds') AND CURRENT_TIMESTAMP) || '|' ||
            ifnull(expiration_time BETWEEN DATETIME(CURRENT_TIMESTAMP, '+50 seconds')
                AND DATETIME(CURRENT_TIMESTAMP, '+61 seconds'), 'never') FROM state WHERE key = ?";
        theirs.query_row(sql, [key], |row| row.get::<_, String>(0)).expect("a row")
    };
    assert_eq!(row("app||json"), "[1,2]|0|integer|36|1|never");
    assert_eq!(row("app||new"), "AAH/|1|integer|36|1|1");
}

#[tokio::test]
async fn our_schema_is_that_of_the_incumbent() {
    let theirs = Connection::open_in_memory().expect("open");
    theirs.execute_batch(INCUMBENT).expect("the incumbent's statements");
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    open_file(&file).await.close().await;
    let ours = Connection::open(&file).expect("open");
    for table in ["state", "metadata"] {
        assert_eq!(schema(&ours, table), schema(&theirs, table), "{table}");
    }
    let level = "SELECT value || typeof(value) FROM metadata WHERE key = 'migrations'";
    let of = |connection: &Connection| connection.query_row(level, [], |row| row.get::<_, String>(0)).expect("a level");
    assert_eq!(of(&ours), of(&theirs));
}

#[tokio::test]
async fn a_level_of_the_future_is_left_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("state.db");
    let theirs = Connection::open(&file).expect("open");
    theirs.execute_batch(INCUMBENT).expect("the incumbent's statements");
    theirs.execute_batch("REPLACE INTO metadata VALUES ('migrations', '7')").expect("level");
    let store = open_file(&file).await;
    assert_eq!(get(&store, "app||json").await.as_deref(), Some(r#"{"a":1}"#));
    let level: String = theirs.query_row("SELECT value FROM metadata", [], |row| row.get(0)).expect("level");
    assert_eq!(level, "7");
    theirs.execute_batch("REPLACE INTO metadata VALUES ('migrations', 'many')").expect("level");
    let path = file.to_string_lossy();
    let error = common::try_open(&[("connectionString", &path)]).await.err().expect("an error").to_string();
    assert!(error.contains("invalid migration level") && error.contains("many"), "{error}");
}

#[tokio::test]
async fn two_state_tables_may_share_a_metadata_table() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("state.db").to_string_lossy().into_owned();
    let first = open(&[("connectionString", &path)]).await;
    let second = open(&[("connectionString", &path), ("tableName", "other")]).await;
    first.set(request("key", Value::Json("1".into()))).await.expect("set");
    second.set(request("key", Value::Json("2".into()))).await.expect("set");
    assert_eq!(get(&first, "key").await.as_deref(), Some("1"));
}
