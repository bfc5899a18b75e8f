//! `runtime/service_invocation/*`: calls between applications, on both sides of the wire.

use std::sync::Arc;
use std::time::Duration;

use super::family::Family;
use super::registry::{Builder, Fixed, Handles};
use super::value::{Counter, Histogram};

/// How the messages of a call come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// One request, one answer: everything but proxied gRPC streams.
    Unary,
    /// A proxied gRPC stream.
    Streaming,
}

impl CallKind {
    fn as_str(self) -> &'static str {
        match self {
            CallKind::Unary => "unary",
            CallKind::Streaming => "streaming",
        }
    }
}

/// Calls between applications. The first three are recorded by the caller's sidecar, the last two by that of
/// the called application.
pub struct ServiceInvocation {
    requests_sent: Arc<Family<Counter, 2>>,
    requests_received: Arc<Family<Counter, 1>>,
    responses_sent: Arc<Family<Counter, 2>>,
    responses_received: Arc<Family<Counter, 3>>,
    latency: Arc<Family<Histogram, 2>>,
    sent: Handles<Arc<Counter>, 2>,
    received: Handles<Arc<Counter>, 1>,
    answered: Handles<Arc<Counter>, 2>,
    unary_answers: Handles<(Arc<Counter>, Arc<Histogram>), 2>,
    stream_answers: Handles<Arc<Counter>, 2>,
}

impl ServiceInvocation {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        ServiceInvocation {
            requests_sent: builder.counter(
                "runtime/service_invocation/req_sent_total",
                "Requests sent to other applications.",
                Fixed::AppId,
                ["dst_app_id", "type"],
            ),
            requests_received: builder.counter(
                "runtime/service_invocation/req_recv_total",
                "Requests received from other applications.",
                Fixed::AppId,
                ["src_app_id"],
            ),
            responses_sent: builder.counter(
                "runtime/service_invocation/res_sent_total",
                "Responses sent to other applications.",
                Fixed::AppId,
                ["dst_app_id", "status"],
            ),
            responses_received: builder.counter(
                "runtime/service_invocation/res_recv_total",
                "Responses received from other applications.",
                Fixed::AppId,
                ["src_app_id", "status", "type"],
            ),
            latency: builder.latency(
                "runtime/service_invocation/res_recv_latency_ms",
                "Milliseconds until another application's response came.",
                Fixed::AppId,
                ["src_app_id", "status"],
            ),
            sent: builder.handles(),
            received: builder.handles(),
            answered: builder.handles(),
            unary_answers: builder.handles(),
            stream_answers: builder.handles(),
        }
    }

    /// A request leaves for `app_id`; once per attempt.
    pub fn request_sent(&self, app_id: &str, kind: CallKind) {
        let labels = [app_id, kind.as_str()];
        self.sent.record(labels, || self.requests_sent.resolve(labels), |count| count.increment());
    }

    /// `app_id` answered a unary call, over gRPC with a gRPC code, over HTTP with an HTTP status.
    pub fn response_received(&self, app_id: &str, status: i32, latency: Duration) {
        let mut buffer = itoa::Buffer::new();
        let labels = [app_id, buffer.format(status)];
        let [app_id, status] = labels;
        let resolve = || {
            let count = self.responses_received.resolve([app_id, status, CallKind::Unary.as_str()]);
            (count, self.latency.resolve(labels))
        };
        self.unary_answers.record(labels, resolve, |(count, histogram)| {
            count.increment();
            histogram.observe_latency(latency);
        });
    }

    /// A stream to `app_id` ended with this gRPC code.
    pub fn stream_ended(&self, app_id: &str, code: i32) {
        let mut buffer = itoa::Buffer::new();
        let labels = [app_id, buffer.format(code)];
        let [app_id, code] = labels;
        let resolve = || self.responses_received.resolve([app_id, code, CallKind::Streaming.as_str()]);
        self.stream_answers.record(labels, resolve, |count| count.increment());
    }

    /// A request came from `app_id`, `unknown` when the call does not say.
    pub fn request_received(&self, app_id: &str) {
        let labels = [app_id];
        self.received.record(labels, || self.requests_received.resolve(labels), |count| count.increment());
    }

    /// The response to a request from `app_id` left; the status is that of the application, or the gRPC code
    /// of a failure to call it.
    pub fn response_sent(&self, app_id: &str, status: i32) {
        let mut buffer = itoa::Buffer::new();
        let labels = [app_id, buffer.format(status)];
        self.answered.record(labels, || self.responses_sent.resolve(labels), |count| count.increment());
    }
}
