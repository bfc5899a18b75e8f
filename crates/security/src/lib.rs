//! Identity of a workload: SPIFFE ids, certificates and their renewal, TLS settings.
//!
//! [`Security::start`] fetches a certificate from a [`CertificateSource`] and renews it; the TLS settings it gives out
//! read the newest certificate and the newest roots at each handshake.

mod bundle;
mod certificate;
mod directory;
mod identity;
mod jwt;
mod key;
mod live;
mod renewal;
mod security;
mod settings;
mod source;
pub mod spiffe;
mod tls;
mod user;

#[cfg(test)]
mod tests;

pub use bundle::{BundleError, TrustBundle};
pub use certificate::NotAnSvid;
pub use identity::Identity;
pub use jwt::JwtError;
pub use security::{Security, SecurityError};
pub use settings::{CONTROL_PLANE_SERVICES, Mode, Settings, TrustAnchors};
pub use source::{CertificateSource, Observer, Signed, SigningRequest, SourceError};
pub use spiffe::SpiffeId;
pub use tls::{PeerMatch, peer_identity, server_name};
pub use user::{RootRefused, SKIP_VARIABLE, check_user};

/// The scope of the log.
const LOG: &str = "dapr.runtime.security";
