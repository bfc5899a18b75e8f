//! What a caller is told who asks for something wrong.

use bytes::Bytes;
use http::Method;

use crate::client::{Answer, Ask, Target};
use crate::daprd::{Daprd, STORE, Setup};

#[tokio::test]
async fn malformed_json_is_the_callers_fault() {
    let daprd = Setup::in_memory().start().await;
    let state = format!("/v1.0/state/{STORE}");
    for (path, body) in [
        (state.clone(), "[{"),
        (state.clone(), "{\"key\": 1}"),
        (state.clone(), "[{\"value\": 1}]"),
        (state.clone(), "[{\"key\": \"a\", \"value\": }]"),
        (state.clone(), "\u{0}\u{1}"),
        (format!("{state}/bulk"), "{\"keys\": 5}"),
        (format!("{state}/bulk"), "nonsense"),
        (format!("{state}/transaction"), "{\"operations\": [{}"),
        (format!("{state}/transaction"), "{\"operations\": [{\"operation\": \"upsert\", \"request\": 7}]}"),
    ] {
        let answer = daprd.post(&path, body).await;
        assert_eq!(answer.has(400).code(), "ERR_MALFORMED_REQUEST", "{path} {body} {}", answer.text());
        assert!(!answer.json()["message"].as_str().unwrap_or_default().is_empty(), "{}", answer.text());
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    daprd.post(&state, &deep).await.has(400);
    daprd.save("still", "alive").await.has(204);
}

#[tokio::test]
async fn codes_that_programs_look_for() {
    let daprd = Setup::in_memory().start().await;
    let code = |answer: Answer, status: u16| answer.has(status).code();
    assert_eq!(code(daprd.get("/v1.0/state/nobody/key").await, 400), "ERR_STATE_STORE_NOT_FOUND");
    assert_eq!(code(daprd.get("/v1.0/secrets/nobody/key").await, 500), "ERR_SECRET_STORES_NOT_CONFIGURED");
    assert_eq!(code(daprd.get("/v1.0/no/such/path").await, 404), "ERR_DIRECT_INVOKE");
    assert_eq!(code(daprd.get(&format!("/v1.0/state/{STORE}/a%7C%7Cb")).await, 400), "ERR_MALFORMED_REQUEST");
    let unknown = r#"{"operations":[{"operation":"nope","request":{"key":"a"}}]}"#;
    let answer = daprd.post(&format!("/v1.0/state/{STORE}/transaction"), unknown).await;
    assert_eq!(code(answer, 400), "ERR_NOT_SUPPORTED_STATE_OPERATION");

    daprd.save("key", "one").await.has(204);
    let stale = r#"[{"key":"key","value":"two","etag":"no-such-etag","options":{"concurrency":"first-write"}}]"#;
    let answer = daprd.post(&format!("/v1.0/state/{STORE}"), stale).await;
    assert!(answer.status == 409 || answer.status == 400, "{}", answer.text());
    assert_eq!(answer.code(), "ERR_STATE_SAVE");
    let delete = Ask::new(Method::DELETE, &format!("/v1.0/state/{STORE}/key")).header("if-match", "no-such-etag");
    let answer = daprd.ask(delete).await;
    assert!(answer.status == 409 || answer.status == 400, "{}", answer.text());
    assert_eq!(answer.code(), "ERR_STATE_DELETE");

    let bare = Setup::bare().start().await;
    assert_eq!(code(bare.get("/v1.0/state/nobody/key").await, 500), "ERR_STATE_STORE_NOT_CONFIGURED");
}

/// One unary call with these bytes as message.
async fn call(daprd: &Daprd, method: &str, message: &[u8]) -> Answer {
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).expect("a short message").to_be_bytes());
    framed.extend(message);
    raw_call(daprd, method, framed).await
}

async fn raw_call(daprd: &Daprd, method: &str, body: impl Into<Bytes>) -> Answer {
    let path = format!("/dapr.proto.runtime.v1.Dapr/{method}");
    let ask = Ask::new(Method::POST, &path).header("content-type", "application/grpc").header("te", "trailers");
    Target::Http2(daprd.ports.grpc).send(ask.body(body)).await.expect("an answer")
}

#[tokio::test]
async fn malformed_protobuf_is_an_error_and_nothing_else() {
    let daprd = Setup::in_memory().start().await;
    for message in [&b"\xff\xff\xff\xff"[..], b"\x0a\xff\xff\xff\xff\x0fabc", b"\x0a\x05ab", b"\x00"] {
        let answer = call(&daprd, "GetState", message).await;
        assert_ne!(answer.header("grpc-status"), "0", "{message:?} {:?}", answer.headers);
        assert!(!answer.header("grpc-message").is_empty(), "{message:?} {:?}", answer.headers);
    }
    let cut = raw_call(&daprd, "GetState", &b"\x00\x00\x00\x00\x10abc"[..]).await;
    assert_ne!(cut.header("grpc-status"), "0", "a message that breaks off: {:?}", cut.headers);
    let unknown = call(&daprd, "NoSuchMethod", b"").await;
    assert_eq!(unknown.header("grpc-status"), "12", "{:?}", unknown.headers);
    let known = call(&daprd, "GetMetadata", b"").await;
    assert_eq!(known.header("grpc-status"), "0", "{:?}", known.headers);
}

#[tokio::test]
async fn a_resource_that_is_wrong_ends_the_start_and_says_where() {
    let mut daprd = Setup::bare().component("typo", "state.no-such-thing", "v1", &[]).launch();
    let code = daprd.process.exit_code(crate::process::PATIENCE).await;
    assert_eq!(code, 1);
    let log = daprd.process.output();
    assert!(log.contains("typo.yaml") && log.contains("state.no-such-thing"), "{log}");
}
