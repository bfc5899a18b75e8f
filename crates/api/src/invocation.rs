//! Service invocation: calls of other apps.

pub(crate) mod grpc;
pub(crate) mod headers;
pub(crate) mod http;
mod linger;
mod status;
mod target;
