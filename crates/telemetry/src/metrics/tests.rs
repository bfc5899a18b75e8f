//! What a scrape shows after calls were recorded.

use std::time::Duration;

use super::*;

fn config() -> MetricsConfig {
    MetricsConfig { app_id: "app".into(), namespace: "ns".into(), ..MetricsConfig::default() }
}

fn call<'a>(path_label: &'a str) -> HttpCall<'a> {
    HttpCall {
        method: "GET",
        path_label,
        status: 200,
        latency: Duration::from_micros(250),
        request_bytes: 0,
        response_bytes: 2_000,
    }
}

#[track_caller]
fn has(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "no line {line} in\n{text}");
}

#[test]
fn http_server_series() {
    let metrics = Metrics::new(&config()).unwrap();
    metrics.http_server.record(&call("/v1.0/state/s"));
    metrics.http_server.record(&HttpCall { method: "BREW", status: 404, ..call("") });
    let text = metrics.encode();
    has(&text, "# TYPE dapr_http_server_request_count counter");
    has(&text, r#"dapr_http_server_request_count{app_id="app",method="GET",path="/v1.0/state/s",status="200"} 1"#);
    has(&text, r#"dapr_http_server_response_count{app_id="app",method="UNKNOWN",path="",status="404"} 1"#);
    has(&text, "# TYPE dapr_http_server_latency histogram");
    has(
        &text,
        r#"dapr_http_server_latency_bucket{app_id="app",method="GET",path="/v1.0/state/s",status="200",le="1"} 1"#,
    );
    has(&text, r#"dapr_http_server_latency_sum{app_id="app",method="GET",path="/v1.0/state/s",status="200"} 0.25"#);
    has(&text, r#"dapr_http_server_response_bytes_bucket{app_id="app",le="1024"} 0"#);
    has(&text, r#"dapr_http_server_response_bytes_bucket{app_id="app",le="4.294967296e+09"} 2"#);
    has(&text, r#"dapr_http_server_response_bytes_bucket{app_id="app",le="+Inf"} 2"#);
    has(&text, r#"dapr_http_server_response_bytes_count{app_id="app"} 2"#);
}

#[test]
fn low_cardinality_has_no_response_count_and_may_lose_verbs() {
    let http = HttpMetricsConfig { increased_cardinality: false, exclude_verbs: true, ..HttpMetricsConfig::default() };
    let metrics = Metrics::new(&MetricsConfig { http, ..config() }).unwrap();
    metrics.http_server.record(&call(""));
    let text = metrics.encode();
    has(&text, r#"dapr_http_server_request_count{app_id="app",method="",path="",status="200"} 1"#);
    assert!(!text.contains("response_count"));
}

#[test]
fn component_runtime_grpc_and_client_series() {
    let metrics = Metrics::new(&config()).unwrap();
    metrics.state.record("mystore", "get", true, Duration::from_millis(7));
    metrics.secret.record("vault", "bulk_get", false, Duration::ZERO);
    metrics.components.loaded();
    metrics.components.initialized("state.redis");
    metrics.components.failed("state.redis", InitFailure::Init, "mystore");
    metrics.grpc_server.record("/s/M", 5, Duration::from_millis(1), 10, 0);
    metrics.grpc_server.record_stream("/s/S", 0, Duration::from_millis(1));
    metrics.http_client.record(&call("/orders"));
    metrics.http_health_probes.record(200, Duration::from_millis(1));
    metrics.error_codes.record("ERR_X", "state");
    let text = metrics.encode();
    has(
        &text,
        r#"dapr_component_state_count{app_id="app",component="mystore",namespace="ns",operation="get",success="true"} 1"#,
    );
    has(
        &text,
        r#"dapr_component_state_latencies_bucket{app_id="app",component="mystore",namespace="ns",operation="get",success="true",le="8"} 1"#,
    );
    has(
        &text,
        r#"dapr_component_secret_count{app_id="app",component="vault",namespace="ns",operation="bulk_get",success="false"} 1"#,
    );
    has(&text, r#"dapr_runtime_component_loaded{app_id="app"} 1"#);
    has(&text, r#"dapr_runtime_component_init_total{app_id="app",component="state.redis"} 1"#);
    has(
        &text,
        r#"dapr_runtime_component_init_fail_total{app_id="app",component="state.redis",componentName="mystore",reason="init"} 1"#,
    );
    has(
        &text,
        r#"dapr_grpc_io_server_completed_rpcs{app_id="app",grpc_server_method="/s/M",grpc_server_status="NotFound"} 1"#,
    );
    has(&text, r#"dapr_grpc_io_server_received_bytes_per_rpc_sum{app_id="app",grpc_server_method="/s/M"} 10"#);
    assert!(!text.contains(r#"received_bytes_per_rpc_sum{app_id="app",grpc_server_method="/s/S"}"#));
    has(&text, r#"dapr_http_client_sent_bytes_count{app_id="app",method="GET",path="/orders",status=""} 1"#);
    has(&text, r#"dapr_http_healthprobes_completed_count{app_id="app",status="200"} 1"#);
    assert!(!text.contains("error_code"), "error codes are off by default");
}

#[test]
fn calls_between_applications() {
    let metrics = Metrics::new(&config()).unwrap();
    let calls = &metrics.service_invocation;
    calls.request_sent("b", CallKind::Unary);
    calls.request_sent("b", CallKind::Streaming);
    calls.response_received("b", 200, Duration::from_millis(3));
    calls.stream_ended("b", 14);
    calls.request_received("c");
    calls.response_sent("c", 404);
    metrics.grpc_client.record("/s/M", 0, Duration::from_millis(1), 10, 20);
    metrics.grpc_client.record_stream("/s/S", 7, Duration::from_millis(1));
    metrics.grpc_health_probes.record(14, Duration::from_millis(1));
    metrics.access_control.by_app_policy(true, "c", "public", "default");
    metrics.access_control.by_global_policy(false, "d", "public", "default");
    let text = metrics.encode();
    for line in [
        r#"dapr_runtime_service_invocation_req_sent_total{app_id="app",dst_app_id="b",type="unary"} 1"#,
        r#"dapr_runtime_service_invocation_req_sent_total{app_id="app",dst_app_id="b",type="streaming"} 1"#,
        r#"dapr_runtime_service_invocation_res_recv_total{app_id="app",src_app_id="b",status="200",type="unary"} 1"#,
        r#"dapr_runtime_service_invocation_res_recv_total{app_id="app",src_app_id="b",status="14",type="streaming"} 1"#,
        r#"dapr_runtime_service_invocation_res_recv_latency_ms_bucket{app_id="app",src_app_id="b",status="200",le="3"} 1"#,
        r#"dapr_runtime_service_invocation_res_recv_latency_ms_count{app_id="app",src_app_id="b",status="200"} 1"#,
        r#"dapr_runtime_service_invocation_req_recv_total{app_id="app",src_app_id="c"} 1"#,
        r#"dapr_runtime_service_invocation_res_sent_total{app_id="app",dst_app_id="c",status="404"} 1"#,
        r#"dapr_grpc_io_client_completed_rpcs{app_id="app",grpc_client_method="/s/M",grpc_client_status="OK"} 1"#,
        r#"dapr_grpc_io_client_sent_bytes_per_rpc_sum{app_id="app",grpc_client_method="/s/M"} 10"#,
        r#"dapr_grpc_io_client_received_bytes_per_rpc_sum{app_id="app",grpc_client_method="/s/M"} 20"#,
        r#"dapr_grpc_io_client_roundtrip_latency_count{app_id="app",grpc_client_method="/s/S",grpc_client_status="PermissionDenied"} 1"#,
        r#"dapr_grpc_io_healthprobes_completed_count{app_id="app",grpc_client_status="Unavailable"} 1"#,
        r#"dapr_grpc_io_healthprobes_roundtrip_latency_count{app_id="app",grpc_client_status="Unavailable"} 1"#,
        r#"dapr_runtime_acl_app_policy_action_allowed_total{app_id="c",namespace="default",trustDomain="public"} 1"#,
        r#"dapr_runtime_acl_global_policy_action_blocked_total{app_id="d",namespace="default",trustDomain="public"} 1"#,
    ] {
        has(&text, line);
    }
    assert!(!text.contains(r#"latency_ms_count{app_id="app",src_app_id="b",status="14"}"#), "streams have no latency");
}

#[test]
fn families_of_other_processes() {
    let mut declare = Declaration::new();
    let issued = declare.counter("sentry/cert/sign/success_total", "Certificates signed.", []);
    let connected = declare.gauge("scheduler/sidecars_connected", "Sidecars connected.", ["kind"]);
    let trigger = declare.latency("scheduler/trigger_latency", "Milliseconds.", ["type"], &[100, 500]);
    let exposition = declare.finish();
    assert!(!exposition.encode().contains("dapr_"), "a family appears when it is recorded");
    issued.increment([]);
    connected.add(["a"], 3);
    connected.add(["a"], -1);
    trigger.observe(["job"], Duration::from_millis(200));
    let text = exposition.encode();
    has(&text, "dapr_sentry_cert_sign_success_total 1");
    has(&text, "# TYPE dapr_scheduler_sidecars_connected gauge");
    has(&text, r#"dapr_scheduler_sidecars_connected{kind="a"} 2"#);
    has(&text, r#"dapr_scheduler_trigger_latency_bucket{type="job",le="100"} 0"#);
    has(&text, r#"dapr_scheduler_trigger_latency_bucket{type="job",le="500"} 1"#);
    connected.set(["a"], -7);
    has(&exposition.encode(), r#"dapr_scheduler_sidecars_connected{kind="a"} -7"#);
}

#[test]
fn error_codes_when_asked_for() {
    let metrics = Metrics::new(&MetricsConfig { record_error_codes: true, ..config() }).unwrap();
    metrics.error_codes.record("ERR_STATE_GET", "state");
    has(&metrics.encode(), r#"dapr_error_code_total{app_id="app",category="state",error_code="ERR_STATE_GET"} 1"#);
}

#[test]
fn disabled_metrics_record_nothing() {
    let metrics = Metrics::new(&MetricsConfig { enabled: false, ..config() }).unwrap();
    metrics.http_server.record(&call("/"));
    assert!(!metrics.encode().contains("dapr_"));
}

#[test]
fn rules_rewrite_one_label_of_one_metric() {
    let rule = MetricRule {
        name: "dapr_http_server_request_count".into(),
        labels: vec![LabelRule {
            name: "path".into(),
            regex: vec![("/orders/TEST".into(), "/orders/.+".into()), ("$1!".into(), "^(/x)$".into())],
        }],
    };
    let metrics = Metrics::new(&MetricsConfig { rules: vec![rule], ..config() }).unwrap();
    for path in ["/orders/1", "/orders/2", "/x"] {
        metrics.http_server.record(&call(path));
    }
    let text = metrics.encode();
    has(&text, r#"dapr_http_server_request_count{app_id="app",method="GET",path="/orders/TEST",status="200"} 2"#);
    has(&text, r#"dapr_http_server_request_count{app_id="app",method="GET",path="/x!",status="200"} 1"#);
    has(&text, r#"dapr_http_server_latency_count{app_id="app",method="GET",path="/orders/1",status="200"} 1"#);
}

#[test]
fn a_broken_rule_is_named() {
    let labels = vec![LabelRule { name: "path".into(), regex: vec![("x".into(), "(".into())] }];
    let rules = vec![MetricRule { name: "dapr_http_server_latency".into(), labels }];
    let error = Metrics::new(&MetricsConfig { rules, ..config() }).unwrap_err().to_string();
    assert!(error.starts_with("failed to compile regex for rule dapr_http_server_latency/path: "), "{error}");
}

#[test]
fn custom_buckets() {
    let metrics = Metrics::new(&MetricsConfig { latency_buckets: vec![500, 0, 100, 100], ..config() }).unwrap();
    metrics.http_health_probes.record(200, Duration::from_millis(200));
    let text = metrics.encode();
    let buckets: Vec<_> =
        text.lines().filter(|line| line.starts_with("dapr_http_healthprobes_roundtrip_latency_bucket")).collect();
    assert_eq!(buckets.len(), 3, "{buckets:?}");
    assert!(buckets[1].ends_with(r#"le="500"} 1"#), "{buckets:?}");
}

#[test]
fn series_are_bounded() {
    let metrics = Metrics::new(&config()).unwrap();
    for number in 0..SERIES_LIMIT + 50 {
        metrics.http_server.record(&call(&format!("/p/{number}")));
    }
    let text = metrics.encode();
    let series = text.lines().filter(|line| line.starts_with("dapr_http_server_request_count{")).count();
    assert_eq!(series, SERIES_LIMIT + 1);
    has(&text, r#"dapr_http_server_request_count{app_id="app",method="other",path="other",status="other"} 50"#);
}

#[test]
fn labels_are_escaped() {
    let metrics = Metrics::new(&config()).unwrap();
    metrics.http_server.record(&call("/a\"b\\c\nd"));
    has(
        &metrics.encode(),
        r#"dapr_http_server_request_count{app_id="app",method="GET",path="/a\"b\\c\nd",status="200"} 1"#,
    );
}

#[test]
#[cfg(target_os = "linux")]
fn process_values() {
    let text = Metrics::new(&config()).unwrap().encode();
    let value = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).expect(name);
        line.trim().parse().unwrap()
    };
    assert!(value("process_resident_memory_bytes") > 100_000.0);
    assert!(value("process_open_fds") >= 3.0);
    assert!(value("process_start_time_seconds") > 1_700_000_000.0);
}

/// Prints what recording costs: `cargo test --release -p dapr-telemetry cost -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn cost() {
    const ROUNDS: u32 = 5_000_000;
    let metrics = Metrics::new(&config()).unwrap();
    let time = |name: &str, record: &dyn Fn()| {
        let start = std::time::Instant::now();
        (0..ROUNDS).for_each(|_| record());
        println!("{name}: {:?}", start.elapsed() / ROUNDS);
    };
    time("http_server", &|| metrics.http_server.record(&call("/v1.0/state/s")));
    time("http_server with path", &|| {
        let label = metrics.http_server.path_label("/v1.0/state/statestore/key");
        metrics.http_server.record(&call(&label));
    });
    time("state", &|| metrics.state.record("statestore", "get", true, Duration::from_micros(90)));
    time("grpc_server", &|| {
        metrics.grpc_server.record("/dapr.proto.runtime.v1.Dapr/GetState", 0, Duration::from_micros(90), 20, 30)
    });
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| time("http_server, 2 threads", &|| metrics.http_server.record(&call("/v1.0/state/s"))));
        }
    });
    metrics.encode();
    let start = std::time::Instant::now();
    let text = metrics.encode();
    println!("encode: {:?} for {} bytes", start.elapsed(), text.len());
}
