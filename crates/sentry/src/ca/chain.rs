//! Who signed what: signatures of certificates and of signing requests, and the way from an issuer to an anchor.

use aws_lc_rs::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use jiff::Timestamp;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use super::certificate::Certificate;

/// A signature that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The algorithm is unknown, or too weak: SHA-1, RSA below 2048 bits.
    #[error("the signature's algorithm is not supported")]
    Unsupported,
    /// Somebody else signed, or the content was changed.
    #[error("the signature is wrong")]
    Wrong,
}

/// Whether `signed` was signed by the key of `signer`; names and dates are not looked at.
///
/// # Errors
/// The signature is wrong, or of a kind we do not know.
pub fn is_signed_by(signed: &Certificate, signer: &Certificate) -> Result<(), SignatureError> {
    let (_, parsed) = X509Certificate::from_der(&signed.der).map_err(|_| SignatureError::Unsupported)?;
    let (_, key) = SubjectPublicKeyInfo::from_der(&signer.public_key_info).map_err(|_| SignatureError::Unsupported)?;
    verify(&key, &parsed.signature_algorithm, parsed.tbs_certificate.as_ref(), &parsed.signature_value.data)
}

/// Whether the asker holds the private key of the signing request.
///
/// # Errors
/// As [`is_signed_by`].
pub fn proves_possession(request: &X509CertificationRequest<'_>) -> Result<(), SignatureError> {
    let info = &request.certification_request_info;
    verify(&info.subject_pki, &request.signature_algorithm, info.raw, &request.signature_value.data)
}

/// Finds a way from the first certificate of `chain` over the others to an anchor, all valid at `now`.
///
/// # Errors
/// A sentence that says where the way ends.
pub fn reaches_an_anchor(chain: &[Certificate], anchors: &[Certificate], now: Timestamp) -> Result<(), String> {
    let Some((mut current, mut intermediates)) = chain.split_first() else { return Err("the chain is empty".into()) };
    loop {
        if !current.is_valid_at(now) {
            return Err(out_of_date(current));
        }
        let signs = |candidate: &&Certificate| {
            candidate.subject == current.issuer
                && candidate.is_ca
                && candidate.may_sign
                && is_signed_by(current, candidate).is_ok()
        };
        let signers: Vec<&Certificate> = anchors.iter().filter(signs).collect();
        if signers.iter().any(|anchor| anchor.is_valid_at(now)) {
            return Ok(());
        }
        if let Some(expired) = signers.first() {
            return Err(out_of_date(expired));
        }
        // Each step leaves a shorter rest, so a circle of certificates ends too.
        let Some(at) = intermediates.iter().position(|candidate| signs(&candidate)) else {
            return Err(format!("no trust anchor signed {:?}", current.name));
        };
        current = &intermediates[at];
        intermediates = &intermediates[at + 1..];
    }
}

fn out_of_date(certificate: &Certificate) -> String {
    let Certificate { name, not_before, not_after, .. } = certificate;
    format!("the certificate {name:?} is valid from {not_before} to {not_after} only")
}

fn verify(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
    message: &[u8],
    signature: &[u8],
) -> Result<(), SignatureError> {
    let algorithm = verification(key, algorithm).ok_or(SignatureError::Unsupported)?;
    let key = UnparsedPublicKey::new(algorithm, &key.subject_public_key.data);
    key.verify(message, signature).map_err(|_| SignatureError::Wrong)
}

fn verification(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match algorithm.algorithm.to_id_string().as_str() {
        "1.3.101.112" => &signature::ED25519,
        "1.2.840.113549.1.1.11" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "1.2.840.113549.1.1.12" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "1.2.840.113549.1.1.13" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "1.2.840.113549.1.1.10" => return pss(algorithm),
        "1.2.840.10045.4.3.2" => return ecdsa(key, 256),
        "1.2.840.10045.4.3.3" => return ecdsa(key, 384),
        "1.2.840.10045.4.3.4" => return ecdsa(key, 512),
        _ => return None,
    })
}

fn ecdsa(key: &SubjectPublicKeyInfo<'_>, hash: u16) -> Option<&'static dyn VerificationAlgorithm> {
    let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
    Some(match (curve.as_str(), hash) {
        ("1.2.840.10045.3.1.7", 256) => &signature::ECDSA_P256_SHA256_ASN1,
        ("1.2.840.10045.3.1.7", 384) => &signature::ECDSA_P256_SHA384_ASN1,
        ("1.2.840.10045.3.1.7", 512) => &signature::ECDSA_P256_SHA512_ASN1,
        ("1.3.132.0.34", 256) => &signature::ECDSA_P384_SHA256_ASN1,
        ("1.3.132.0.34", 384) => &signature::ECDSA_P384_SHA384_ASN1,
        ("1.3.132.0.34", 512) => &signature::ECDSA_P384_SHA512_ASN1,
        ("1.3.132.0.35", 256) => &signature::ECDSA_P521_SHA256_ASN1,
        ("1.3.132.0.35", 384) => &signature::ECDSA_P521_SHA384_ASN1,
        ("1.3.132.0.35", 512) => &signature::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

fn pss(algorithm: &AlgorithmIdentifier<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let parameters = RsaSsaPssParams::try_from(algorithm.parameters.as_ref()?).ok()?;
    Some(match parameters.hash_algorithm_oid().to_id_string().as_str() {
        "2.16.840.1.101.3.4.2.1" => &signature::RSA_PSS_2048_8192_SHA256,
        "2.16.840.1.101.3.4.2.2" => &signature::RSA_PSS_2048_8192_SHA384,
        "2.16.840.1.101.3.4.2.3" => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}
