//! Spans of calls between sidecars, as a real collector receives them.

use std::time::Duration;

use dapr_proto::common::v1::InvokeRequest;
use dapr_proto::runtime::v1::InvokeServiceRequest;
use dapr_testkit::collector::{Collector, Span};
use http::{HeaderValue, Method, Response};
use rustix::process::Signal;

use crate::app::{App, Body, Seen, answer};
use crate::client::{Ask, Target};
use crate::daprd::Daprd;
use crate::mesh::{LIMIT, Mesh};

/// Two sidecars that export what they trace.
struct Traced {
    caller: Daprd,
    callee: Daprd,
    app: App,
    _mesh: Mesh,
}

/// `/status/404` is answered with that status; gRPC calls that pass through, with nothing.
fn respond(seen: &Seen) -> Response<Body> {
    if seen.header("content-type") == "application/grpc" {
        let mut response = answer(200, "");
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
        response.headers_mut().insert("grpc-status", HeaderValue::from_static("0"));
        return response;
    }
    answer(seen.path.strip_prefix("/status/").and_then(|code| code.parse().ok()).unwrap_or(200), "done")
}

impl Traced {
    async fn new(protocol: &str, tracing: &str) -> Self {
        let mesh = Mesh::new(true).await;
        let app = App::new(respond).await;
        let spec = format!("{{tracing: {{{tracing}}}}}");
        let mut callee = mesh.beside("shop", app.port, protocol).configuration(&spec).launch();
        let caller = mesh.sidecar("caller").configuration(&spec).start().await;
        callee.wait_ready().await;
        Self { caller, callee, app, _mesh: mesh }
    }

    async fn ends(&mut self) {
        for daprd in [&mut self.caller, &mut self.callee] {
            daprd.process.signal(Signal::TERM);
            assert_eq!(daprd.process.exit_code(LIMIT).await, 0, "{}", daprd.process.output());
        }
    }
}

fn otlp(address: &str, protocol: &str) -> String {
    format!("samplingRate: '1', otel: {{endpointAddress: '{address}', isSecure: false, protocol: {protocol}}}")
}

/// A W3C trace context: trace, parent, flags.
fn context(seen: &Seen) -> (String, String, String) {
    let text = seen.header("traceparent");
    let parts: Vec<&str> = text.split('-').collect();
    let ["00", trace, parent, flags] = parts.as_slice() else { panic!("{text:?} of {seen:?}") };
    assert_eq!((trace.len(), parent.len(), flags.len()), (32, 16, 2), "{text}");
    (trace.to_string(), parent.to_string(), flags.to_string())
}

/// The spans of both sidecars of the call that the app saw: the caller's is the parent of the callee's, and that is what
/// the app was told.
async fn joined(collector: &Collector, seen: &Seen) -> (Span, Span) {
    let (trace, parent, flags) = context(seen);
    assert_eq!(flags, "01");
    let of = |spans: &[Span], app: &str| {
        let is_it = |span: &&Span| span.trace_id == trace && span.resource["service.name"] == app;
        let found: Vec<Span> = spans.iter().filter(is_it).cloned().collect();
        assert!(found.len() < 2, "one call is one span for a sidecar: {found:#?}");
        found.into_iter().next()
    };
    let both = collector.wait_for(|spans| Some((of(spans, "caller")?, of(spans, "shop")?))).await;
    let (caller, callee) = both.expect("two spans");
    assert_eq!((caller.kind.as_str(), callee.kind.as_str()), ("Client", "Server"));
    assert_eq!(callee.parent_id, caller.id, "{caller:#?} {callee:#?}");
    assert_eq!(parent, callee.id, "the app goes on from the callee's span");
    (caller, callee)
}

fn call(method: &str) -> Ask {
    Ask::new(Method::POST, &format!("/v1.0/invoke/shop/method/{method}")).body("tea")
}

async fn one_call_is_joined(tracing: &str, collector: &Collector) {
    let traced = Traced::new("http", tracing).await;
    traced.caller.ask(call("order")).await.has(200);
    let (caller, callee) = joined(collector, &traced.app.last()).await;
    assert_eq!(caller.parent_id, "", "nothing came before");
    let expected: [(&Span, &[(&str, &str)]); 2] = [
        (
            &caller,
            &[
                ("dapr.protocol", "http"),
                ("dapr.status_code", "200"),
                ("net.peer.name", "shop"),
                ("rpc.service", "ServiceInvocation"),
            ],
        ),
        (
            &callee,
            &[
                ("dapr.protocol", "grpc"),
                ("dapr.api", "/dapr.proto.internals.v1.ServiceInvocation/CallLocalStream"),
                ("dapr.invoke_method", "order"),
                ("rpc.service", "ServiceInvocation"),
            ],
        ),
    ];
    for (span, attributes) in expected {
        // Zipkin knows names in lower case only.
        assert_eq!(span.name.to_lowercase(), "calllocal/shop/order");
        for (name, value) in attributes {
            assert_eq!(span.attributes.get(*name).map(String::as_str), Some(*value), "{name} of {span:#?}");
        }
    }
}

#[tokio::test]
async fn spans_reach_collectors_in_every_format() {
    let collector = Collector::start().await.expect("a collector");
    one_call_is_joined(&otlp(&collector.grpc(), "grpc"), &collector).await;
    one_call_is_joined(&otlp(&collector.http(), "http"), &collector).await;
    let zipkin = format!("samplingRate: '1', zipkin: {{endpointAddress: '{}'}}", collector.zipkin());
    one_call_is_joined(&zipkin, &collector).await;
}

#[tokio::test]
async fn a_trace_that_came_is_continued() {
    let collector = Collector::start().await.expect("a collector");
    let mut traced = Traced::new("http", &otlp(&collector.grpc(), "grpc")).await;
    let sampled = call("continued")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .header("tracestate", "vendor=1")
        .header("baggage", "who=me,what=tea");
    let answer = traced.caller.ask(sampled).await;
    assert_eq!(answer.has(200).header("baggage"), "who=me,what=tea");
    let seen = traced.app.last();
    let (caller, _) = joined(&collector, &seen).await;
    assert_eq!(
        (caller.trace_id.as_str(), caller.parent_id.as_str()),
        ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    );
    assert_eq!((seen.header("tracestate"), seen.header("baggage")), ("vendor=1", "who=me,what=tea"));

    traced.caller.ask(call("status/404")).await.has(404);
    let (caller, _) = joined(&collector, &traced.app.last()).await;
    assert_eq!((caller.status.as_str(), caller.status_message.as_str()), ("Error", "Code(404): Not Found"));

    let message = InvokeRequest { method: "by-grpc".into(), ..InvokeRequest::default() };
    let request = InvokeServiceRequest { id: "shop".into(), message: Some(message) };
    let mut with_verb = request.clone();
    with_verb.message.as_mut().expect("a message").http_extension =
        Some(dapr_proto::common::v1::HttpExtension { verb: 3, querystring: String::new() });
    traced.caller.grpc().await.invoke_service(with_verb).await.expect("an answer");
    joined(&collector, &traced.app.last()).await;

    let unsampled = call("unsampled").header("traceparent", "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");
    traced.caller.ask(unsampled).await.has(200);
    let (trace, _, flags) = context(&traced.app.last());
    assert_eq!((trace.as_str(), flags.as_str()), ("1af7651916cd43dd8448eb211c80319c", "00"));
    traced.caller.ask(call("broken").header("baggage", "no baggage")).await.has(400);
    // What is to be exported is, before they end.
    traced.ends().await;
    assert!(!collector.spans().iter().any(|span| span.trace_id == trace), "{:#?}", collector.spans());
}

#[tokio::test]
async fn grpc_that_passes_through_is_traced() {
    let collector = Collector::start().await.expect("a collector");
    let traced = Traced::new("grpc", &otlp(&collector.grpc(), "grpc")).await;
    let ask = Ask::new(Method::POST, "/test.Words/Say").header("content-type", "application/grpc");
    let ask = ask.header("te", "trailers").header("dapr-app-id", "shop").body([0; 5].as_slice());
    let answer = Target::Http2(traced.caller.ports.grpc).send(ask).await.expect("an answer");
    assert_eq!(answer.header("grpc-status"), "0");
    let seen = traced.app.last();
    let (caller, callee) = joined(&collector, &seen).await;
    assert_eq!((caller.name.as_str(), callee.name.as_str()), ("/test.Words/Say", "/test.Words/Say"));
    assert!(seen.rest.headers.contains_key("grpc-trace-bin"), "{seen:?}");
}

#[tokio::test]
async fn nothing_is_traced_with_a_rate_of_zero() {
    let collector = Collector::start().await.expect("a collector");
    let mut traced = Traced::new("http", &otlp(&collector.grpc(), "grpc").replace("'1'", "'0'")).await;
    traced.caller.ask(call("order")).await.has(200);
    assert!(!traced.app.last().rest.headers.contains_key("traceparent"), "{:?}", traced.app.last());
    let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    traced.caller.ask(call("order").header("traceparent", given)).await.has(200);
    assert_eq!(traced.app.last().header("traceparent"), given, "what the caller sends is passed on as it is");
    traced.ends().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(collector.spans(), []);
}
