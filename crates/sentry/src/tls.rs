//! Certificates that servers show, replaced while they run.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// The one provider of cryptography, whatever the process has installed.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A certificate with its key that every new connection is shown.
#[derive(Debug)]
pub(crate) struct Shown(ArcSwap<CertifiedKey>);

impl Shown {
    /// Shows this certificate from now on.
    ///
    /// # Errors
    /// The key is not that of the certificate.
    pub(crate) fn new(chain: Vec<Vec<u8>>, pkcs8: &[u8]) -> Result<Self, rustls::Error> {
        Ok(Self(ArcSwap::from_pointee(certified(chain, PrivateKeyDer::Pkcs8(pkcs8.to_vec().into()))?)))
    }

    /// The same for a key of another form.
    ///
    /// # Errors
    /// As [`Shown::new`].
    pub(crate) fn of(chain: Vec<Vec<u8>>, key: PrivateKeyDer<'static>) -> Result<Self, rustls::Error> {
        Ok(Self(ArcSwap::from_pointee(certified(chain, key)?)))
    }

    /// Shows what the other one shows.
    pub(crate) fn replace(&self, other: &Self) {
        self.0.store(other.0.load_full());
    }

    /// A server that shows it: TLS 1.2 and 1.3, no client certificates.
    ///
    /// # Errors
    /// The provider lacks what TLS needs.
    pub(crate) fn server(self: Arc<Self>, protocol: &[u8]) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self);
        config.alpn_protocols = vec![protocol.to_vec()];
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

fn certified(chain: Vec<Vec<u8>>, key: PrivateKeyDer<'static>) -> Result<CertifiedKey, rustls::Error> {
    CertifiedKey::from_der(chain.into_iter().map(CertificateDer::from).collect(), key, &provider())
}
