//! Running a sidecar and its app: what `dapr run` (one app) and `dapr run -f` (many) share.

pub(crate) mod arguments;
pub(crate) mod board;
pub(crate) mod child;
pub(crate) mod control_plane;
pub(crate) mod file;
pub(crate) mod mtls;
pub(crate) mod names;
pub(crate) mod plan;
pub(crate) mod sentry;
pub(crate) mod session;
pub(crate) mod settings;
