//! The trusted roots: read from PEM, and kept up to date with their file.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use tokio::time::sleep;

use crate::live::Live;

/// Most bytes of PEM that are read: some hundred roots.
const MAX_PEM: usize = 1 << 20;

/// Time between looks at a file that is awaited or watched.
const POLL: Duration = Duration::from_secs(1);

/// The roots that are trusted at one time, for every trust domain alike.
#[derive(Debug)]
pub struct TrustBundle {
    pem: Arc<str>,
    anchors: Vec<TrustAnchor<'static>>,
}

/// Why a text is no trust bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It has no certificate at all.
    #[error("trust anchors hold no certificate: expected PEM with BEGIN CERTIFICATE")]
    Empty,
    /// It is larger than 1 MiB.
    #[error("trust anchors are larger than 1 MiB")]
    TooLarge,
    /// A certificate cannot be read.
    #[error("trust anchor number {number} cannot be read: {reason}")]
    Malformed {
        /// Counted from one.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read.
    #[error("failed to read the trust anchors: {0}")]
    Read(#[from] std::io::Error),
}

impl TrustBundle {
    /// Reads certificates from PEM; text around them is passed over.
    ///
    /// # Errors
    /// There is none, one of them cannot be read, or the text is too large.
    pub fn from_pem(pem: &str) -> Result<Self, BundleError> {
        if pem.len() > MAX_PEM {
            return Err(BundleError::TooLarge);
        }
        let mut anchors = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let malformed = |reason| BundleError::Malformed { number: anchors.len() + 1, reason };
            let certificate = certificate.map_err(|error| malformed(error.to_string()))?;
            let anchor =
                webpki::anchor_from_trusted_cert(&certificate).map_err(|error| malformed(error.to_string()))?;
            anchors.push(anchor.to_owned());
        }
        if anchors.is_empty() {
            return Err(BundleError::Empty);
        }
        Ok(Self { pem: pem.into(), anchors })
    }

    fn from_file(path: &Path) -> Result<Self, BundleError> {
        let mut pem = String::new();
        let limit = u64::try_from(MAX_PEM).unwrap_or(u64::MAX) + 1;
        std::fs::File::open(path)?.take(limit).read_to_string(&mut pem)?;
        Self::from_pem(&pem)
    }

    /// As it was read.
    pub fn pem(&self) -> &Arc<str> {
        &self.pem
    }

    pub(crate) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.anchors
    }
}

/// Waits for the file to hold roots.
pub(crate) async fn await_file(path: &Path) -> Arc<TrustBundle> {
    let mut said = false;
    loop {
        match TrustBundle::from_file(path) {
            Ok(bundle) => return Arc::new(bundle),
            Err(error) if !said => {
                said = true;
                let path = path.display();
                tracing::warn!(target: crate::LOG, "Waiting for trust anchors in {path}: {error}");
            }
            Err(_) => {}
        }
        sleep(POLL).await;
    }
}

/// Puts each change of the file into the snapshot and calls `changed`. Never ends. What cannot be read is reported
/// once, and the roots stay as they are. It looks at the content and not at events, since a mounted ConfigMap changes
/// by a swap of links far from the file.
pub(crate) async fn watch_file(path: &Path, live: &Live, changed: impl Fn()) {
    let mut failure = String::new();
    loop {
        sleep(POLL).await;
        match TrustBundle::from_file(path) {
            Ok(bundle) if bundle.pem != live.bundle.load().pem => {
                failure.clear();
                tracing::info!(target: crate::LOG, "Trust anchors changed, {} in use", bundle.anchors.len());
                live.bundle.store(Arc::new(bundle));
                changed();
            }
            Ok(_) => failure.clear(),
            Err(error) => {
                let error = error.to_string();
                if error != failure {
                    let path = path.display();
                    tracing::error!(target: crate::LOG, "Trust anchors in {path} stay as they were: {error}");
                    failure = error;
                }
            }
        }
    }
}
