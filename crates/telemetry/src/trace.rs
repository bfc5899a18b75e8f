//! Traces: contexts that travel with calls, and spans of the sampled ones on their way to a collector.
//!
//! [`Context`] is what W3C `traceparent` and `grpc-trace-bin` carry. [`Tracer::start`] makes a [`Span`] of
//! one: off (tracing is disabled), a context without a record (not sampled, or nobody to export to), or a
//! recording. The first two cost a few tens of nanoseconds and allocate nothing, so call sites start spans
//! unconditionally and ask [`Span::is_recording`] before they compute attributes.
//!
//! Names and attributes are those that dashboards on Dapr know; [`About`] holds which call sets which.

mod about;
mod baggage;
mod config;
mod context;
mod export;
mod sampler;
mod span;
mod state;
mod tracer;

#[cfg(test)]
mod tests;

pub use about::{About, HttpRequest};
pub use baggage::{BAGGAGE, InvalidBaggage, baggage_of};
pub use config::{OtlpConfig, TraceConfig, TraceError};
pub use context::{Context, GRPC_TRACE_BIN, TRACEPARENT, TRACESTATE, Traceparent};
pub use sampler::Sampler;
pub use span::{Kind, Span, Value};
pub use tracer::Tracer;
