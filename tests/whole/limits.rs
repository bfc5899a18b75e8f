//! How much a caller may send.

use dapr_proto::common::v1::StateItem;
use dapr_proto::runtime::v1::{GetStateRequest, SaveStateRequest};
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

use crate::client::Ask;
use crate::daprd::{Daprd, STORE, Setup};

fn save(size: usize) -> SaveStateRequest {
    let item = StateItem { key: "big".into(), value: vec![b'x'; size].into(), ..Default::default() };
    SaveStateRequest { store_name: STORE.into(), states: vec![item] }
}

/// What the sidecar answers to a body that it does not read to its end: the client cannot either.
async fn refused(daprd: &Daprd, size: usize) -> String {
    let stream = TcpStream::connect(("127.0.0.1", daprd.ports.http)).await.expect("the API");
    let (mut input, mut output) = stream.into_split();
    let head = format!("POST /v1.0/state/{STORE} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {size}\r\n\r\n");
    let write = async move {
        output.write_all(head.as_bytes()).await.expect("the head");
        let _ = output.write_all(&vec![b' '; size]).await;
        output
    };
    let mut answer = Vec::new();
    let (_output, _) = tokio::join!(write, input.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_may_have_four_mebibytes_unless_told_otherwise() {
    let daprd = Setup::in_memory().start().await;
    daprd.save("big", &"x".repeat(4_000_000)).await.has(204);
    let answer = refused(&daprd, 20_000_000).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("ERR_BODY_READ") && answer.contains("--max-body-size"), "{answer}");
    let mut grpc = daprd.grpc().await;
    grpc.save_state(save(4_000_000)).await.expect("below the limit");
    let refused = grpc.save_state(save(4_300_000)).await.expect_err("above the limit");
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
}

#[tokio::test]
async fn the_largest_body_is_a_flag() {
    let daprd = Setup::in_memory().flags(&["--max-body-size", "10Mi"]).start().await;
    daprd.save("big", &"x".repeat(9_000_000)).await.has(204);
    let answer = refused(&daprd, 11_000_000).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let mut grpc = daprd.grpc().await;
    grpc.save_state(save(9_000_000)).await.expect("below the limit");
    let request = GetStateRequest { store_name: STORE.into(), key: "big".into(), ..Default::default() };
    let mut grpc = grpc.max_decoding_message_size(10_000_000);
    assert_eq!(grpc.get_state(request).await.expect("a large answer").into_inner().data.len(), 9_000_000);
}

#[tokio::test]
async fn headers_may_have_four_kibibytes_unless_told_otherwise() {
    let ask = |size: usize| Ask::new(Method::GET, "/v1.0/healthz").header("x-large", &"x".repeat(size));
    let daprd = Setup::bare().start().await;
    daprd.ask(ask(3000)).await.has(204);
    daprd.ask(ask(70_000)).await.has(431);
    daprd.ask(ask(3000)).await.has(204);
    let daprd = Setup::bare().flags(&["--read-buffer-size", "128Ki"]).start().await;
    daprd.ask(ask(70_000)).await.has(204);
}
