//! `grpc.io/*`: calls that a gRPC server of the sidecar answered, calls it made, probes of the application.

use std::sync::Arc;
use std::time::Duration;

use super::family::Family;
use super::registry::{Builder, Fixed, Handles};
use super::value::{Counter, Histogram};

const SERVER_METHOD: [&str; 1] = ["grpc_server_method"];
const SERVER_CALL: [&str; 2] = ["grpc_server_method", "grpc_server_status"];
const CLIENT_METHOD: [&str; 1] = ["grpc_client_method"];
const CLIENT_CALL: [&str; 2] = ["grpc_client_method", "grpc_client_status"];

/// Calls that a gRPC server of the sidecar answered.
pub struct GrpcServer(Calls);

/// Calls that the sidecar made over gRPC: to other sidecars, to the application.
pub struct GrpcClient(Calls);

/// The families of one side, which have the same shape.
struct Calls {
    completed: Arc<Family<Counter, 2>>,
    latency: Arc<Family<Histogram, 2>>,
    request_bytes: Arc<Family<Histogram, 1>>,
    response_bytes: Arc<Family<Histogram, 1>>,
    unary: Handles<Unary, 2>,
    streams: Handles<Stream, 2>,
}

struct Stream {
    completed: Arc<Counter>,
    latency: Arc<Histogram>,
}

struct Unary {
    call: Stream,
    request_bytes: Arc<Histogram>,
    response_bytes: Arc<Histogram>,
}

impl GrpcServer {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        GrpcServer(Calls {
            completed: builder.counter(
                "grpc.io/server/completed_rpcs",
                "gRPC calls served.",
                Fixed::AppId,
                SERVER_CALL,
            ),
            latency: builder.latency(
                "grpc.io/server/server_latency",
                "Milliseconds from the head of a gRPC call to the end of its answer.",
                Fixed::AppId,
                SERVER_CALL,
            ),
            request_bytes: builder.size(
                "grpc.io/server/received_bytes_per_rpc",
                "Bytes of request messages of a gRPC call.",
                SERVER_METHOD,
            ),
            response_bytes: builder.size(
                "grpc.io/server/sent_bytes_per_rpc",
                "Bytes of response messages of a gRPC call.",
                SERVER_METHOD,
            ),
            unary: builder.handles(),
            streams: builder.handles(),
        })
    }

    /// Records one unary call. `method` is the full one (`/package.Service/Method`), `code` the gRPC
    /// status code; the sizes are of the encoded messages, 0 for the response of a failed call.
    pub fn record(&self, method: &str, code: i32, latency: Duration, request_bytes: u64, response_bytes: u64) {
        self.0.record(method, code, latency, request_bytes, response_bytes);
    }

    /// Records one streaming call; sizes are not measured. The incumbent records proxied calls this way on
    /// the sidecar that the application called.
    pub fn record_stream(&self, method: &str, code: i32, latency: Duration) {
        self.0.record_stream(method, code, latency);
    }
}

impl GrpcClient {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        GrpcClient(Calls {
            completed: builder.counter("grpc.io/client/completed_rpcs", "gRPC calls made.", Fixed::AppId, CLIENT_CALL),
            latency: builder.latency(
                "grpc.io/client/roundtrip_latency",
                "Milliseconds from the first byte sent of a gRPC call to the end of its answer.",
                Fixed::AppId,
                CLIENT_CALL,
            ),
            request_bytes: builder.size(
                "grpc.io/client/sent_bytes_per_rpc",
                "Bytes of request messages of a gRPC call that was made.",
                CLIENT_METHOD,
            ),
            response_bytes: builder.size(
                "grpc.io/client/received_bytes_per_rpc",
                "Bytes of response messages of a gRPC call that was made.",
                CLIENT_METHOD,
            ),
            unary: builder.handles(),
            streams: builder.handles(),
        })
    }

    /// Records one unary call, with arguments as of [`GrpcServer::record`]. Health probes go to
    /// [`GrpcHealthProbes`] instead.
    pub fn record(&self, method: &str, code: i32, latency: Duration, request_bytes: u64, response_bytes: u64) {
        self.0.record(method, code, latency, request_bytes, response_bytes);
    }

    /// Records one proxied call, of any kind, on the sidecar whose application was called.
    pub fn record_stream(&self, method: &str, code: i32, latency: Duration) {
        self.0.record_stream(method, code, latency);
    }
}

impl Calls {
    fn record(&self, method: &str, code: i32, latency: Duration, request_bytes: u64, response_bytes: u64) {
        let labels = [method, code_name(code)];
        self.unary.record(
            labels,
            || self.resolve_unary(labels),
            |handles| {
                handles.call.record(latency);
                handles.request_bytes.observe(request_bytes);
                handles.response_bytes.observe(response_bytes);
            },
        );
    }

    fn record_stream(&self, method: &str, code: i32, latency: Duration) {
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
            request_bytes: self.request_bytes.resolve([method]),
            response_bytes: self.response_bytes.resolve([method]),
        }
    }
}

/// Health probes of a gRPC application.
pub struct GrpcHealthProbes {
    completed: Arc<Family<Counter, 1>>,
    latency: Arc<Family<Histogram, 1>>,
    handles: Handles<Stream, 1>,
}

impl GrpcHealthProbes {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        const LABELS: [&str; 1] = ["grpc_client_status"];
        GrpcHealthProbes {
            completed: builder.counter(
                "grpc.io/healthprobes/completed_count",
                "gRPC health probes of the application that ended.",
                Fixed::AppId,
                LABELS,
            ),
            latency: builder.latency(
                "grpc.io/healthprobes/roundtrip_latency",
                "Milliseconds from the start of a gRPC health probe to the end of its answer.",
                Fixed::AppId,
                LABELS,
            ),
            handles: builder.handles(),
        }
    }

    /// Records one probe with the gRPC status code that it ended with.
    pub fn record(&self, code: i32, latency: Duration) {
        let labels = [code_name(code)];
        let resolve = || Stream { completed: self.completed.resolve(labels), latency: self.latency.resolve(labels) };
        self.handles.record(labels, resolve, |handles| handles.record(latency));
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
