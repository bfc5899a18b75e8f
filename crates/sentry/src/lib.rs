//! Sentry, the certificate authority: gives sidecars and the control plane their certificates and tokens.
//!
//! [`ca`] is the authority itself, [`jwt`] its tokens; [`Sentry`] serves both. `validator` decides who may have which
//! identity, `credentials` keeps what is signed with, in files or in Kubernetes, and `watch` takes changes of it over
//! while the server runs.

pub mod ca;
mod configuration;
mod core;
mod credentials;
mod environment;
mod flags;
mod health;
pub mod jwt;
mod kubernetes;
mod listen;
mod metrics;
mod oidc;
mod process;
mod sentry;
mod server;
mod settings;
mod tls;
mod validator;
mod watch;

pub use configuration::PolicyError;
pub use core::OwnCertificateError;
pub use credentials::LoadError;
pub use environment::Environment;
pub use flags::{Flags, parse_flags};
pub use process::run;
pub use sentry::{Sentry, SentryError};
pub use settings::{Jwt, Mode, Oidc, Settings, SettingsError};

/// The version of this build.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The default of `--config`: the Configuration's name in Kubernetes, a file that may be missing elsewhere.
pub const DEFAULT_CONFIGURATION: &str = "daprsystem";
