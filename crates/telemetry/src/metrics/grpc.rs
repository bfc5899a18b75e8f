//! `grpc.io/server/*`: calls that a gRPC server of the sidecar answered.

use std::sync::Arc;
use std::time::Duration;

use super::family::Family;
use super::registry::{Builder, Fixed, Handles};
use super::value::{Counter, Histogram};

const METHOD: [&str; 1] = ["grpc_server_method"];
const CALL: [&str; 2] = ["grpc_server_method", "grpc_server_status"];

/// Calls that a gRPC server of the sidecar answered.
pub struct GrpcServer {
    completed: Arc<Family<Counter, 2>>,
    latency: Arc<Family<Histogram, 2>>,
    received_bytes: Arc<Family<Histogram, 1>>,
    sent_bytes: Arc<Family<Histogram, 1>>,
    unary: Handles<Unary, 2>,
    streams: Handles<Stream, 2>,
}

struct Stream {
    completed: Arc<Counter>,
    latency: Arc<Histogram>,
}

struct Unary {
    call: Stream,
    received_bytes: Arc<Histogram>,
    sent_bytes: Arc<Histogram>,
}

impl GrpcServer {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        GrpcServer {
            completed: builder.counter("grpc.io/server/completed_rpcs", "gRPC calls served.", Fixed::AppId, CALL),
            latency: builder.latency(
                "grpc.io/server/server_latency",
                "Milliseconds from the head of a gRPC call to the end of its answer.",
                Fixed::AppId,
                CALL,
            ),
            received_bytes: builder.size(
                "grpc.io/server/received_bytes_per_rpc",
                "Bytes of request messages of a gRPC call.",
                METHOD,
            ),
            sent_bytes: builder.size(
                "grpc.io/server/sent_bytes_per_rpc",
                "Bytes of response messages of a gRPC call.",
                METHOD,
            ),
            unary: builder.handles(),
            streams: builder.handles(),
        }
    }

    /// Records one unary call. `method` is the full one (`/package.Service/Method`), `code` the gRPC
    /// status code; the sizes are of the encoded messages, 0 for the response of a failed call.
    pub fn record(&self, method: &str, code: i32, latency: Duration, request_bytes: u64, response_bytes: u64) {
        let labels = [method, code_name(code)];
        self.unary.record(
            labels,
            || self.resolve_unary(labels),
            |handles| {
                handles.call.record(latency);
                handles.received_bytes.observe(request_bytes);
                handles.sent_bytes.observe(response_bytes);
            },
        );
    }

    /// Records one streaming call; sizes are not measured.
    pub fn record_stream(&self, method: &str, code: i32, latency: Duration) {
        let labels = [method, code_name(code)];
        self.streams.record(labels, || self.resolve_stream(labels), |handles| handles.record(latency));
    }

    fn resolve_stream(&self, labels: [&str; 2]) -> Stream {
        Stream { completed: self.completed.resolve(labels), latency: self.latency.resolve(labels) }
    }

    fn resolve_unary(&self, labels: [&str; 2]) -> Unary {
        let [method, _] = labels;
        Unary {
            call: self.resolve_stream(labels),
            received_bytes: self.received_bytes.resolve([method]),
            sent_bytes: self.sent_bytes.resolve([method]),
        }
    }
}

impl Stream {
    fn record(&self, latency: Duration) {
        self.completed.increment();
        self.latency.observe_latency(latency);
    }
}

/// The names that Go prints for gRPC codes.
fn code_name(code: i32) -> &'static str {
    const NAMES: [&str; 17] = [
        "OK",
        "Canceled",
        "Unknown",
        "InvalidArgument",
        "DeadlineExceeded",
        "NotFound",
        "AlreadyExists",
        "PermissionDenied",
        "ResourceExhausted",
        "FailedPrecondition",
        "Aborted",
        "OutOfRange",
        "Unimplemented",
        "Internal",
        "Unavailable",
        "DataLoss",
        "Unauthenticated",
    ];
    usize::try_from(code).ok().and_then(|code| NAMES.get(code)).copied().unwrap_or("Unknown")
}
