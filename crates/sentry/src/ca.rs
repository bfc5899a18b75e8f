//! The certificate authority itself, without any server: keys, certificates, bundles, and where they are kept.
//!
//! `dapr mtls` uses it too, so nothing here listens, logs or knows of Kubernetes.

pub mod authority;
pub mod bundle;
pub mod certificate;
pub mod chain;
pub mod directory;
pub mod key;
pub mod pem;

pub use authority::{Authority, Workload};
pub use bundle::{Bundle, BundleError, LIFE_OF_A_CA, generate, sentry_id};
pub use certificate::Certificate;
pub use directory::{CredentialsError, Directory};
pub use key::{KeyError, KeyKind, PrivateKey};
