//! The APIs on Unix sockets.

use dapr_proto::runtime::v1::GetMetadataRequest;
use dapr_proto::runtime::v1::dapr_client::DaprClient;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::{Endpoint, Uri};

use crate::client::{Ask, Target};
use crate::daprd::Setup;
use crate::process::until;

#[tokio::test]
async fn both_apis_on_sockets_instead_of_ports() {
    let daprd = Setup::in_memory().flags(&["--unix-domain-socket", "{dir}"]).launch();
    let http = Target::Socket(daprd.dir().join("dapr-test-http.socket"));
    until("the socket answers", async || {
        http.send(Ask::get("/v1.0/healthz/outbound")).await.ok().filter(|answer| answer.status == 204)
    })
    .await;
    let body = r#"[{"key": "a", "value": 1}]"#;
    http.send(Ask::new(http::Method::POST, "/v1.0/state/statestore").json(body)).await.expect("an answer").has(204);
    assert_eq!(http.send(Ask::get("/v1.0/state/statestore/a")).await.expect("an answer").text(), "1");

    let path = daprd.dir().join("dapr-test-grpc.socket");
    let connect = tower::service_fn(move |_: Uri| {
        let path = path.clone();
        async move { UnixStream::connect(path).await.map(TokioIo::new) }
    });
    let channel = Endpoint::from_static("http://localhost").connect_with_connector(connect).await.expect("the socket");
    let about = DaprClient::new(channel).get_metadata(GetMetadataRequest {}).await.expect("metadata").into_inner();
    assert_eq!(about.id, "test");

    assert!(Target::Port(daprd.ports.http).send(Ask::get("/v1.0/healthz")).await.is_err(), "no port is open");
}
