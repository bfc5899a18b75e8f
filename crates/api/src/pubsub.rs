//! Publishing over HTTP and gRPC.

mod entries;
pub(crate) mod grpc;
pub(crate) mod http;
