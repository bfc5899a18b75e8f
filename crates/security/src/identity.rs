//! One certificate with its key and tokens: what a program is until it is renewed.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::sign::CertifiedKey;

use crate::certificate::{Leaf, NotAnSvid};
use crate::jwt::{JwtSvid, MalformedJwt};
use crate::key::KeyAndRequest;
use crate::source::Signed;
use crate::spiffe::SpiffeId;

/// Most certificates of one chain.
const MAX_CHAIN: usize = 16;

/// A certificate, its private key, and the tokens that came with it.
pub struct Identity {
    pub(crate) leaf: Leaf,
    pub(crate) certified_key: Arc<CertifiedKey>,
    pub(crate) key_pem: String,
    pub(crate) certificates_pem: Vec<u8>,
    pub(crate) jwt: Option<JwtSvid>,
    pub(crate) audience_jwts: HashMap<String, JwtSvid>,
}

/// Why an answer of the authority is no identity.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("no certificates received from sentry")]
    NoCertificate,
    #[error("error parsing newly signed certificate: {0}")]
    Malformed(String),
    #[error("error parsing spiffe id from newly signed certificate: {0}")]
    Id(#[from] NotAnSvid),
    #[error("the newly signed certificate does not fit its private key: {0}")]
    Key(#[from] rustls::Error),
    #[error("error parsing JWT: {0}")]
    Jwt(#[from] MalformedJwt),
    #[error("JWT audience mismatch")]
    Audience,
}

impl IdentityError {
    /// Label of the metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Jwt(_) => "jwt_parse",
            Self::Audience => "jwt_aud",
            Self::NoCertificate | Self::Malformed(_) | Self::Id(_) | Self::Key(_) => "cert_parse",
        }
    }
}

impl Identity {
    /// Joins a key with what was signed for it. Tokens of audiences that nobody asked for are left out.
    pub(crate) fn new(
        made: KeyAndRequest,
        signed: Signed,
        audiences: &[String],
        provider: &CryptoProvider,
    ) -> Result<Self, IdentityError> {
        let chain = CertificateDer::pem_slice_iter(&signed.certificates_pem)
            .take(MAX_CHAIN + 1)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| IdentityError::Malformed(error.to_string()))?;
        if chain.len() > MAX_CHAIN {
            return Err(IdentityError::Malformed(format!("it has more than {MAX_CHAIN} certificates above it")));
        }
        let leaf = Leaf::read(chain.first().ok_or(IdentityError::NoCertificate)?)?;
        let certified_key = CertifiedKey::from_der(chain, made.key, provider)?;
        let jwt = signed.jwt.filter(|token| !token.is_empty()).map(JwtSvid::read).transpose()?;
        if jwt.as_ref().is_some_and(|jwt| !jwt.is_for(leaf.id.trust_domain())) {
            return Err(IdentityError::Audience);
        }
        let mut audience_jwts = HashMap::new();
        for (audience, token) in signed.audience_jwts {
            let jwt = JwtSvid::read(token)?;
            if jwt.audiences() != [audience.as_str()] {
                return Err(IdentityError::Audience);
            }
            if audiences.contains(&audience) {
                audience_jwts.insert(audience, jwt);
            }
        }
        let Signed { certificates_pem, .. } = signed;
        let (key_pem, certified_key) = (made.key_pem, Arc::new(certified_key));
        Ok(Self { leaf, certified_key, key_pem, certificates_pem, jwt, audience_jwts })
    }

    /// Who this program is.
    pub fn id(&self) -> &SpiffeId {
        &self.leaf.id
    }

    /// The certificate, then those up to the root but without it, as DER.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certified_key.cert
    }

    /// When the certificate ends, in milliseconds since 1970.
    pub fn not_after(&self) -> i64 {
        self.leaf.not_after
    }

    /// When the first of the tokens ends.
    pub(crate) fn jwt_not_after(&self) -> Option<i64> {
        self.jwt.iter().chain(self.audience_jwts.values()).map(JwtSvid::not_after).min()
    }
}

/// Shows nothing of the key and the tokens.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("leaf", &self.leaf).finish_non_exhaustive()
    }
}
