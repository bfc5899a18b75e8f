//! What travels: the instance, features, limits, queries and errors.

use bytes::Bytes;
use dapr_spi::state::{Feature, GetRequest, Map, Options, QueryRequest, SetRequest, Value};

use crate::component::{ABOUT, WORDED};
use crate::{open, start};

#[tokio::test]
async fn one_component_serves_several_instances() {
    let server = start("state.in-memory", "v1alpha").await;
    for name in ["orders", "baskets"] {
        let store = open(&server, name, &[]).await.expect("a store");
        let request = GetRequest { key: format!("{ABOUT}instance"), ..GetRequest::default() };
        assert_eq!(store.get(request).await.unwrap().data, Some(Bytes::from(name)));
    }
}

#[tokio::test]
async fn a_name_that_no_header_can_carry_is_refused() {
    let server = start("state.in-memory", "v1alpha").await;
    let error = open(&server, "zwei\nzeilen", &[]).await.err().expect("no store");
    assert_eq!(error.kind(), dapr_spi::ErrorKind::Invalid, "{error}");
}

#[tokio::test]
async fn features_are_those_that_the_protocol_can_ask_for() {
    let server = start("state.in-memory", "v1alpha").await;
    let store = open(&server, "orders", &[]).await.expect("a store");
    assert_eq!(store.features(), [Feature::Etag, Feature::Transactional, Feature::QueryApi, Feature::Ttl]);
    assert_eq!(store.max_transaction_operations().await, Some(120));
    assert!(store.bulk_set(&[]).await.is_none(), "this component has no BulkSet");
}

#[tokio::test]
async fn a_query_travels_filter_by_filter() {
    let server = start("state.in-memory", "v1alpha").await;
    let store = open(&server, "orders", &[]).await.expect("a store");
    let query = r#"{"filter":{"EQ":{"state":"CA"}},"page":{"limit":2,"token":"next"}}"#.to_owned();
    let answer = store.query(QueryRequest { query, metadata: Map::new() }).await.unwrap();
    assert_eq!((answer.results[0].key.as_str(), answer.token.as_str()), ("EQ", "next"));
    assert_eq!(answer.results[0].data, r#"{"state":"CA"}"#);
}

#[tokio::test]
async fn an_error_of_the_components_own_wording_arrives_whole() {
    let server = start("state.in-memory", "v1alpha").await;
    let store = open(&server, "orders", &[]).await.expect("a store");
    let request = SetRequest {
        key: WORDED.into(),
        value: Value::Binary(Bytes::from_static(b"tea")),
        etag: None,
        metadata: Map::new(),
        options: Options::default(),
    };
    let error = store.set(request).await.expect_err("a refusal");
    assert_eq!(error.to_string(), "api error: code = ResourceExhausted desc = no coffee here");
    let worded = error.standardized().expect("codes of its own");
    assert_eq!((worded.http, worded.code.as_str(), worded.domain.as_str()), (418, "TEAPOT", "kitchen"));
}
