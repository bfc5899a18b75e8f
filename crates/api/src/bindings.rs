//! The bindings API: calls of output bindings.

pub(crate) mod grpc;
pub(crate) mod http;

use dapr_spi::binding::Map;
use dapr_telemetry::trace::{Span, TRACEPARENT, TRACESTATE};

/// The `traceparent` of no trace.
const NO_TRACE: &str = "00-00000000000000000000000000000000-0000000000000000-00";

/// Names the trace of a call in its metadata; bindings that speak HTTP pass it on.
fn set_trace(metadata: &mut Map, span: &Span) {
    // What names no trace is told as such, as the incumbent does.
    let Some(context) = span.context().filter(|context| context.is_valid()) else {
        metadata.entry(TRACEPARENT.as_str().to_owned()).or_insert_with(|| NO_TRACE.to_owned());
        return;
    };
    metadata.insert(TRACEPARENT.as_str().to_owned(), context.traceparent().as_str().to_owned());
    if let Some(state) = context.tracestate() {
        metadata.insert(TRACESTATE.as_str().to_owned(), state.to_owned());
    }
}
