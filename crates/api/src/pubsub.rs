//! Publishing over HTTP and gRPC.

pub(crate) mod dead_letters;
mod entries;
pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod streaming;
