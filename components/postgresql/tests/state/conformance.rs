//! The suite that every state store passes, on each layout and mode.

use dapr_testkit::state::conformance;

use crate::server::{Kind, like_cockroach, shared, store};

async fn conforms(kind: Kind, database: &str, more: &[(&str, &str)]) {
    let server = shared().await;
    let address = server.database(database).await;
    let client = server.client(database).await;
    client.batch_execute("CREATE SCHEMA shop").await.unwrap();
    like_cockroach(&client).await;
    conformance(store(kind, &address, more).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_1() {
    conforms(Kind::V1, "conformance_v1", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_2() {
    conforms(Kind::V2, "conformance_v2", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cockroach_version_1() {
    conforms(Kind::CockroachV1, "conformance_c1", &[("tableName", "shop.\"My State\"")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_1_without_prepared_statements() {
    let more = [("queryExecMode", "simple_protocol"), ("tableName", "shop.items"), ("metadataTableName", "shop.meta")];
    conforms(Kind::V1, "conformance_v1_unnamed", &more).await;
}

#[tokio::test]
async fn version_2_on_one_connection() {
    conforms(Kind::V2, "conformance_v2_one", &[("maxConns", "1"), ("tablePrefix", "shop.Pre_")]).await;
}
