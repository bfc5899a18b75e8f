//! What operators look at: metrics, metadata, health, reflection, profiles.

use std::collections::HashSet;

use futures_util::StreamExt as _;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::client::{Ask, Target};
use crate::daprd::{STORE, Setup};

#[tokio::test]
async fn metrics_that_dashboards_ask_for() {
    let daprd = Setup::in_memory().start().await;
    daprd.save("key", "value").await.has(204);
    daprd.saved("key").await.has(200);
    let mut grpc = daprd.grpc().await;
    grpc.get_metadata(dapr_proto::runtime::v1::GetMetadataRequest {}).await.expect("metadata");

    let answer = Target::Port(daprd.ports.metrics).send(Ask::get("/metrics")).await.expect("metrics");
    let text = answer.has(200).text();
    let names: HashSet<&str> =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(['{', ' ']).next()).collect();
    for name in [
        "dapr_http_server_request_count",
        "dapr_http_server_response_count",
        "dapr_http_server_latency_bucket",
        "dapr_http_server_latency_sum",
        "dapr_http_server_latency_count",
        "dapr_http_server_request_bytes_count",
        "dapr_http_server_response_bytes_count",
        "dapr_grpc_io_server_completed_rpcs",
        "dapr_grpc_io_server_server_latency_bucket",
        "dapr_component_state_count",
        "dapr_component_state_latencies_bucket",
        "dapr_runtime_component_loaded",
        "dapr_runtime_component_init_total",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
    ] {
        assert!(names.contains(name), "{name} is missing in\n{text}");
    }
    let line = text.lines().find(|line| line.starts_with("dapr_component_state_count{")).expect("a line");
    for label in ["app_id=\"test\"", "component=\"statestore\"", "operation=\"", "success=\"true\""] {
        assert!(line.contains(label), "{label} is missing in {line}");
    }
}

#[tokio::test]
async fn metadata_names_what_is_loaded() {
    let daprd = Setup::in_memory().start().await;
    let about = daprd.get("/v1.0/metadata").await.has(200).json();
    assert_eq!(about["id"], "test");
    assert!(about["runtimeVersion"].as_str().is_some_and(|version| version.starts_with("1.18")), "{about}");
    let store = &about["components"][0];
    assert_eq!((&store["name"], &store["type"]), (&STORE.into(), &"state.in-memory".into()));
    assert!(store["capabilities"].as_array().is_some_and(|list| list.contains(&"ETAG".into())), "{about}");
}

#[tokio::test]
async fn the_public_port_serves_health_and_metadata_only() {
    let daprd = Setup::in_memory().start().await;
    let public = Target::Port(daprd.ports.public);
    public.send(Ask::get("/v1.0/healthz")).await.expect("an answer").has(204);
    public.send(Ask::get("/v1.0/metadata")).await.expect("an answer").has(200);
    public.send(Ask::get("/v1.0/state/statestore/key")).await.expect("an answer").has(404);
}

#[tokio::test]
async fn reflection_lists_the_services() {
    let daprd = Setup::bare().start().await;
    let mut client = ServerReflectionClient::new(daprd.channel().await);
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = client.server_reflection_info(futures_util::stream::iter([ask])).await.expect("reflection");
    let answer = answers.into_inner().next().await.expect("one answer").expect("no error");
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("{answer:?}");
    };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    assert!(names.iter().any(|name| name == "dapr.proto.runtime.v1.Dapr"), "{names:?}");
}

#[tokio::test]
async fn profiles_are_served_when_asked_for() {
    let daprd = Setup::bare().start().await;
    let profiles = Target::Port(daprd.ports.profile);
    assert!(profiles.send(Ask::get("/debug/pprof/")).await.is_err(), "off unless asked for");
    let daprd = Setup::bare().flags(&["--enable-profiling"]).start().await;
    let profiles = Target::Port(daprd.ports.profile);
    profiles.send(Ask::get("/debug/pprof/")).await.expect("the list").has(200);
    for path in ["/debug/pprof/heap", "/debug/pprof/profile?seconds=1"] {
        let answer = profiles.send(Ask::get(path)).await.expect("a profile");
        assert!(answer.has(200).body.starts_with(b"\x1f\x8b"), "{path}: pprof's format is gzipped");
    }
}

#[tokio::test]
async fn logs_are_one_object_a_line_when_asked_for() {
    let daprd = Setup::in_memory().flags(&["--log-as-json", "--log-level", "debug"]).start().await;
    for line in daprd.process.output().lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for field in ["time", "level", "msg", "app_id", "scope", "ver"] {
            assert!(entry[field].is_string(), "{field} is missing in {line}");
        }
    }
}
