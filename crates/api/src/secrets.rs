//! The secrets API.

pub(crate) mod grpc;
pub(crate) mod http;
