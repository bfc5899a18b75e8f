//! Logs, metrics and profiles of every Dapr process.
//!
//! [`log`] installs the one log writer; [`metrics`] holds the counters and histograms of a runtime. Nothing here knows a resource kind: callers turn their
//! configuration into the plain structs of these modules.

pub mod log;
pub mod metrics;

#[doc(hidden)]
pub use tracing as __tracing;
