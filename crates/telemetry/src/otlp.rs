//! OTLP, the protocol of OpenTelemetry collectors: addresses, messages, the client, and the bounded queue that
//! everything exported waits in. Spans are made in [`crate::trace`]; metrics and logs are pushed from here.

mod address;
mod client;
mod logs;
pub(crate) mod messages;
mod metrics;
mod queue;
mod resource;
mod settings;
mod tls;

#[cfg(test)]
mod tests;

pub use address::EndpointError;
pub use logs::LogPush;
pub use metrics::MetricPush;
pub use settings::VariableError;

pub(crate) use address::Endpoint;
pub(crate) use client::{Client, Failure, Signal};
pub(crate) use logs::{Record, is_tapped, tap};
pub(crate) use queue::{Export, Limits, Queue, Weigh};
pub(crate) use resource::{Resource, SCHEMA_URL};
pub(crate) use settings::{Protocol, Variables};
pub(crate) use tls::Files as TlsFiles;
