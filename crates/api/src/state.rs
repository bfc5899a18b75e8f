//! The state API.

pub(crate) mod grpc;
pub(crate) mod http;
mod query;
mod request;
