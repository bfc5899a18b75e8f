//! Who may call what: API token, `spec.api`, origins of browsers.

use dapr_proto::runtime::v1 as proto;
use http::Method;
use tonic::{Code, Request};

use crate::client::Ask;
use crate::daprd::{STORE, Setup};

fn get_state() -> proto::GetStateRequest {
    proto::GetStateRequest { store_name: STORE.into(), key: "key".into(), ..Default::default() }
}

#[tokio::test]
async fn a_token_guards_all_but_health() {
    let daprd = Setup::in_memory().env("DAPR_API_TOKEN", "s3cret").start().await;
    let path = format!("/v1.0/state/{STORE}/key");
    daprd.get(&path).await.has(401);
    daprd.ask(Ask::get(&path).header("dapr-api-token", "wrong")).await.has(401);
    daprd.ask(Ask::get(&path).header("dapr-api-token", "s3cret")).await.has(204);
    daprd.get("/v1.0/metadata").await.has(401);
    daprd.get("/v1.0/healthz").await.has(204);
    daprd.get("/v1.0/healthz/outbound").await.has(204);

    let mut grpc = daprd.grpc().await;
    let refused = grpc.get_state(get_state()).await.expect_err("without token");
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
    let mut request = Request::new(get_state());
    request.metadata_mut().insert("dapr-api-token", "s3cret".parse().expect("plain text"));
    grpc.get_state(request).await.expect("with the token");
}

#[tokio::test]
async fn only_what_is_allowed_is_served() {
    let rule = |protocol: &str| format!("{{name: state, version: v1, protocol: {protocol}}}");
    let spec = format!("{{api: {{allowed: [{}, {}]}}}}", rule("http"), rule("grpc"));
    let daprd = Setup::in_memory().configuration(&spec).start().await;
    daprd.save("key", "value").await.has(204);
    daprd.get("/v1.0/metadata").await.has(404);
    daprd.get("/v1.0/secrets/any/key").await.has(404);

    let mut grpc = daprd.grpc().await;
    assert_eq!(grpc.get_state(get_state()).await.expect("state is allowed").into_inner().data, "\"value\"");
    let refused = grpc.get_metadata(proto::GetMetadataRequest {}).await.expect_err("metadata is not allowed");
    assert_eq!(refused.code(), Code::Unimplemented, "{refused}");
}

#[tokio::test]
async fn what_is_denied_is_not_served() {
    let spec = "{api: {denied: [{name: state, version: v1, protocol: http}]}}";
    let daprd = Setup::in_memory().configuration(spec).start().await;
    daprd.save("key", "value").await.has(404);
    daprd.get("/v1.0/metadata").await.has(200);
    daprd.grpc().await.get_state(get_state()).await.expect("only HTTP is denied");
}

#[tokio::test]
async fn browsers_of_listed_origins_may_call() {
    let daprd =
        Setup::in_memory().flags(&["--allowed-origins", "https://shop.example,https://*.dev.example"]).start().await;
    let path = format!("/v1.0/state/{STORE}/key");
    let asked = async |origin: &str| {
        let simple = daprd.ask(Ask::get(&path).header("origin", origin)).await;
        let preflight =
            Ask::new(Method::OPTIONS, &path).header("origin", origin).header("access-control-request-method", "DELETE");
        let preflight = daprd.ask(preflight).await;
        let allowed = "access-control-allow-origin";
        (simple.header(allowed).to_owned(), preflight.header(allowed).to_owned())
    };
    for origin in ["https://shop.example", "https://one.dev.example"] {
        assert_eq!(asked(origin).await, (origin.to_owned(), origin.to_owned()));
    }
    assert_eq!(asked("https://evil.example").await, (String::new(), String::new()));
}
