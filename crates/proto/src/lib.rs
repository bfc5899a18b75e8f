//! The wire contract: every protobuf message and gRPC service of Dapr, generated from `proto/` by
//! `cargo xtask codegen`. Nothing is written by hand here but the module tree.
//!
//! One module per protobuf package. `bytes` fields are [`bytes::Bytes`], so a body is moved from the
//! socket to the component without a copy; well-known types come from [`pbjson_types`]. A server
//! trait answers `Unimplemented` for every method it does not override.
//!
//! Packages that also travel as JSON implement serde's traits with the proto-JSON mapping: lower camel
//! case or the name set in the `.proto`, 64-bit integers as strings, bytes as base64, default values
//! left out, unknown fields and enum names ignored. The well-known types differ from Go's output in two
//! places, which an edge that shows them to a client must render itself: [`pbjson_types::Any`] is
//! `{"typeUrl", "value"}` and not `{"@type", …}`, and [`pbjson_types::Timestamp`] ends in `+00:00` and
//! not in `Z`. Both are read back as they are written.

pub use pbjson_types;

/// Includes the code of `dapr.proto.<package>.v1`.
macro_rules! package {
    ($package:literal) => {
        #[allow(
            clippy::all,
            clippy::disallowed_methods,
            clippy::large_futures,
            clippy::unwrap_used,
            unreachable_pub,
            reason = "generated code is not ours to polish"
        )]
        pub mod v1 {
            include!(concat!("generated/dapr.proto.", $package, ".v1.rs"));
        }
    };
}

/// Messages that several packages share.
pub mod common {
    package!("common");
}

/// Services that a pluggable component serves on its Unix socket.
pub mod components {
    package!("components");
}

/// Calls between sidecars, and records that sidecars store.
pub mod internals {
    package!("internals");
}

/// Kubernetes resources for sidecars.
pub mod operator {
    package!("operator");
}

/// Where actors live.
pub mod placement {
    package!("placement");
}

/// The public API of a sidecar, and the callbacks of an application.
pub mod runtime {
    package!("runtime");
}

/// Durable jobs.
pub mod scheduler {
    package!("scheduler");
}

/// Certificates for workloads.
pub mod sentry {
    package!("sentry");
}

/// Inputs of workflows that sidecars start by themselves.
pub mod workflows {
    package!("workflows");
}

/// Every file of `proto/` and its imports, as an encoded `FileDescriptorSet`: what the
/// reflection service hands out.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptor.bin");

#[cfg(test)]
mod tests;
