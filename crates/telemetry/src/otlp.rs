//! OTLP, the protocol of OpenTelemetry collectors: addresses, messages and the client.

mod address;

pub use address::EndpointError;
pub(crate) use address::{headers_of, without_scheme};
