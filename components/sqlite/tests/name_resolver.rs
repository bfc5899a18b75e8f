//! `nameresolution.sqlite` conforms, and shares its file with sidecars of the incumbent.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dapr_component_sqlite::name_resolver::SqliteNames;
use dapr_spi::name_resolver::NameResolver;
use dapr_spi::registry;
use dapr_testkit::name_resolver::{Quirks, await_addresses, conformance, instance, query};
use rusqlite::Connection;

/// What the incumbent (v1.18) runs on an empty file.
const INCUMBENT: &str = "
    PRAGMA journal_mode=WAL;
    CREATE TABLE IF NOT EXISTS metadata (key text NOT NULL PRIMARY KEY, value text NOT NULL);
    CREATE TABLE hosts (
        registration_id TEXT NOT NULL PRIMARY KEY, address TEXT NOT NULL, app_id TEXT NOT NULL,
        namespace TEXT NOT NULL, last_update INTEGER NOT NULL);
    CREATE UNIQUE INDEX hosts_address_idx ON hosts (address);
    CREATE INDEX hosts_last_update_idx ON hosts (last_update);
    REPLACE INTO metadata (key, value) VALUES ('nr-migrations', '1');
";

async fn open(file: &Path, more: &[(&str, &str)]) -> Arc<dyn NameResolver> {
    let mut pairs = vec![("connectionString", file.to_str().expect("UTF-8"))];
    pairs.extend_from_slice(more);
    registry::open::<SqliteNames>(&pairs).await.expect("a resolver")
}

fn schema(connection: &Connection) -> Vec<String> {
    let sql = "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || pk FROM pragma_table_info('hosts')
        UNION ALL SELECT 'index ' || name || ' ' || \"unique\" || ' ' || origin FROM pragma_index_list('hosts')
        UNION ALL SELECT key || '=' || value FROM metadata";
    let mut statement = connection.prepare(sql).expect("schema query");
    let rows = statement.query_map([], |row| row.get(0)).expect("schema rows");
    rows.collect::<Result<_, _>>().expect("schema")
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("names.db");
    // Eight sidecars that start at once wait for one another's schema.
    conformance(Quirks::default(), || open(&file, &[("timeout", "10s"), ("updateInterval", "11s")])).await;
    conformance(Quirks::default(), || {
        open(&file, &[("disableWAL", "true"), ("tableName", "other"), ("timeout", "10s"), ("updateInterval", "11s")])
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_that_of_the_incumbent() {
    let directory = tempfile::tempdir().expect("a directory");
    let (ours, theirs) = (directory.path().join("ours.db"), directory.path().join("theirs.db"));
    open(&ours, &[]).await.close().await;
    let incumbent = Connection::open(&theirs).expect("open");
    incumbent.execute_batch(INCUMBENT).expect("schema");
    assert_eq!(schema(&Connection::open(&ours).expect("open")), schema(&incumbent));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_the_incumbent_are_found_while_they_are_fresh() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("names.db");
    let incumbent = Connection::open(&file).expect("open");
    incumbent.execute_batch(INCUMBENT).expect("schema");
    let sql = "INSERT INTO hosts VALUES (?1, ?2, 'go-app', '', unixepoch(CURRENT_TIMESTAMP) - ?3)";
    incumbent.execute(sql, ("1", "10.0.0.1:50002", 0)).expect("a row");
    incumbent.execute(sql, ("2", "10.0.0.2:50002", 9)).expect("a stale row");
    let resolver = open(&file, &[]).await;
    await_addresses(&resolver, &query("go-app", "any"), &["10.0.0.1:50002"]).await;

    resolver.register(&instance("ours", "", "10.0.0.1", 50_002)).await.expect("registered");
    let found: String = incumbent
        .query_row(
            "SELECT address FROM hosts WHERE app_id = 'ours' AND unixepoch(CURRENT_TIMESTAMP) - last_update < 5",
            [],
            |row| row.get(0),
        )
        .expect("what the incumbent looks for");
    assert_eq!(found, "10.0.0.1:50002");
    await_addresses(&resolver, &query("go-app", "any"), &[]).await;
    resolver.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_renewed_and_comes_back_when_removed() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("names.db");
    let resolver = open(&file, &[("updateInterval", "2s"), ("cleanupInterval", "1s")]).await;
    resolver.register(&instance("a", "", "::1", 1)).await.expect("registered");
    let other = Connection::open(&file).expect("open");
    other.busy_timeout(Duration::from_secs(5)).expect("timeout");
    let sql = "INSERT INTO hosts VALUES ('dead', 'h:1', 'dead', '', unixepoch(CURRENT_TIMESTAMP) - 3600)";
    other.execute(sql, []).expect("a dead row");
    other.execute("DELETE FROM hosts WHERE app_id = 'a'", []).expect("removed");
    await_addresses(&resolver, &query("a", ""), &["[::1]:1"]).await;
    other.execute("UPDATE hosts SET last_update = 0 WHERE app_id = 'a'", []).expect("aged");
    await_addresses(&resolver, &query("a", ""), &["[::1]:1"]).await;
    for _ in 0..100 {
        let dead = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        if other.query_row("SELECT count(*) FROM hosts WHERE app_id = 'dead'", [], dead).expect("count") == 0 {
            resolver.close().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the row of a dead sidecar stays");
}
