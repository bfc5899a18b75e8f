//! State stores on a real PostgreSQL server.

#![expect(clippy::unwrap_used, reason = "a test may end at whatever it does not expect")]

mod conformance;
mod failures;
mod layout;
mod query;
mod server;
mod speed;
mod tls;
