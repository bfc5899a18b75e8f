//! What holds for service invocation as a whole: small futures, and no relay.

use std::mem::size_of_val;

use dapr_net::Body;
use dapr_resiliency::Provider;
use dapr_telemetry::metrics::{Metrics, MetricsConfig};
use dapr_telemetry::trace::{Span, Tracer};
use http::HeaderMap;

use crate::{Call, Invocation, MethodPath, Settings};

fn invocation() -> Invocation {
    let metrics = Metrics::new(&MetricsConfig::default()).unwrap();
    Invocation::new(Settings {
        app_id: "own".into(),
        namespace: String::new(),
        port: 1,
        max_body_size: None,
        host_address: String::new(),
        host_name: String::new(),
        access_control: None,
        resiliency: Provider::new(&[], &metrics).0,
        metrics,
        tracer: Tracer::OFF,
    })
}

fn call() -> Call {
    Call {
        target: "app".into(),
        path: MethodPath::from_http("method").unwrap(),
        verb: "GET".into(),
        query: String::new(),
        headers: HeaderMap::new(),
        from_grpc: false,
        content_type: String::new(),
        type_url: String::new(),
        body: Body::empty(),
        span: Span::OFF,
    }
}

#[test]
fn futures_stay_small() {
    let invocation = invocation();
    let sizes = [
        ("invoke", size_of_val(&invocation.invoke(call())), 3000),
        ("serve", size_of_val(&invocation.serve(http::Request::new(Body::empty()))), 3000),
        ("proxy", size_of_val(&invocation.proxy(http::Request::new(Body::empty()))), 8000),
    ];
    for (name, size, most) in sizes {
        assert!(
            size <= most,
            "the future of {name} has {size} bytes, more than {most}: box what most calls do not need"
        );
    }
}

#[tokio::test]
async fn nothing_is_passed_on_for_another_sidecar() {
    for (target, code) in [("other", "7"), ("own.elsewhere", "7"), ("https://example.com", "7"), ("own", "13")] {
        let request = http::Request::post("/a.B/C").header("dapr-callee-app-id", target).body(Body::empty()).unwrap();
        let response = invocation().serve(request).await;
        assert_eq!(response.headers()["grpc-status"], code, "{target}");
    }
}
