//! TLS of clients: the one provider of cryptography, whom to trust, and trusting anyone where a setting asks for it.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, WantsVerifier,
};

/// The beginning of every client's settings: TLS 1.2 and 1.3.
pub fn client_builder() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has cipher suites for the default versions")
}

/// The certificate authorities that this machine trusts, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`; may be empty.
/// Reads them from disk.
pub fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Settings of a client from the fields `caCert`, `clientCert` and `clientKey`, PEM or empty. Without `ca` the roots of
/// the system are trusted, which are read from disk here.
///
/// # Errors
/// Which field is wrong. A key is never quoted.
pub fn client_config(ca: &str, certificate: &str, key: &str) -> Result<ClientConfig, String> {
    let roots = if ca.is_empty() { system_roots() } else { roots_of(ca)? };
    let builder = client_builder().with_root_certificates(roots);
    if certificate.is_empty() && key.is_empty() {
        return Ok(builder.with_no_client_auth());
    }
    if certificate.is_empty() || key.is_empty() {
        return Err("`clientCert` and `clientKey` must be given together".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes());
    let key = key.map_err(|_| "`clientKey` is not a private key in PEM".to_owned())?;
    let config = builder.with_client_auth_cert(certificates("clientCert", certificate)?, key);
    config.map_err(|error| format!("`clientCert` and `clientKey` do not fit: {error}"))
}

fn roots_of(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates("caCert", pem)? {
        roots.add(certificate).map_err(|error| format!("`caCert` cannot be trusted: {error}"))?;
    }
    Ok(roots)
}

fn certificates(field: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>();
    match read {
        Ok(read) if !read.is_empty() => Ok(read),
        Ok(_) => Err(format!("`{field}` holds no certificate; expected PEM text, not a file name")),
        Err(error) => Err(format!("`{field}` is not PEM: {error}")),
    }
}

/// Checks a server's certificate against `roots`.
///
/// # Errors
/// There are no roots.
pub fn trusted_server(roots: RootCertStore) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    match WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build() {
        Ok(verifier) => Ok(verifier),
        Err(error) => Err(error.to_string()),
    }
}

/// Trusts every server: encrypted and not verified, where a setting asks for that.
pub fn any_server() -> Arc<dyn ServerCertVerifier> {
    Arc::new(AnyServer(Arc::new(aws_lc_rs::default_provider())))
}

#[derive(Debug)]
struct AnyServer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
