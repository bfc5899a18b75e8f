//! Trust in a collector's certificate, and a certificate of one's own if the environment names one.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// What is read from PEM files; everything may be absent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    /// Certificate authorities in place of those that the machine trusts.
    pub(crate) authorities: Option<String>,
    /// A certificate to present, and its key.
    pub(crate) identity: Option<(String, String)>,
}

/// Makes the configuration; the error says which file is wrong and how.
pub(crate) fn config(files: &Files, protocol: &'static [u8]) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match &files.authorities {
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| format!("{path}: {error}"))?;
            }
        }
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    let mut config = match &files.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let key_der = PrivateKeyDer::from_pem_file(Path::new(key)).map_err(|error| format!("{key}: {error}"))?;
            builder.with_client_auth_cert(chain, key_der).map_err(|error| format!("{certificate}: {error}"))?
        }
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Vec<_> = CertificateDer::pem_file_iter(Path::new(path))
        .and_then(Iterator::collect)
        .map_err(|error| format!("{path}: {error}"))?;
    if all.is_empty() { Err(format!("{path} holds no certificate in PEM form")) } else { Ok(all) }
}
