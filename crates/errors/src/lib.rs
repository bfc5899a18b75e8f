//! Errors that applications see: one row per error, looked up by both edges.
//!
//! Operations return [`Error`]; the HTTP edge writes [`Error::to_json`] with
//! [`Error::http_status`], the gRPC edge [`Error::grpc_code`] with
//! [`Error::details`]. Nothing else in the workspace chooses a status.

mod error;
mod json;
pub mod row;
mod standardized;
pub mod table;

pub use error::{Detail, Error};
pub use row::{Category, Code, Row, Shape};
pub use standardized::Standardized;

/// The domain of every `google.rpc.ErrorInfo` we send.
pub const DOMAIN: &str = "dapr.io";

/// Result of an operation.
pub type Result<T> = std::result::Result<T, Error>;
