//! Logs, metrics and profiles of every Dapr process.
//!
//! [`log`] installs the one log writer. Nothing here knows a resource kind: callers turn their
//! configuration into the plain structs of these modules.

pub mod log;

#[doc(hidden)]
pub use tracing as __tracing;
