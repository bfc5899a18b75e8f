//! The bindings API: calls of output bindings.

pub(crate) mod grpc;
pub(crate) mod http;

use dapr_spi::binding::Map;
use dapr_telemetry::trace::{Span, TRACEPARENT, TRACESTATE};

/// Names the trace of a call in its metadata; bindings that speak HTTP pass it on.
fn set_trace(metadata: &mut Map, span: &Span) {
    let Some(context) = span.context() else { return };
    metadata.insert(TRACEPARENT.as_str().to_owned(), context.traceparent().as_str().to_owned());
    if let Some(state) = context.tracestate() {
        metadata.insert(TRACESTATE.as_str().to_owned(), state.to_owned());
    }
}
