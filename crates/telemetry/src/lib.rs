//! Logs, metrics, traces and profiles of every Dapr process.
//!
//! [`log`] installs the one log writer; [`metrics`] holds the counters and histograms of a runtime and
//! [`server`] serves them; [`trace`] starts spans and exports them; [`profile`] samples CPU time and heap.
//! Nothing here knows a resource kind: callers turn their configuration into the plain structs of these
//! modules.

mod http;
pub mod log;
pub mod metrics;
pub mod otlp;
pub mod profile;
pub mod server;
pub mod trace;

#[doc(hidden)]
pub use tracing as __tracing;

/// The form that OpenTelemetry's messages have times in.
pub(crate) fn unix_nanoseconds(time: std::time::SystemTime) -> u64 {
    let since = time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
