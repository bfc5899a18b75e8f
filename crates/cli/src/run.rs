//! Running a sidecar and its app: what `dapr run` (one app) and `dapr run -f` (many) share.

pub(crate) mod arguments;
pub(crate) mod control_plane;
pub(crate) mod file;
pub(crate) mod names;
pub(crate) mod plan;
pub(crate) mod session;
pub(crate) mod settings;
