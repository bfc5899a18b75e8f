//! Spans from start to end, as an exporter sees them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::export::Sinks;
use super::span::Finished;
use super::*;
use crate::otlp::{Export, Failure};

/// Keeps what it is given.
#[derive(Clone, Default)]
struct Memory(std::sync::Arc<Mutex<Vec<Finished>>>);

impl Export<std::sync::Arc<Finished>> for Memory {
    fn target(&self) -> &str {
        "memory"
    }

    async fn export(&mut self, batch: &[std::sync::Arc<Finished>]) -> Result<u64, Failure> {
        self.0.lock().unwrap().extend(batch.iter().map(|span| Finished::clone(span)));
        Ok(0)
    }
}

struct Recorder {
    tracer: Tracer,
    memory: Memory,
}

impl Recorder {
    fn new(rate: &str) -> Self {
        let memory = Memory::default();
        Recorder { tracer: Tracer::with_sinks(rate, Some(Sinks::to(memory.clone()))), memory }
    }

    async fn spans(self) -> Vec<Finished> {
        self.tracer.stop(Duration::from_secs(1)).await;
        std::mem::take(&mut self.memory.0.lock().unwrap())
    }

    async fn only(self) -> Finished {
        let mut spans = self.spans().await;
        assert_eq!(spans.len(), 1, "{spans:?}");
        spans.remove(0)
    }
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn parent() -> Context {
    Context::from_text(PARENT, "a=1").unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn request<'a>(method: &'a str, path: &'a str, headers: &'a HeaderMap) -> HttpRequest<'a> {
    let peer: SocketAddr = "127.0.0.1:5000".parse().unwrap();
    HttpRequest { method, path, target: path, peer: Some(peer), headers }
}

fn attributes(span: &Finished) -> BTreeMap<String, String> {
    span.attributes.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

#[track_caller]
fn has(span: &Finished, expected: &[(&str, &str)]) {
    let found = attributes(span);
    let expected: BTreeMap<_, _> = expected.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    assert_eq!(found, expected);
}

/// What every span of the HTTP API has besides.
fn http_attributes<'a>(more: &[(&'a str, &'a str)], api: &'a str, status: &'a str) -> Vec<(&'a str, &'a str)> {
    let (method, path) = api.split_once(' ').unwrap();
    let mut all = vec![
        ("dapr.protocol", "http"),
        ("dapr.api", api),
        ("dapr.status_code", status),
        ("http.request.method", method),
        ("url.full", path),
        ("server.address", "127.0.0.1"),
        ("server.port", "5000"),
    ];
    all.extend_from_slice(more);
    all
}

#[test]
fn a_rate_of_zero_turns_everything_off() {
    let config = TraceConfig { sampling_rate: "0".into(), stdout: true, ..TraceConfig::default() };
    let tracer = Tracer::new(&config, "app", &|_| None).unwrap();
    assert!(!tracer.is_on());
    let span = tracer.start(Kind::Client, "x", Some(&parent()));
    assert_eq!(span.context(), None);
    let mut headers = HeaderMap::new();
    span.write_http_response(&mut headers);
    span.write_grpc_response(&mut headers);
    assert!(headers.is_empty());
}

#[test]
fn without_an_exporter_contexts_are_still_made() {
    let config = TraceConfig { sampling_rate: "1".into(), ..TraceConfig::default() };
    let tracer = Tracer::new(&config, "app", &|_| None).unwrap();
    let span = tracer.start(Kind::Client, "x", None);
    assert!(span.context().unwrap().is_sampled() && span.context().unwrap().is_valid());
    assert!(!span.is_recording());
}

#[test]
fn without_an_exporter_and_a_rate_contexts_are_passed_on() {
    let tracer = Tracer::new(&TraceConfig::default(), "app", &|_| None).unwrap();
    let parent = parent();
    assert_eq!(tracer.start(Kind::Client, "x", Some(&parent)).context(), Some(&parent));
}

#[test]
fn without_an_exporter_and_a_rate_applications_are_told_that_there_is_no_trace() {
    let tracer = Tracer::new(&TraceConfig::default(), "app", &|_| None).unwrap();
    for parent in [None, Context::from_binary(&[0; 18])] {
        let span = tracer.start(Kind::Client, "x", parent.as_ref());
        let mut headers = HeaderMap::new();
        span.write_http_response(&mut headers);
        span.write_grpc_response(&mut headers);
        assert!(headers.is_empty(), "answers are not: {headers:?}");
        span.context().unwrap().write_grpc(&mut headers);
        assert_eq!(headers["traceparent"], "00-00000000000000000000000000000000-0000000000000000-00");
        assert_eq!(headers["grpc-trace-bin"], "AAAAAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAgA");
        assert_eq!(Context::from_http(&headers), None, "it is no parent to the next");
    }
}

#[test]
fn a_child_is_of_its_parents_trace() {
    let tracer = Tracer::with_sinks("0.0001", None);
    for flags in ["00", "01", "02", "ff"] {
        let parent = Context::from_text(&format!("{}{flags}", &PARENT[..53]), "a=1").unwrap();
        let span = tracer.start(Kind::Server, "x", Some(&parent));
        let context = span.context().unwrap();
        assert_eq!(context.trace_id(), parent.trace_id());
        assert_ne!(context.span_id(), parent.span_id());
        assert_eq!(context.traceparent().as_str()[53..], *flags, "the flags are kept");
        assert_eq!(context.tracestate(), Some("a=1"));
    }
    let without_span = Context::from_binary(&parent().to_binary()[..18]).unwrap();
    let span = tracer.start(Kind::Server, "x", Some(&without_span));
    assert_eq!(span.context().unwrap().trace_id(), parent().trace_id());
}

#[test]
fn a_share_of_new_traces_is_sampled() {
    let sampled = |rate| {
        let tracer = Tracer::with_sinks(rate, None);
        let is_sampled = |_: &_| tracer.start(Kind::Client, "x", None).context().unwrap().is_sampled();
        (0..200_000).filter(is_sampled).count()
    };
    // With p = 0.01, 10 σ are 445.
    assert!((1_500..2_500).contains(&sampled("0.01")));
    assert_eq!((sampled("1"), sampled("-1")), (200_000, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_to_the_state_api() {
    let recorder = Recorder::new("1");
    let headers = headers(&[
        ("traceparent", PARENT),
        ("dapr-tenant", "first"),
        ("dapr-tenant", "second"),
        ("dapr-x-bin", "kept"),
        ("dapr-api-token", "secret"),
        ("authorization", "secret"),
    ]);
    let path = "/v1.0/state/mystore/k";
    let span = recorder.tracer.start_http(&request("GET", path, &headers));
    span.about_http(&About::State { store: "mystore" }, "GET", path);
    let context = span.context().unwrap().clone();
    let mut response = HeaderMap::new();
    span.write_http_response(&mut response);
    assert_eq!(response["traceparent"], context.traceparent().as_str());
    span.end_http(404);
    let span = recorder.only().await;
    assert_eq!((span.name.as_str(), span.kind), (path, Kind::Client));
    assert_eq!((span.parent, span.context.trace_id()), (parent().span_id(), parent().trace_id()));
    assert_eq!(span.error.as_deref(), Some("Code(404): Not Found"));
    assert!(span.ended >= span.started);
    let more = [
        ("db.system", "state"),
        ("db.connection_string", "state"),
        ("db.name", "mystore"),
        ("db.statement", "GET /v1.0/state/mystore/k"),
        ("dapr-tenant", "second"),
        ("dapr-x-bin", "kept"),
    ];
    has(&span, &http_attributes(&more, "GET /v1.0/state/mystore/k", "404"));
}

#[tokio::test(start_paused = true)]
async fn what_a_request_is_about() {
    let actor = About::Actor { actor_type: "Cart", actor_id: "7", method: "add" };
    let state = About::ActorState { actor_type: "Cart", actor_id: "7" };
    for (about, name, more) in [
        (
            About::Invocation { app_id: "orders", method: "new" },
            "CallLocal/orders/new",
            &[("rpc.service", "ServiceInvocation"), ("net.peer.name", "orders")][..],
        ),
        (
            actor,
            "CallActor/Cart/add",
            &[("rpc.service", "ServiceInvocation"), ("net.peer.name", "Cart.7"), ("dapr.actor", "Cart.7")],
        ),
        (
            state,
            "/p",
            &[
                ("dapr.actor", "Cart.7"),
                ("db.system", "state"),
                ("db.connection_string", "state"),
                ("db.name", "actor"),
                ("db.statement", "PUT /p"),
            ],
        ),
        (
            About::Secret { store: "vault" },
            "/p",
            &[
                ("db.system", "secrets"),
                ("db.connection_string", "secrets"),
                ("db.name", "vault"),
                ("db.statement", "PUT /p"),
            ],
        ),
        (
            About::Binding { name: "queue" },
            "/p",
            &[
                ("db.system", "bindings"),
                ("db.connection_string", "bindings"),
                ("db.name", "queue"),
                ("db.statement", "PUT /p"),
            ],
        ),
        (About::PubSub { topic: "t" }, "/p", &[("messaging.system", "pubsub"), ("messaging.destination.name", "t")]),
        (About::Conversation { name: "llm" }, "/p", &[]),
    ] {
        let recorder = Recorder::new("1");
        let none = HeaderMap::new();
        let span = recorder.tracer.start_http(&request("PUT", "/p", &none));
        span.about_http(&about, "PUT", "/p");
        span.end_http(200);
        let span = recorder.only().await;
        assert_eq!((span.name.as_str(), span.error.as_deref()), (name, None));
        assert_eq!(span.parent, [0; 8]);
        has(&span, &http_attributes(more, "PUT /p", "200"));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_of_the_grpc_api() {
    const METHOD: &str = "/dapr.proto.runtime.v1.Dapr/X";
    let database = |system| [("db.system", system), ("db.connection_string", system), ("db.statement", METHOD)];
    let dapr = ("rpc.service", "Dapr");
    for (about, name, more) in [
        (About::State { store: "s" }, METHOD, [&database("state")[..], &[("db.name", "s"), dapr]].concat()),
        (About::Secret { store: "s" }, METHOD, [&database("secrets")[..], &[("db.name", "s"), dapr]].concat()),
        (About::Binding { name: "b" }, METHOD, [&database("bindings")[..], &[("db.name", "b"), dapr]].concat()),
        (
            About::PubSub { topic: "t" },
            METHOD,
            vec![("messaging.system", "pubsub"), ("messaging.destination.name", "t"), dapr],
        ),
        (
            About::Invocation { app_id: "b", method: "m" },
            "CallLocal/b/m",
            vec![("rpc.service", "ServiceInvocation"), ("net.peer.name", "b")],
        ),
        (About::Conversation { name: "llm" }, METHOD, vec![("rpc.system", "llm")]),
        (About::Actor { actor_type: "t", actor_id: "i", method: "m" }, METHOD, vec![]),
    ] {
        let recorder = Recorder::new("1");
        let metadata = headers(&[("dapr-a", "1"), ("dapr-a", "2"), ("dapr-b-bin", "AA")]);
        let span = recorder.tracer.start_grpc(METHOD, &metadata);
        span.about_grpc(&about, METHOD);
        span.end_grpc(0, "");
        let span = recorder.only().await;
        assert_eq!((span.name.as_str(), span.kind, span.error.as_deref()), (name, Kind::Client, None));
        let mut expected = vec![("dapr.protocol", "grpc"), ("dapr.api", METHOD), ("dapr-a", "1")];
        expected.extend(more);
        has(&span, &expected);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_from_other_sidecars() {
    const CALL_LOCAL: &str = "/dapr.proto.internals.v1.ServiceInvocation/CallLocal";
    let recorder = Recorder::new("0.0001");
    let mut metadata = HeaderMap::new();
    parent().write_grpc(&mut metadata);
    let span = recorder.tracer.start_grpc(CALL_LOCAL, &metadata);
    span.about_internal_call("orders", "new");
    span.end_grpc(5, "no such order");
    let span = recorder.only().await;
    assert_eq!((span.name.as_str(), span.kind), ("CallLocal/orders/new", Kind::Server));
    assert_eq!((span.parent, span.error.as_deref()), (parent().span_id(), Some("no such order")));
    has(
        &span,
        &[
            ("rpc.service", "ServiceInvocation"),
            ("dapr.invoke_method", "new"),
            ("dapr.protocol", "grpc"),
            ("dapr.api", CALL_LOCAL),
        ],
    );

    let recorder = Recorder::new("1");
    let span = recorder.tracer.start_grpc(CALL_LOCAL, &HeaderMap::new());
    span.about_internal_actor_call("Cart", "7", "add");
    drop(span);
    let span = recorder.only().await;
    assert_eq!(span.name, "CallActor/Cart/add");
    assert_eq!(attributes(&span)["dapr.actor"], "Cart.7");
}

#[tokio::test(start_paused = true)]
async fn proxied_calls_and_callbacks() {
    let recorder = Recorder::new("1");
    recorder.tracer.start_grpc_proxy("/orders.Orders/Watch", true, &HeaderMap::new()).end_grpc(14, "gone");
    recorder.tracer.start_grpc_proxy("/orders.Orders/Watch", false, &HeaderMap::new()).end();
    let span = recorder.tracer.start(Kind::Client, "pubsub/t", None);
    span.about_delivery("t");
    span.end_http(500);
    let span = recorder.tracer.start(Kind::Client, "bindings/b", None);
    span.about_input_binding("b", "POST /b");
    span.end();
    let spans = recorder.spans().await;
    let seen: Vec<_> = spans.iter().map(|span| (span.name.as_str(), span.kind, span.error.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("/orders.Orders/Watch", Kind::Server, Some("gone")),
            ("/orders.Orders/Watch", Kind::Client, None),
            ("pubsub/t", Kind::Client, Some("Code(500): Internal Server Error")),
            ("bindings/b", Kind::Client, None),
        ]
    );
    has(&spans[2], &[("messaging.system", "pubsub"), ("messaging.destination.name", "t")]);
    has(
        &spans[3],
        &[("db.system", "bindings"), ("db.name", "b"), ("rpc.service", "Dapr"), ("db.connection_string", "POST /b")],
    );
}

#[tokio::test(start_paused = true)]
async fn a_span_ends_once() {
    let recorder = Recorder::new("1");
    let span = recorder.tracer.start(Kind::Producer, "a", None);
    let other = span.clone();
    span.end_http(599);
    other.set("late", "x");
    other.rename("late");
    other.end();
    let span = recorder.only().await;
    assert_eq!((span.name.as_str(), span.attributes.len()), ("a", 0));
    assert_eq!(span.error.as_deref(), Some("Code(599): Unknown"));
}

#[tokio::test(start_paused = true)]
async fn attributes_are_bounded() {
    let recorder = Recorder::new("1");
    let span = recorder.tracer.start(Kind::Client, &"ä".repeat(5_000), None);
    for index in 0..200 {
        span.set(format!("k{index}"), "v");
    }
    span.set("k0", "é".repeat(5_000));
    span.set("k1", "");
    span.set("k2", 7);
    span.set("k3", true);
    span.end();
    let span = recorder.only().await;
    assert_eq!((span.name.len(), span.attributes.len()), (4096, 128));
    let found = attributes(&span);
    assert_eq!((found["k0"].len(), found["k1"].as_str()), (4096, "v"), "empty text changes nothing");
    assert_eq!((found["k2"].as_str(), found["k3"].as_str()), ("7", "true"));
}

#[tokio::test]
async fn health_checks_have_no_span() {
    let tracer = Tracer::with_sinks("1", None);
    for path in ["/v1.0/healthz", "/v1.0/healthz/outbound", "/x/healthz"] {
        assert_eq!(tracer.start_http(&request("GET", path, &HeaderMap::new())).context(), None);
    }
}

#[test]
fn responses_keep_a_parent_of_their_own() {
    let span = Tracer::with_sinks("1", None).start(Kind::Client, "x", Some(&parent()));
    let mut response = headers(&[("traceparent", PARENT)]);
    span.write_http_response(&mut response);
    assert_eq!(response["traceparent"], PARENT);
    let mut response = HeaderMap::new();
    span.write_http_response(&mut response);
    assert_eq!(response["tracestate"], "a=1");
    let mut metadata = HeaderMap::new();
    span.write_grpc_response(&mut metadata);
    assert_eq!(metadata.len(), 1);
    assert_eq!(Context::from_grpc(&metadata).as_ref().map(Context::span_id), span.context().map(Context::span_id));
}

fn applied(config: &TraceConfig, pairs: &[(&str, &str)]) -> Result<TraceConfig, String> {
    let found = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    let mut config = config.clone();
    config.apply_environment(&found).map_err(|error| error.to_string())?;
    Ok(config)
}

#[test]
fn the_environment_names_a_collector() {
    let of = |pairs: &[(&str, &str)]| {
        let config = applied(&TraceConfig::default(), pairs).unwrap();
        (config.otlp.endpoint, config.otlp.protocol, config.otlp.is_secure, config.sampling_rate)
    };
    let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:4318");
    let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://all:4318/base/");
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "own:1");
    let http = ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf");
    let result = |endpoint: &str, protocol: &str, secure| (endpoint.into(), protocol.into(), secure, "1".to_owned());
    assert_eq!(of(&[]), (String::new(), String::new(), true, String::new()));
    assert_eq!(of(&[all]), result("http://all:4318", "grpc", true));
    assert_eq!(of(&[all, own]), result("own:1", "grpc", true));
    assert_eq!(of(&[all, http]), result("http://all:4318", "http", true));
    assert_eq!(of(&[base, http]), result("https://all:4318/base/v1/traces", "http", true));
    assert_eq!(of(&[own, ("OTEL_EXPORTER_OTLP_INSECURE", "true")]), result("own:1", "grpc", false));
    let own_protocol = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc");
    assert_eq!(of(&[own, http, own_protocol]), result("own:1", "grpc", true));
}

#[test]
fn the_configuration_wins_over_the_environment() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let otlp = OtlpConfig {
        protocol: "grpc".into(),
        endpoint: "c:4317".into(),
        headers: vec![pair("a", "b")],
        timeout: Some(Duration::from_secs(30)),
        is_secure: false,
    };
    let config = TraceConfig { sampling_rate: "0.5".into(), otlp, ..TraceConfig::default() };
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://other:1"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-env=1"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "5000"),
    ];
    let found = applied(&config, &environment).unwrap();
    assert_eq!((found.otlp.endpoint.as_str(), found.sampling_rate.as_str()), ("c:4317", "0.5"));
    assert_eq!((found.otlp.headers, found.otlp.timeout), (vec![pair("a", "b")], Some(Duration::from_secs(30))));
    let found = applied(&TraceConfig::default(), &environment).unwrap();
    assert_eq!((found.otlp.headers, found.otlp.timeout), (vec![pair("x-env", "1")], Some(Duration::from_secs(5))));
    let error = applied(&TraceConfig::default(), &[("OTEL_EXPORTER_OTLP_TIMEOUT", "soon")]).unwrap_err();
    assert!(error.starts_with("environment variable OTEL_EXPORTER_OTLP_TIMEOUT: "), "{error}");
}

#[tokio::test]
async fn settings_that_cannot_be_meant() {
    let error = |config: TraceConfig| {
        let config = TraceConfig { sampling_rate: "1".into(), ..config };
        Tracer::new(&config, "app", &|_| None).unwrap_err().to_string()
    };
    let otlp = |protocol: &str, endpoint: &str| TraceConfig {
        otlp: OtlpConfig { protocol: protocol.into(), endpoint: endpoint.into(), ..OtlpConfig::default() },
        ..TraceConfig::default()
    };
    assert!(error(otlp("tcp", "a:1")).starts_with("invalid protocol tcp provided for Otel endpoint"));
    assert!(error(otlp("grpc", "a:x")).starts_with("spec.tracing.otel.endpointAddress: \"a:x\" is not"));
    let zipkin = TraceConfig { zipkin_endpoint: "zipkin:9411".into(), ..TraceConfig::default() };
    assert!(error(zipkin).contains("begin it with http:// or https://"));
}

/// Prints what a span costs: `cargo test --release -p dapr-telemetry trace::tests::cost -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "a measurement"]
async fn cost() {
    const ROUNDS: u32 = 1_000_000;
    // The best of ten, since the machine has other work.
    let time = |name: &str, rounds: u32, run: &dyn Fn()| {
        let measure = |_| {
            let start = std::time::Instant::now();
            (0..rounds / 10).for_each(|_| run());
            start.elapsed() / (rounds / 10)
        };
        println!("{name}: {:?}", (0..10).map(measure).min().unwrap_or_default());
    };
    let none = HeaderMap::new();
    let unsampled = headers(&[("traceparent", &PARENT.replace("-01", "-00"))]);
    let sampled = headers(&[("traceparent", PARENT)]);
    let path = "/v1.0/state/mystore/k";
    let call = |tracer: &Tracer, headers: &HeaderMap| {
        let request = HttpRequest { method: "GET", path, target: path, peer: None, headers };
        let span = tracer.start_http(&request);
        span.about_http(&About::State { store: "mystore" }, "GET", path);
        span.end_http(200);
    };
    let off = Tracer::OFF;
    time("off", ROUNDS, &|| call(&off, &none));
    let tracer = Tracer::with_sinks("0.0001", Some(Sinks::to(Memory::default())));
    time("unsampled, new trace", ROUNDS, &|| call(&tracer, &none));
    time("unsampled, with a parent", ROUNDS, &|| call(&tracer, &unsampled));
    time("unsampled, gRPC", ROUNDS, &|| tracer.start_grpc("/a/b", &unsampled).end_grpc(0, ""));
    let mut out = HeaderMap::with_capacity(4);
    let span = tracer.start(Kind::Client, "x", None);
    let mut write = || span.context().unwrap().write_http(&mut out);
    let start = std::time::Instant::now();
    (0..ROUNDS).for_each(|_| write());
    println!("write traceparent: {:?}", start.elapsed() / ROUNDS);
    time("sampled, queue emptied", 200_000, &|| call(&tracer, &sampled));
    println!("{} of these did not fit in the queue", tracer.dropped());
}
