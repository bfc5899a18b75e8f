//! `http/*`: requests to the sidecar, calls to the application, probes of the application.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::config::HttpMetricsConfig;
use super::family::Family;
use super::path::PathLabels;
use super::registry::{Builder, Fixed, Handles};
use super::value::{Counter, Histogram};

const CALL: [&str; 3] = ["method", "path", "status"];

/// One finished HTTP exchange.
#[derive(Debug, Clone, Copy)]
pub struct HttpCall<'a> {
    /// As on the wire; an unknown verb is recorded as `UNKNOWN`.
    pub method: &'a str,
    /// What `path_label` returned for the request's path.
    pub path_label: &'a str,
    /// The status code.
    pub status: u16,
    /// From the head of the request to the end of the response.
    pub latency: Duration,
    /// Length of the request's body, 0 when not declared.
    pub request_bytes: u64,
    /// Length of the response's body.
    pub response_bytes: u64,
}

/// Requests that the sidecar's HTTP server answered.
pub struct HttpServer {
    labels: LabelRules,
    requests: Arc<Family<Counter, 3>>,
    /// Only with increased cardinality.
    responses: Option<Arc<Family<Counter, 3>>>,
    latency: Arc<Family<Histogram, 3>>,
    request_bytes: Arc<Family<Histogram, 0>>,
    response_bytes: Arc<Family<Histogram, 0>>,
    handles: Handles<ServerHandles, 3>,
}

struct ServerHandles {
    requests: Arc<Counter>,
    responses: Option<Arc<Counter>>,
    latency: Arc<Histogram>,
    request_bytes: Arc<Histogram>,
    response_bytes: Arc<Histogram>,
}

impl HttpServer {
    pub(super) fn new(builder: &mut Builder<'_>, config: &HttpMetricsConfig) -> Self {
        HttpServer {
            labels: LabelRules::new(config),
            requests: builder.counter("http/server/request_count", "HTTP requests served.", Fixed::AppId, CALL),
            responses: config
                .increased_cardinality
                .then(|| builder.counter("http/server/response_count", "HTTP responses sent.", Fixed::AppId, CALL)),
            latency: builder.latency(
                "http/server/latency",
                "Milliseconds from the head of a request to the end of its response.",
                Fixed::AppId,
                CALL,
            ),
            request_bytes: builder.size("http/server/request_bytes", "Declared bytes of request bodies.", []),
            response_bytes: builder.size("http/server/response_bytes", "Bytes of response bodies.", []),
            handles: builder.handles(),
        }
    }

    /// The label of a request's path: ids replaced, matched by the user's patterns, or empty.
    pub fn path_label<'p>(&'p self, path: &'p str) -> Cow<'p, str> {
        self.labels.path.of_request(path)
    }

    /// Records one answered request.
    pub fn record(&self, call: &HttpCall<'_>) {
        let mut status = itoa::Buffer::new();
        let labels = [self.labels.method(call.method), call.path_label, status.format(call.status)];
        self.handles.record(
            labels,
            || self.resolve(labels),
            |handles| {
                handles.requests.increment();
                if let Some(responses) = &handles.responses {
                    responses.increment();
                }
                handles.latency.observe_latency(call.latency);
                handles.request_bytes.observe(call.request_bytes);
                handles.response_bytes.observe(call.response_bytes);
            },
        );
    }

    fn resolve(&self, labels: [&str; 3]) -> ServerHandles {
        ServerHandles {
            requests: self.requests.resolve(labels),
            responses: self.responses.as_ref().map(|family| family.resolve(labels)),
            latency: self.latency.resolve(labels),
            request_bytes: self.request_bytes.resolve([]),
            response_bytes: self.response_bytes.resolve([]),
        }
    }
}

/// Calls that the sidecar made to the application.
pub struct HttpClient {
    labels: LabelRules,
    completed: Arc<Family<Counter, 3>>,
    latency: Arc<Family<Histogram, 3>>,
    sent_bytes: Arc<Family<Histogram, 3>>,
    received_bytes: Arc<Family<Histogram, 0>>,
    handles: Handles<ClientHandles, 3>,
}

struct ClientHandles {
    completed: Arc<Counter>,
    latency: Arc<Histogram>,
    sent_bytes: Arc<Histogram>,
    received_bytes: Arc<Histogram>,
}

impl HttpClient {
    pub(super) fn new(builder: &mut Builder<'_>, config: &HttpMetricsConfig) -> Self {
        HttpClient {
            labels: LabelRules::new(config),
            completed: builder.counter(
                "http/client/completed_count",
                "HTTP calls to the application that ended.",
                Fixed::AppId,
                CALL,
            ),
            latency: builder.latency(
                "http/client/roundtrip_latency",
                "Milliseconds from the first byte sent to the application to the end of its answer.",
                Fixed::AppId,
                CALL,
            ),
            sent_bytes: builder.size("http/client/sent_bytes", "Bytes of bodies sent to the application.", CALL),
            received_bytes: builder.size(
                "http/client/received_bytes",
                "Bytes of bodies received from the application.",
                [],
            ),
            handles: builder.handles(),
        }
    }

    /// The label of the path that the application is called with.
    pub fn path_label<'p>(&'p self, path: &'p str) -> Cow<'p, str> {
        self.labels.path.of_call(path)
    }

    /// Records one call. A call without an answer counts as status 500, as the incumbent has it.
    pub fn record(&self, call: &HttpCall<'_>) {
        let mut status = itoa::Buffer::new();
        let labels = [self.labels.method(call.method), call.path_label, status.format(call.status)];
        self.handles.record(
            labels,
            || self.resolve(labels),
            |handles| {
                handles.completed.increment();
                handles.latency.observe_latency(call.latency);
                handles.sent_bytes.observe(call.request_bytes);
                handles.received_bytes.observe(call.response_bytes);
            },
        );
    }

    fn resolve(&self, labels: [&str; 3]) -> ClientHandles {
        let [method, path, _] = labels;
        ClientHandles {
            completed: self.completed.resolve(labels),
            latency: self.latency.resolve(labels),
            // Published with a label `status` that never has a value.
            sent_bytes: self.sent_bytes.resolve([method, path, ""]),
            received_bytes: self.received_bytes.resolve([]),
        }
    }
}

/// Health probes of an HTTP application.
pub struct HealthProbes {
    completed: Arc<Family<Counter, 1>>,
    latency: Arc<Family<Histogram, 1>>,
    handles: Handles<(Arc<Counter>, Arc<Histogram>), 1>,
}

impl HealthProbes {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        HealthProbes {
            completed: builder.counter(
                "http/healthprobes/completed_count",
                "Health probes of the application that ended.",
                Fixed::AppId,
                ["status"],
            ),
            latency: builder.latency(
                "http/healthprobes/roundtrip_latency",
                "Milliseconds from the start of a health probe to the end of its answer.",
                Fixed::AppId,
                ["status"],
            ),
            handles: builder.handles(),
        }
    }

    /// Records one probe; 500 when there was no answer.
    pub fn record(&self, status: u16, latency: Duration) {
        let mut buffer = itoa::Buffer::new();
        let labels = [buffer.format(status)];
        let resolve = || (self.completed.resolve(labels), self.latency.resolve(labels));
        self.handles.record(labels, resolve, |(completed, histogram)| {
            completed.increment();
            histogram.observe_latency(latency);
        });
    }
}

/// How a request's method and path become labels.
struct LabelRules {
    path: PathLabels,
    exclude_verbs: bool,
}

impl LabelRules {
    fn new(config: &HttpMetricsConfig) -> Self {
        LabelRules { path: PathLabels::new(config), exclude_verbs: config.exclude_verbs }
    }

    fn method<'m>(&self, method: &'m str) -> &'m str {
        match method {
            _ if self.exclude_verbs => "",
            "GET" | "PUT" | "POST" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS" | "CONNECT" | "TRACE" => method,
            _ => "UNKNOWN",
        }
    }
}
