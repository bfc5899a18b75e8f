//! Against a real collector: what is exported arrives, over each protocol.

use std::time::Duration;

use dapr_testkit::collector::{Collector, Span};
use http::HeaderMap;

use super::*;
use crate::log::{LogConfig, LogSubscriber, Output};
use crate::metrics::{Declaration, Metrics, MetricsConfig};
use crate::trace::{About, HttpRequest, OtlpConfig, TraceConfig, Tracer};

const STOP: Duration = Duration::from_secs(20);

fn otlp(protocol: &str, endpoint: &str, is_secure: bool) -> TraceConfig {
    let otlp = OtlpConfig { protocol: protocol.into(), endpoint: endpoint.into(), is_secure, ..OtlpConfig::default() };
    TraceConfig { sampling_rate: "1".into(), otlp, ..TraceConfig::default() }
}

/// A call from one sidecar to another: the caller's span, then the callee's.
async fn call_between(config: &TraceConfig, name: &str, variable: &dyn Fn(&str) -> Option<String>) {
    let caller = Tracer::new(config, &format!("{name}-caller"), variable).unwrap();
    let callee = Tracer::new(config, &format!("{name}-callee"), variable).unwrap();
    let path = "/v1.0/invoke/b/method/orders";
    let none = HeaderMap::new();
    let span = caller.start_http(&HttpRequest { method: "POST", path, target: path, peer: None, headers: &none });
    span.about_http(&About::Invocation { app_id: "b", method: "orders" }, "POST", path);
    let mut metadata = HeaderMap::new();
    span.context().unwrap().write_grpc(&mut metadata);
    let inner = callee.start_grpc("/dapr.proto.internals.v1.ServiceInvocation/CallLocal", &metadata);
    inner.about_internal_call("b", "orders");
    inner.end_grpc(5, "no such order");
    span.end_http(404);
    caller.stop(STOP).await;
    callee.stop(STOP).await;
    assert_eq!((caller.dropped(), callee.dropped()), (0, 0), "{name}");
}

fn of<'a>(spans: &'a [Span], service: &str) -> Option<&'a Span> {
    spans.iter().find(|span| span.resource.get("service.name").is_some_and(|name| name == service))
}

async fn joined(collector: &Collector, name: &str) -> (Span, Span) {
    let (caller, callee) = (format!("{name}-caller"), format!("{name}-callee"));
    let found = collector.wait_for(|spans| Some((of(spans, &caller)?.clone(), of(spans, &callee)?.clone()))).await;
    let (caller, callee) = found.unwrap();
    assert_eq!((caller.trace_id.len(), caller.id.len(), caller.parent_id.as_str()), (32, 16, ""), "{name}");
    assert_eq!((&callee.trace_id, &callee.parent_id), (&caller.trace_id, &caller.id), "{name}: joined");
    assert_eq!((caller.kind.as_str(), callee.kind.as_str()), ("Client", "Server"), "{name}");
    assert_eq!((caller.status.as_str(), callee.status.as_str()), ("Error", "Error"), "{name}");
    // Zipkin has no place for a status: the message is a tag there.
    let message = |span: &Span| span.attributes.get("error").unwrap_or(&span.status_message).clone();
    assert_eq!((message(&caller).as_str(), message(&callee).as_str()), ("Code(404): Not Found", "no such order"));
    assert_eq!(caller.attributes["http.request.method"], "POST");
    assert_eq!(callee.attributes["dapr.invoke_method"], "orders");
    (caller, callee)
}

#[tokio::test]
async fn joined_spans_arrive() {
    let collector = Collector::start().await.unwrap();
    let certificate = collector.certificate().display().to_string();
    let variable = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_CERTIFICATE" => Some(certificate.clone()),
        "OTEL_RESOURCE_ATTRIBUTES" => Some("service.namespace=tests".to_owned()),
        _ => None,
    };
    let zipkin =
        TraceConfig { sampling_rate: "1".into(), zipkin_endpoint: collector.zipkin(), ..TraceConfig::default() };
    for (name, config) in [
        ("grpc", otlp("grpc", &collector.grpc(), false)),
        ("http", otlp("http", &collector.http(), false)),
        ("tls-grpc", otlp("grpc", &collector.tls_grpc(), true)),
        ("tls-http", otlp("http", &format!("https://{}/v1/traces", collector.tls_http()), true)),
        ("zipkin", zipkin),
    ] {
        call_between(&config, name, &variable).await;
        let (caller, callee) = joined(&collector, name).await;
        let names = (caller.name.as_str(), callee.name.as_str());
        match name {
            "zipkin" => assert_eq!(names, ("calllocal/b/orders", "calllocal/b/orders")),
            _ => {
                assert_eq!(names, ("CallLocal/b/orders", "CallLocal/b/orders"));
                assert_eq!(caller.resource["service.namespace"], "tests");
            }
        }
    }
}

#[tokio::test]
async fn an_unknown_certificate_is_refused() {
    let collector = Collector::start().await.unwrap();
    let tracer = Tracer::new(&otlp("grpc", &collector.tls_grpc(), true), "stranger", &|_| None).unwrap();
    tracer.start(crate::trace::Kind::Client, "x", None).end();
    tracer.stop(STOP).await;
    assert_eq!(tracer.dropped(), 1);
    assert_eq!(collector.spans(), []);
}

#[tokio::test]
async fn spans_wait_for_a_collector_that_comes_back() {
    let mut collector = Collector::start().await.unwrap();
    let fast = |name: &str| (name == "OTEL_BSP_SCHEDULE_DELAY").then(|| "10".to_owned());
    let tracer = Tracer::new(&otlp("grpc", &collector.grpc(), false), "patient", &fast).unwrap();
    tracer.start(crate::trace::Kind::Client, "first", None).end();
    collector.wait_for(|spans| of(spans, "patient").cloned()).await.unwrap();
    collector.server().kill();
    tracer.start(crate::trace::Kind::Client, "second", None).end();
    tokio::time::sleep(Duration::from_millis(300)).await;
    collector.server().resume().await.unwrap();
    collector.wait_for(|spans| spans.iter().find(|span| span.name == "second").cloned()).await.unwrap();
    assert_eq!(tracer.dropped(), 0);
}

#[tokio::test]
async fn metrics_are_pushed() {
    let collector = Collector::start().await.unwrap();
    for (protocol, endpoint) in [("grpc", collector.grpc()), ("http/protobuf", collector.http())] {
        let variable = |name: &str| match name {
            "OTEL_METRICS_EXPORTER" => Some("otlp".to_owned()),
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(format!("http://{endpoint}")),
            "OTEL_EXPORTER_OTLP_PROTOCOL" => Some(protocol.to_owned()),
            "OTEL_METRIC_EXPORT_INTERVAL" => Some("50".to_owned()),
            _ => None,
        };
        let mut declare = Declaration::new();
        let expiry = declare.gauge("sentry/issuercert/expiry_timestamp", "Seconds.", []);
        expiry.set([], 1_900_000_123);
        let control_plane = MetricPush::start(declare.finish(), "sentry", &variable).unwrap().unwrap();
        let config = MetricsConfig { app_id: format!("app-{}", &protocol[..4]), ..MetricsConfig::default() };
        let metrics = Metrics::new(&config).unwrap();
        metrics.components.initialized("state.redis");
        metrics.http_health_probes.record(200, Duration::from_millis(7));
        let daprd = MetricPush::start(metrics, &config.app_id, &variable).unwrap().unwrap();
        let app = format!("app_id: Str({})", config.app_id);
        let texts = [
            app.as_str(),
            "Name: dapr_runtime_component_init_total",
            "component: Str(state.redis)",
            "IsMonotonic: true",
            "AggregationTemporality: Cumulative",
            "Name: dapr_http_healthprobes_roundtrip_latency",
            "ExplicitBounds #6: 8.000000",
            "Buckets #6, Count: 1",
            "Sum: 7.000000",
            "Name: dapr_sentry_issuercert_expiry_timestamp",
            "Value: 1900000123",
            "Name: process_resident_memory_bytes",
            "service.name: Str(sentry)",
        ];
        collector.wait_for_text(&texts).await.unwrap();
        daprd.stop(STOP).await;
        control_plane.stop(STOP).await;
    }
}

#[tokio::test]
async fn the_log_is_pushed() {
    let collector = Collector::start().await.unwrap();
    let endpoint = format!("http://{}", collector.grpc());
    let variable = |name: &str| (name == "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT").then(|| endpoint.clone());
    let push = LogPush::start("orders", &variable).unwrap().unwrap();
    let printed = LogSubscriber::new(LogConfig::default(), Output::writer(std::io::sink()));
    tracing::subscriber::with_default(printed, || {
        tracing::warn!(target: "dapr.runtime.http-info", code = 503, method = "GET /x", "HTTP API Called");
        tracing::debug!(target: "dapr.runtime", "below the level");
    });
    push.stop(STOP).await;
    assert_eq!(push.dropped(), 0);
    let texts = [
        "InstrumentationScope dapr.runtime.http-info",
        "SeverityText: warning",
        "SeverityNumber: Warn(13)",
        "Body: Str(HTTP API Called)",
        "code: Int(503)",
        "method: Str(GET /x)",
        "service.name: Str(orders)",
    ];
    collector.wait_for_text(&texts).await.unwrap();
    assert!(!collector.log().contains("below the level"));
    assert!(!is_tapped());
}

/// Prints memory and CPU time while a collector is away: `cargo test --profile release-lite -p dapr-telemetry
/// dead_collector -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "a measurement of two minutes"]
async fn dead_collector() {
    // One refuses connections, the other takes them and never answers.
    let refused = format!("127.0.0.1:{}", dapr_testkit::process::free_port());
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_address = silent.local_addr().unwrap().to_string();
    let config = TraceConfig { zipkin_endpoint: format!("http://{silent_address}/"), ..otlp("grpc", &refused, false) };
    let printed = LogSubscriber::new(LogConfig::default(), Output::Stdout);
    let _log = tracing::subscriber::set_default(printed);
    let tracer = Tracer::new(&config, "app", &|_| None).unwrap();
    let process = |name: &str| -> f64 {
        let text = Declaration::new().finish().encode();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().parse().unwrap_or_default()
    };
    let headers = HeaderMap::new();
    let path = "/v1.0/state/mystore/k";
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    for round in 0..12_000_u32 {
        tick.tick().await;
        for _ in 0..10 {
            let request = HttpRequest { method: "GET", path, target: path, peer: None, headers: &headers };
            let span = tracer.start_http(&request);
            span.about_http(&About::State { store: "mystore" }, "GET", path);
            span.end_http(200);
        }
        if round % 1_000 == 0 {
            println!(
                "{:>3} s: RSS {:.1} MiB, CPU {:.2} s, dropped {}",
                round / 100,
                process("process_resident_memory_bytes") / 1024.0 / 1024.0,
                process("process_cpu_seconds_total"),
                tracer.dropped()
            );
        }
    }
    drop(silent);
}

/// Against a Zipkin server: `ZIPKIN=127.0.0.1:9411 cargo test -p dapr-telemetry zipkin_server -- --ignored`.
#[tokio::test]
#[ignore = "needs a Zipkin server, which is 130 MB of Java"]
async fn zipkin_server() {
    let address = std::env::var("ZIPKIN").unwrap();
    let zipkin_endpoint = format!("http://{address}/api/v2/spans");
    let config = TraceConfig { sampling_rate: "1".into(), zipkin_endpoint, ..TraceConfig::default() };
    call_between(&config, "zipkin", &|_| None).await;
    let client = dapr_net::fetch::Client::new();
    let url = format!("http://{address}/api/v2/traces?serviceName=zipkin-callee").parse().unwrap();
    for _ in 0..100 {
        let answer = client.get(&url, 1 << 20).await.unwrap();
        let traces: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
        let Some(spans) = traces.get(0).and_then(|trace| trace.as_array()).filter(|spans| spans.len() == 2) else {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let callee = spans.iter().find(|span| span["kind"] == "SERVER").unwrap();
        let caller = spans.iter().find(|span| span["kind"] == "CLIENT").unwrap();
        assert_eq!((&callee["parentId"], &callee["traceId"]), (&caller["id"], &caller["traceId"]));
        assert_eq!(callee["name"], "calllocal/b/orders");
        assert_eq!(caller["remoteEndpoint"]["serviceName"], "b");
        assert_eq!(callee["tags"]["error"], "no such order");
        return;
    }
    panic!("the server did not show both spans of one trace");
}
