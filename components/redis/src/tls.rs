//! TLS towards Redis: the system's roots, or no check at all, and an optional client certificate.

use std::fmt;
use std::sync::Arc;

use dapr_net::tls;
use dapr_spi::{Error, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

/// Checked TLS settings.
#[derive(Clone)]
pub(crate) struct Tls {
    /// `insecureSkipTLSVerify`.
    insecure: bool,
    identity: Option<Arc<Identity>>,
}

struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity = self.identity.is_some();
        f.debug_struct("Tls").field("insecure", &self.insecure).field("identity", &identity).finish()
    }
}

impl Tls {
    /// Reads `clientCert` and `clientKey`, both PEM or both empty.
    pub(crate) fn check(insecure: bool, certificate: &str, key: &str) -> Result<Self> {
        let identity = match (certificate.is_empty(), key.is_empty()) {
            (true, true) => None,
            (false, false) => Some(Arc::new(Identity::read(certificate, key)?)),
            (true, false) => return Err(Error::invalid("`clientKey` is given without `clientCert`")),
            (false, true) => return Err(Error::invalid("`clientCert` is given without `clientKey`")),
        };
        Ok(Self { insecure, identity })
    }

    /// What opens TLS connections; the system's roots are read from disk here.
    pub(crate) fn connector(&self) -> Result<TlsConnector> {
        let roots = if self.insecure { RootCertStore::empty() } else { system_roots() };
        self.config(roots).map(|config| TlsConnector::from(Arc::new(config)))
    }

    fn config(&self, roots: RootCertStore) -> Result<ClientConfig> {
        let builder = tls::client_builder();
        let builder = if self.insecure {
            builder.dangerous().with_custom_certificate_verifier(tls::any_server())
        } else {
            builder.with_root_certificates(roots)
        };
        match &self.identity {
            None => Ok(builder.with_no_client_auth()),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .map_err(|error| Error::invalid(format!("`clientCert` and `clientKey` do not fit: {error}"))),
        }
    }
}

impl Identity {
    fn read(certificate: &str, key: &str) -> Result<Self> {
        let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| Error::invalid(format!("`clientCert` is not PEM: {error}")))?;
        if chain.is_empty() {
            return Err(Error::invalid("`clientCert` holds no certificate; expected PEM text, not a file name"));
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes());
        // The cause is not shown: it could quote the key.
        let key = key.map_err(|_| Error::invalid("`clientKey` is not a private key in PEM"))?;
        Ok(Self { chain, key })
    }
}

/// The roots of the system, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
fn system_roots() -> RootCertStore {
    let roots = tls::system_roots();
    if roots.is_empty() {
        tracing::warn!("no root certificate was found on this system, so no Redis server can be trusted");
    }
    roots
}
