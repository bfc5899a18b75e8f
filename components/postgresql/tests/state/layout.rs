//! Tables and rows are the incumbent's, so that its sidecars and ours share a database.

use dapr_spi::state::{GetRequest, Map, SetRequest, StateStore, Value};
use futures_util::future::join_all;
use tokio_postgres::Client;

use crate::server::{Kind, like_cockroach, shared, store};

/// `name type nullable default identity` of each column, in order.
async fn columns(client: &Client, table: &str) -> Vec<String> {
    let text = "SELECT concat_ws(' ', column_name, data_type, is_nullable, column_default, identity_generation) \
                FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position";
    client.query(text, &[&table]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn indexes(client: &Client, table: &str) -> Vec<String> {
    let text = "SELECT regexp_replace(indexdef, ' ON .* USING ', ' ') FROM pg_indexes WHERE tablename = $1 ORDER BY 1";
    client.query(text, &[&table]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn notes(client: &Client) -> Vec<(String, String)> {
    let text = "SELECT key, value FROM dapr_metadata WHERE key NOT LIKE 'last-%' ORDER BY key";
    client.query(text, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

#[tokio::test]
async fn version_1_tables() {
    let server = shared().await;
    let address = server.database("layout_v1").await;
    store(Kind::V1, &address, &[]).await;
    let client = server.client("layout_v1").await;
    assert_eq!(
        columns(&client, "state").await,
        [
            "key text NO",
            "value jsonb NO",
            "isbinary boolean NO",
            "insertdate timestamp with time zone NO now()",
            "updatedate timestamp with time zone YES",
            "expiredate timestamp with time zone YES",
            "row_id bigint NO BY DEFAULT",
        ]
    );
    assert_eq!(
        indexes(&client, "state").await,
        ["CREATE UNIQUE INDEX state_pkey btree (key)", "CREATE UNIQUE INDEX state_row_id_uidx btree (row_id)"]
    );
    assert_eq!(columns(&client, "dapr_metadata").await, ["key text NO", "value text NO"]);
    assert_eq!(notes(&client).await, [pair("lock", "lock"), pair("migrations", "3")]);
}

#[tokio::test]
async fn version_2_tables() {
    let server = shared().await;
    let address = server.database("layout_v2").await;
    store(Kind::V2, &address, &[("tablePrefix", "shop_")]).await;
    let client = server.client("layout_v2").await;
    assert_eq!(
        columns(&client, "shop_state").await,
        [
            "key text NO",
            "value bytea NO",
            "etag uuid NO gen_random_uuid()",
            "created_at timestamp with time zone NO now()",
            "updated_at timestamp with time zone YES",
            "expires_at timestamp with time zone YES",
            "row_id bigint NO BY DEFAULT",
        ]
    );
    assert_eq!(
        indexes(&client, "shop_state").await,
        [
            "CREATE INDEX shop_state_expires_at_idx btree (expires_at)",
            "CREATE UNIQUE INDEX shop_state_pkey btree (key)",
            "CREATE UNIQUE INDEX shop_state_row_id_uidx btree (row_id)",
        ]
    );
    assert_eq!(notes(&client).await, [pair("lock", "lock"), pair("migrations-state-v2-shop_", "2")]);
}

#[tokio::test]
async fn cockroach_tables_new_and_old() {
    let server = shared().await;
    let address = server.database("layout_c1").await;
    let client = server.client("layout_c1").await;
    like_cockroach(&client).await;
    let old = "CREATE TABLE old (key text NOT NULL PRIMARY KEY, value jsonb NOT NULL, isbinary boolean NOT NULL, \
               etag INT, insertdate TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(), \
               updatedate TIMESTAMP WITH TIME ZONE NULL); INSERT INTO old (key, value, isbinary) VALUES ('a', '1', false)";
    client.batch_execute(old).await.unwrap();
    for table in ["state", "old"] {
        let store = store(Kind::CockroachV1, &address, &[("tableName", table)]).await;
        set(&*store, "a", Value::Json("2".into())).await;
        let columns = columns(&client, table).await;
        assert_eq!(columns[3], "etag integer YES", "{columns:?}");
        assert_eq!(columns.last().unwrap(), "row_id bigint NO unique_rowid()");
        let indexes = indexes(&client, table).await;
        assert!(indexes.contains(&format!("CREATE INDEX {table}_expiredate_idx btree (expiredate)")), "{indexes:?}");
    }
}

async fn set(store: &dyn StateStore, key: &str, value: Value) {
    let request = SetRequest {
        key: key.into(),
        value,
        etag: None,
        metadata: Map::new(),
        options: dapr_spi::state::Options::default(),
    };
    store.set(request).await.unwrap();
}

async fn get(store: &dyn StateStore, key: &str) -> (String, Option<String>) {
    let found = store.get(GetRequest { key: key.into(), ..GetRequest::default() }).await.unwrap();
    (String::from_utf8_lossy(&found.data.unwrap()).into_owned(), found.etag)
}

#[tokio::test]
async fn version_1_rows() {
    let server = shared().await;
    let address = server.database("rows_v1").await;
    let store = store(Kind::V1, &address, &[]).await;
    let client = server.client("rows_v1").await;
    set(&*store, "bytes", Value::Binary("hi\u{1}".into())).await;
    set(&*store, "json", Value::Json(r#"{"b":1.0,"a":[true]}"#.into())).await;
    let text = "SELECT value::text, isbinary, updatedate IS NULL, xmin::text FROM state ORDER BY key";
    let rows = client.query(text, &[]).await.unwrap();
    assert_eq!((rows[0].get(0), rows[0].get(1), rows[0].get(2)), ("\"aGkB\"", true, true));
    assert_eq!((rows[1].get(0), rows[1].get(1)), (r#"{"a": [true], "b": 1.0}"#, false));
    let etag = get(&*store, "json").await.1;
    assert_eq!(etag.as_deref(), Some(rows[1].get(3)), "the ETag is the writing transaction");
    let theirs = r#"INSERT INTO state (key, value, isbinary) VALUES ('b', '"aGV5"', true), ('j', '{"x":1}', false)"#;
    client.batch_execute(theirs).await.unwrap();
    assert_eq!(get(&*store, "b").await.0, "hey");
    assert_eq!(get(&*store, "j").await.0, r#"{"x": 1}"#, "JSON comes as the server writes it, as in the incumbent");
}

#[tokio::test]
async fn version_2_rows() {
    let server = shared().await;
    let address = server.database("rows_v2").await;
    let store = store(Kind::V2, &address, &[]).await;
    let client = server.client("rows_v2").await;
    set(&*store, "json", Value::Json(r#"{"b":1.0}"#.into())).await;
    let row = client.query_one("SELECT value, etag::text, updated_at IS NULL FROM state", &[]).await.unwrap();
    assert_eq!((row.get::<_, &[u8]>(0), row.get(2)), (br#"{"b":1.0}"#.as_slice(), true));
    assert_eq!(get(&*store, "json").await, (r#"{"b":1.0}"#.into(), Some(row.get(1))));
}

#[tokio::test]
async fn an_old_version_1_table_is_brought_up_to_date() {
    let server = shared().await;
    let address = server.database("old_v1").await;
    let client = server.client("old_v1").await;
    let old = "CREATE TABLE dapr_metadata (key text NOT NULL PRIMARY KEY, value text NOT NULL); \
               INSERT INTO dapr_metadata VALUES ('migrations', '1'); \
               CREATE TABLE state (key text NOT NULL PRIMARY KEY, value jsonb NOT NULL, isbinary boolean NOT NULL, \
               insertdate TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(), \
               updatedate TIMESTAMP WITH TIME ZONE NULL); \
               INSERT INTO state VALUES ('new', '1', false, '2024-02-01'), ('old', '2', false, '2024-01-01')";
    client.batch_execute(old).await.unwrap();
    let store = store(Kind::V1, &address, &[]).await;
    set(&*store, "newest", Value::Json("3".into())).await;
    let rows = client.query("SELECT key FROM state ORDER BY row_id", &[]).await.unwrap();
    let keys: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(keys, ["old", "new", "newest"]);
    assert_eq!(notes(&client).await, [pair("lock", "lock"), pair("migrations", "3")]);
}

#[tokio::test]
async fn many_sidecars_start_at_once_on_an_empty_database() {
    let server = shared().await;
    let address = server.database("race").await;
    let opened = join_all((0..10).map(|index| {
        let kind = if index % 2 == 0 { Kind::V1 } else { Kind::V2 };
        let more: &[(&str, &str)] = if index % 2 == 0 { &[] } else { &[("tablePrefix", "two_")] };
        let address = address.as_str();
        async move { store(kind, address, more).await }
    }))
    .await;
    for store in &opened {
        set(&**store, "key", Value::Json("1".into())).await;
    }
    assert_eq!(indexes(&server.client("race").await, "two_state").await.len(), 3);
}

#[tokio::test]
async fn expired_items_are_removed_by_one_of_several_sidecars() {
    let server = shared().await;
    let address = server.database("cleanup").await;
    let client = server.client("cleanup").await;
    for (kind, table, note) in
        [(Kind::V1, "state", "last-cleanup"), (Kind::V2, "two_state", "last-cleanup-state-v2-two_")]
    {
        let more = [("cleanupInterval", "1s"), ("tablePrefix", "two_")];
        let more = if matches!(kind, Kind::V1) { &more[..1] } else { &more[..] };
        let stores = join_all((0..3).map(|_| store(kind, &address, more))).await;
        let metadata = Map::from([("ttlInSeconds".to_owned(), "1".to_owned())]);
        let options = dapr_spi::state::Options::default();
        let request =
            SetRequest { key: "gone".into(), value: Value::Binary("x".into()), etag: None, metadata, options };
        stores[0].set(request).await.unwrap();
        set(&*stores[1], "stays", Value::Binary("x".into())).await;
        tokio::time::sleep(std::time::Duration::from_millis(3_500)).await;
        let rows = client.query(&format!("SELECT key FROM {table}"), &[]).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<&str>>(), ["stays"]);
        let text = "SELECT value::timestamptz > now() - interval '3 seconds' FROM dapr_metadata WHERE key = $1";
        assert!(client.query_one(text, &[&note]).await.unwrap().get::<_, bool>(0));
    }
}
