//! TLS settings that read the snapshot at each handshake, so that a renewal or a new root needs no rebuild.
//!
//! Sessions are never resumed: a resumed session skips the certificates, and would let in a peer whose root is no longer
//! trusted. Connections between sidecars live long, so little is lost.

use std::fmt;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, CommonState, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme,
};

use crate::certificate::{Leaf, Role, other, verify};
use crate::live::Live;
use crate::spiffe::SpiffeId;

/// HTTP/2, which every peer speaks.
const ALPN: &[u8] = b"h2";

/// What the certificate of a server must say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PeerMatch {
    /// Exactly this id: a service of the control plane.
    Exact(SpiffeId),
    /// This app, in whatever trust domain: the caller of an app does not know it.
    App {
        /// Namespace of the app.
        namespace: String,
        /// Id of the app.
        app_id: String,
    },
}

/// A peer with a good certificate is somebody else.
#[derive(thiserror::Error)]
#[error("unexpected SPIFFE ID: {found:?}, expected {expected}")]
struct SomebodyElse {
    found: String,
    expected: String,
}

/// The text as well, since that is what TLS shows of an error it does not know.
impl fmt::Debug for SomebodyElse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl PeerMatch {
    fn check(&self, id: &SpiffeId) -> Result<(), CertificateError> {
        let (fits, expected) = match self {
            Self::Exact(expected) => (id == expected, expected.to_string()),
            Self::App { namespace, app_id } => {
                let path = format!("/ns/{namespace}/{app_id}");
                (id.path() == path, path)
            }
        };
        if fits { Ok(()) } else { Err(other(SomebodyElse { found: id.to_string(), expected })) }
    }
}

/// The name to give to a TLS connector: it must have one, though it is neither sent nor checked here.
pub fn server_name() -> ServerName<'static> {
    ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into())
}

/// Who is at the other end of a connection with mutual TLS. `None` when it showed no certificate.
pub fn peer_identity(connection: &CommonState) -> Option<SpiffeId> {
    let leaf = connection.peer_certificates()?.first()?;
    Leaf::read(leaf).ok().map(|leaf| leaf.id)
}

/// A server that asks for a certificate of the trusted roots, or for none.
pub(crate) fn server_config(live: &Arc<Live>, client_certificate: bool) -> Result<ServerConfig, Error> {
    let builder = ServerConfig::builder_with_details(Arc::clone(&live.provider), live.clone())
        .with_safe_default_protocol_versions()?;
    let builder = match client_certificate {
        true => builder.with_client_cert_verifier(Arc::new(Verifier { live: Arc::clone(live), expected: None })),
        false => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(Resolver(Arc::clone(live))));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// A client that shows its certificate, or none.
pub(crate) fn client_config(live: &Arc<Live>, expected: PeerMatch, certificate: bool) -> Result<ClientConfig, Error> {
    let verifier = Arc::new(Verifier { live: Arc::clone(live), expected: Some(expected) });
    let builder = ClientConfig::builder_with_details(Arc::clone(&live.provider), live.clone())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match certificate {
        true => builder.with_client_cert_resolver(Arc::new(Resolver(Arc::clone(live)))),
        false => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    Ok(config)
}

/// Shows the current certificate.
#[derive(Debug)]
struct Resolver(Arc<Live>);

impl Resolver {
    fn current(&self) -> Option<Arc<CertifiedKey>> {
        self.0.identity.load().as_ref().map(|identity| Arc::clone(&identity.certified_key))
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.current()
    }
}

impl rustls::client::ResolvesClientCert for Resolver {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.current()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Checks the chain against the current roots, then the SPIFFE id; names play no part.
#[derive(Debug)]
struct Verifier {
    live: Arc<Live>,
    /// `None` lets in every workload of the trusted roots.
    expected: Option<PeerMatch>,
}

impl Verifier {
    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        role: Role,
    ) -> Result<(), Error> {
        let algorithms = self.live.provider.signature_verification_algorithms;
        let id = verify(leaf, intermediates, self.live.bundle.load().anchors(), &algorithms, now, role)?;
        self.expected.as_ref().map_or(Ok(()), |expected| expected.check(&id))?;
        Ok(())
    }

    fn check_tls12(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.live.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, leaf, signature, algorithms)
    }

    fn check_tls13(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.live.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, leaf, signature, algorithms)
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        self.live.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(leaf, intermediates, now, Role::Server).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_tls12(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_tls13(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}

impl ClientCertVerifier for Verifier {
    /// None: a peer sends the one certificate it has, and the roots may change meanwhile.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(leaf, intermediates, now, Role::Client).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_tls12(message, leaf, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.check_tls13(message, leaf, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }
}
