//! The query API on real rows.

use dapr_spi::ErrorKind;
use dapr_spi::state::{Map, Options, QueryRequest, QueryResponse, SetRequest, StateStore, Value};

use crate::server::{Kind, shared, store};

const PEOPLE: [&str; 5] = [
    r#"{"person":{"org":"A","name":"Ada"},"state":"CA","age":9}"#,
    r#"{"person":{"org":"A","name":"Bob"},"state":"WA","age":10}"#,
    r#"{"person":{"org":"B","name":"Cem"},"state":"CA","age":100}"#,
    r#"{"person":{"org":"B","name":"Dee"},"state":"NY","age":2.5,"it's \"odd\"":"yes"}"#,
    r#"{"person":{"org":"C","name":"Eve"},"state":"TX","age":"10"}"#,
];

async fn ask(store: &dyn StateStore, query: &str) -> dapr_spi::Result<QueryResponse> {
    store.query(QueryRequest { query: query.to_owned(), metadata: Map::new() }).await
}

async fn keys(store: &dyn StateStore, query: &str) -> String {
    let found = ask(store, query).await.unwrap_or_else(|error| panic!("{query}: {error}"));
    let mut keys: Vec<_> = found.results.into_iter().map(|item| item.key).collect();
    if !query.contains("sort") {
        keys.sort();
    }
    keys.join(" ")
}

async fn write(store: &dyn StateStore, key: &str, value: Value, ttl: &str) {
    let metadata = Map::from([("ttlInSeconds".to_owned(), ttl.to_owned())]);
    let request = SetRequest { key: key.into(), value, etag: None, metadata, options: Options::default() };
    store.set(request).await.unwrap();
}

#[tokio::test]
async fn finds_sorts_and_pages() {
    let server = shared().await;
    let address = server.database("query").await;
    let store = store(Kind::V1, &address, &[]).await;
    for (index, text) in PEOPLE.into_iter().enumerate() {
        write(&*store, &index.to_string(), Value::Json(text.into()), "-1").await;
    }
    for (filter, expected) in [
        (r#"{"EQ":{"state":"CA"}}"#, "0 2"),
        (r#"{"NEQ":{"person.org":"A"}}"#, "2 3 4"),
        (r#"{"IN":{"state":["CA","TX"]}}"#, "0 2 4"),
        (r#"{"EQ":{"age":10}}"#, "1 4"),
        (r#"{"GT":{"age":9}}"#, "1 2"),
        (r#"{"GTE":{"age":9}}"#, "0 1 2"),
        (r#"{"LT":{"age":9}}"#, "3"),
        (r#"{"LTE":{"age":9.0}}"#, "0 3"),
        (r#"{"EQ":{"it's \"odd\"":"yes"}}"#, "3"),
        (r#"{"EQ":{"'; DROP TABLE state; --":"yes"}}"#, ""),
        (r#"{"EQ":{"nothing":null}}"#, "0 1 2 3 4"),
        (r#"{"OR":[{"EQ":{"person.org":"A"}},{"AND":[{"NEQ":{"person.org":"B"}},{"EQ":{"state":"TX"}}]}]}"#, "0 1 4"),
    ] {
        assert_eq!(keys(&*store, &format!(r#"{{"filter":{filter}}}"#)).await, expected, "{filter}");
    }
    let sort = r#""sort":[{"key":"state","order":"desc"},{"key":"person.name"}]"#;
    assert_eq!(keys(&*store, &format!("{{{sort}}}")).await, "1 4 3 0 2");
    pages(&*store, sort).await;
    let error = ask(&*store, r#"{"filter":{"GT":{"age":"9"}}}"#).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

async fn pages(store: &dyn StateStore, sort: &str) {
    let mut token = String::new();
    let mut found = Vec::new();
    loop {
        let query = format!(r#"{{{sort},"page":{{"limit":2,"token":"{token}"}}}}"#);
        let page = ask(store, &query).await.unwrap();
        if page.results.is_empty() {
            assert!(page.token.is_empty());
            break;
        }
        assert!(page.results.iter().all(|item| item.etag.is_some() && item.error.is_empty()));
        found.extend(page.results.into_iter().map(|item| item.key));
        token = page.token;
    }
    assert_eq!(found.join(" "), "1 4 3 0 2");
}

#[tokio::test]
async fn bytes_come_back_as_bytes_and_expired_items_not_at_all() {
    let server = shared().await;
    let address = server.database("query_binary").await;
    let v1 = store(Kind::V1, &address, &[]).await;
    write(&*v1, "bytes", Value::Binary("raw".into()), "-1").await;
    write(&*v1, "brief", Value::Json("1".into()), "1").await;
    tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
    let found = ask(&*v1, "{}").await.unwrap().results;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].key.as_str(), &found[0].data[..]), ("bytes", b"raw".as_slice()));
    let v2 = store(Kind::V2, &address, &[("tablePrefix", "two_")]).await;
    assert_eq!(ask(&*v2, "{}").await.unwrap_err().kind(), ErrorKind::Unsupported);
}
