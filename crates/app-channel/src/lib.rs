//! The way from the sidecar to its application.
//!
//! [`wait_for_port`] waits until the application listens; [`health`] judges
//! its probes, a core without I/O; [`Limit`] bounds the calls in flight.

pub mod health;
mod limit;
mod listening;

pub use limit::{Limit, Permit};
pub use listening::wait_for_port;
