//! A sidecar from start to stop.
//!
//! `bin/daprd` parses [`Flags`], takes an [`Environment`] and calls [`run`] with
//! the table of components it was built with. [`sidecar`] reads as two numbered
//! lists: how a sidecar starts and how it stops.

mod components;
mod config;
mod environment;
mod flags;
mod host;
mod once;
mod process;
mod reload;
mod sidecar;
mod signals;
mod validate;

pub use config::{Config, InvalidConfig, Mode};
pub use environment::Environment;
pub use flags::{Flags, parse_flags};
pub use once::once;
pub use process::run;

/// The version of this sidecar, that of the release it stands in for.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
