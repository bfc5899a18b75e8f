//! The way from the sidecar to its application.
//!
//! [`App`] makes the calls, over HTTP ([`Protocol::Http`] and its like) or gRPC; it keeps the application's token, its
//! concurrency ([`Limit`]) and its health. [`wait_for_port`] waits until the application listens. [`health`] judges
//! probes, a core without I/O; `prober` is its shell.

mod app;
mod error;
mod grpc;
mod headers;
pub mod health;
mod http;
mod limit;
mod listening;
mod prober;
mod settings;
mod tls;
mod trace;
mod transport;

#[cfg(test)]
mod tests;

pub use app::App;
pub use grpc::Reply;
pub use limit::{Limit, Permit};
pub use listening::wait_for_port;
pub use settings::{HealthSettings, InvalidSettings, Protocol, Settings};
