//! The cryptography API: documents of the Dapr encryption scheme as streams, and small operations with keys of vaults.

pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod subtle;
mod transform;
