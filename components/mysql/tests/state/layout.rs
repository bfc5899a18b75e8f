//! Tables and rows are the incumbent's, so that its sidecars and ours share a database.

use dapr_spi::state::{GetRequest, GetResponse, Map, Options, SetRequest, StateStore, Value};
use futures_util::future::join_all;
use mysql_async::Conn;
use mysql_async::prelude::Queryable as _;

use crate::server::{client, shared, store};

async fn columns(conn: &mut Conn, table: &str) -> Vec<String> {
    let text = "SELECT CONCAT_WS(' ', column_name, column_type, is_nullable, column_key, column_default, extra) \
                FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ? \
                ORDER BY ordinal_position";
    conn.exec(text, (table,)).await.unwrap()
}

async fn indexes(conn: &mut Conn, table: &str) -> Vec<String> {
    let text = "SELECT CONCAT_WS(' ', index_name, column_name, non_unique) FROM information_schema.statistics \
                WHERE table_schema = DATABASE() AND table_name = ? ORDER BY 1";
    conn.exec(text, (table,)).await.unwrap()
}

fn request(key: &str, value: Value, ttl: &str) -> SetRequest {
    let metadata = Map::from([("ttlInSeconds".to_owned(), ttl.to_owned())]);
    SetRequest { key: key.into(), value, etag: None, metadata, options: Options::default() }
}

async fn get(store: &dyn StateStore, key: &str) -> GetResponse {
    store.get(GetRequest { key: key.into(), ..GetRequest::default() }).await.unwrap()
}

#[tokio::test]
async fn tables() {
    let server = shared().await;
    store(&server, "layout", &[]).await;
    let mut conn = client(&server, Some("layout")).await;
    assert_eq!(
        columns(&mut conn, "state").await,
        [
            "id varchar(255) NO PRI ",
            "value longtext NO  ",
            "isbinary tinyint(1) NO  ",
            "insertDate timestamp NO  current_timestamp() ",
            "updateDate timestamp NO  current_timestamp() on update current_timestamp()",
            "eTag varchar(36) NO  ",
            "expiredate timestamp YES MUL NULL ",
            "row_id bigint(20) unsigned NO UNI auto_increment",
        ]
    );
    assert_eq!(
        indexes(&mut conn, "state").await,
        ["expiredate_idx expiredate 1", "PRIMARY id 0", "row_id_uidx row_id 0"]
    );
    assert_eq!(columns(&mut conn, "dapr_metadata").await, ["id varchar(255) NO PRI ", "value text NO  "]);
}

#[tokio::test]
async fn rows() {
    let server = shared().await;
    let store = store(&server, "layout_rows", &[]).await;
    store.set(request("bytes", Value::Binary("hi\u{1}".into()), "0")).await.unwrap();
    store.set(request("json", Value::Json(r#"{"b":1.0}"#.into()), "100")).await.unwrap();
    let mut conn = client(&server, Some("layout_rows")).await;
    let text = "SELECT value, isbinary, expiredate IS NULL, eTag FROM state ORDER BY id";
    let rows: Vec<(String, bool, bool, String)> = conn.query(text).await.unwrap();
    assert_eq!((rows[0].0.as_str(), rows[0].1, rows[0].2), ("\"aGkB\"", true, true));
    assert_eq!((rows[1].0.as_str(), rows[1].1, rows[1].2), (r#"{"b":1.0}"#, false, false));
    let found = get(&*store, "json").await;
    assert_eq!(found.etag.as_ref(), Some(&rows[1].3));
    let expiry: jiff::Timestamp = found.metadata["ttlExpireTime"].parse().unwrap();
    let left = expiry.as_second() - jiff::Timestamp::now().as_second();
    assert!((97..=101).contains(&left), "the server's time zone must not count: {left}");
    let theirs = "INSERT INTO state (id, value, isbinary, eTag) VALUES ('theirs', '\"aGV5\"', true, 'any')";
    conn.query_drop(theirs).await.unwrap();
    let found = get(&*store, "theirs").await;
    assert_eq!((found.data.unwrap(), found.etag.unwrap()), ("hey".into(), "any".to_owned()));
}

#[tokio::test]
async fn an_old_table_is_brought_up_to_date() {
    let server = shared().await;
    let mut conn = client(&server, None).await;
    let old = "CREATE DATABASE layout_old; CREATE TABLE layout_old.state (id VARCHAR(255) NOT NULL PRIMARY KEY, \
               value JSON NOT NULL, isbinary BOOLEAN NOT NULL, \
               insertDate TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
               updateDate TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, \
               eTag VARCHAR(36) NOT NULL); \
               INSERT INTO layout_old.state (id, value, isbinary, eTag) VALUES ('a', '1', false, 'x')";
    conn.query_drop(old).await.unwrap();
    let store = store(&server, "layout_old", &[]).await;
    assert_eq!(get(&*store, "a").await.data.unwrap(), "1");
    let mut conn = client(&server, Some("layout_old")).await;
    assert_eq!(indexes(&mut conn, "state").await.len(), 3);
}

#[tokio::test]
async fn many_sidecars_start_at_once_without_a_database() {
    let server = shared().await;
    let stores = join_all((0..10).map(|_| store(&server, "layout_race", &[]))).await;
    for store in &stores {
        store.set(request("key", Value::Json("1".into()), "0")).await.unwrap();
    }
}

#[tokio::test]
async fn expired_items_are_removed() {
    let server = shared().await;
    let more = [("cleanupInterval", "1s")];
    let stores = join_all((0..3).map(|_| store(&server, "layout_cleanup", &more))).await;
    stores[0].set(request("gone", Value::Binary("x".into()), "1")).await.unwrap();
    stores[1].set(request("stays", Value::Binary("x".into()), "0")).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(4_500)).await;
    let mut conn = client(&server, Some("layout_cleanup")).await;
    assert_eq!(conn.query::<String, _>("SELECT id FROM state").await.unwrap(), ["stays"]);
    let note: Vec<String> = conn.query("SELECT id FROM dapr_metadata").await.unwrap();
    assert_eq!(note, ["last-cleanup"]);
}
