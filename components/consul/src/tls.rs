//! TLS towards the Consul agent.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dapr_net::tls;
use dapr_spi::{Error, ErrorKind, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::settings::TlsFiles;

/// Reads the files and makes the settings of connections. Blocks.
pub(crate) fn config(files: &TlsFiles) -> Result<Arc<ClientConfig>> {
    let builder = tls::client_builder();
    let builder = if files.insecure_skip_verify {
        builder.dangerous().with_custom_certificate_verifier(tls::any_server())
    } else {
        builder.with_root_certificates(roots(files)?)
    };
    if files.cert_file.is_empty() {
        return Ok(Arc::new(builder.with_no_client_auth()));
    }
    let chain = certificates(Path::new(&files.cert_file))?;
    // The cause is not shown: it could quote the key.
    let key = PrivateKeyDer::from_pem_file(&files.key_file)
        .map_err(|_| Error::failed(format!("`{}` holds no private key in PEM, or cannot be read", files.key_file)))?;
    let config = builder.with_client_auth_cert(chain, key);
    config.map(Arc::new).map_err(|error| Error::failed(format!("`certFile` and `keyFile` do not fit: {error}")))
}

fn roots(files: &TlsFiles) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let mut paths = Vec::new();
    if !files.ca_file.is_empty() {
        paths.push(PathBuf::from(&files.ca_file));
    }
    if !files.ca_path.is_empty() {
        let cannot = |error| cannot_read(Path::new(&files.ca_path), error);
        for entry in std::fs::read_dir(&files.ca_path).map_err(cannot)? {
            paths.push(entry.map_err(cannot)?.path());
        }
        paths.retain(|path| path.is_file());
    }
    if files.ca_file.is_empty() && files.ca_path.is_empty() {
        roots = tls::system_roots();
    }
    for path in paths {
        roots.add_parsable_certificates(certificates(&path)?);
    }
    if roots.is_empty() {
        return Err(Error::failed("there is no certificate authority to trust; name one in `client.tlsConfig.caFile`"));
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = std::fs::read(path).map_err(|error| cannot_read(path, error))?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&text).filter_map(std::result::Result::ok).collect();
    if found.is_empty() {
        return Err(Error::failed(format!("`{}` holds no certificate in PEM", path.display())));
    }
    Ok(found)
}

fn cannot_read(path: &Path, error: std::io::Error) -> Error {
    Error::from_source(ErrorKind::Failed, &format!("cannot read `{}`", path.display()), error)
}
