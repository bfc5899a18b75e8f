//! X.509 certificates: reading them, and writing the three kinds that Sentry issues.
//!
//! The writer is ours, over yasna, because an issuer's name must be copied byte for byte: a verifier compares bytes, and
//! a user's issuer may have a name that no structure of fields survives, such as two organisational units.

use jiff::Timestamp;
use x509_parser::prelude::{FromDer, X509Certificate};
use yasna::models::ObjectIdentifier;
use yasna::{DERWriter, Tag};

use super::key::{KeyError, KeyKind, PrivateKey};

const DIGITAL_SIGNATURE: u8 = 0b1000_0000;
const CERT_SIGN: u8 = 0b0000_0100;
const CRL_SIGN: u8 = 0b0000_0010;

const OID_ORGANIZATION: &[u64] = &[2, 5, 4, 10];
const OID_SUBJECT_KEY_ID: &[u64] = &[2, 5, 29, 14];
const OID_KEY_USAGE: &[u64] = &[2, 5, 29, 15];
const OID_SUBJECT_ALT_NAME: &[u64] = &[2, 5, 29, 17];
const OID_BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
const OID_AUTHORITY_KEY_ID: &[u64] = &[2, 5, 29, 35];
const OID_EXT_KEY_USAGE: &[u64] = &[2, 5, 29, 37];
const OID_SERVER_AUTH: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 1];
const OID_CLIENT_AUTH: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 2];
/// Below the number that the CNCF registered with IANA: the images of the workload's containers.
const OID_CONTAINER_IMAGES: &[u64] = &[1, 3, 6, 1, 4, 1, 57683, 100, 1];

/// A certificate, parsed once for what Sentry asks of it.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The whole, DER encoded.
    pub der: Vec<u8>,
    /// The subject's name, DER encoded.
    pub subject: Vec<u8>,
    /// The issuer's name, DER encoded.
    pub issuer: Vec<u8>,
    /// A DER encoded SubjectPublicKeyInfo.
    pub public_key_info: Vec<u8>,
    /// The key's id, if the certificate names one.
    pub subject_key_id: Option<Vec<u8>>,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Last second of validity.
    pub not_after: Timestamp,
    /// Whether it says that it may issue certificates.
    pub is_ca: bool,
    /// Whether its key usage, if it has one, lets it sign certificates.
    pub may_sign: bool,
    /// For people: the subject as text.
    pub name: String,
}

/// A text that is no certificate.
#[derive(Debug, thiserror::Error)]
#[error("not an X.509 certificate: {0}")]
pub struct NotACertificate(String);

impl Certificate {
    /// Reads one DER encoded certificate.
    ///
    /// # Errors
    /// It is none, or something follows it.
    pub fn from_der(der: &[u8]) -> Result<Self, NotACertificate> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|error| NotACertificate(error.to_string()))?;
        if !rest.is_empty() {
            return Err(NotACertificate("bytes follow it".into()));
        }
        let time = |time: x509_parser::time::ASN1Time| {
            Timestamp::from_second(time.timestamp()).map_err(|error| NotACertificate(error.to_string()))
        };
        let bad = |error: x509_parser::error::X509Error| NotACertificate(error.to_string());
        let key_id = parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            x509_parser::extensions::ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0.to_vec()),
            _ => None,
        });
        let usage = parsed.key_usage().map_err(bad)?;
        Ok(Self {
            der: der.to_vec(),
            subject: parsed.subject().as_raw().to_vec(),
            issuer: parsed.issuer().as_raw().to_vec(),
            public_key_info: parsed.public_key().raw.to_vec(),
            subject_key_id: key_id,
            not_before: time(parsed.validity().not_before)?,
            not_after: time(parsed.validity().not_after)?,
            is_ca: parsed.basic_constraints().map_err(bad)?.is_some_and(|constraints| constraints.value.ca),
            may_sign: usage.is_none_or(|usage| usage.value.key_cert_sign()),
            name: parsed.subject().to_string(),
        })
    }

    /// In a PEM block `CERTIFICATE`.
    pub fn to_pem(&self) -> String {
        super::pem::encode("CERTIFICATE", &self.der)
    }

    /// Whether `now` lies within its validity.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// The validity of a certificate, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First second.
    pub not_before: Timestamp,
    /// Last second.
    pub not_after: Timestamp,
}

/// What is written into a certificate besides names and keys.
#[derive(Debug)]
pub enum Use<'a> {
    /// An anchor of trust.
    Root,
    /// Signs workloads.
    Issuer,
    /// Proves who a process is, to servers and to clients.
    Workload {
        /// A SPIFFE id.
        uri: &'a str,
        /// Names for peers that know nothing of SPIFFE.
        dns: &'a [String],
        /// JSON, for the extension of container images; absent when nothing is known of them.
        images: Option<&'a str>,
    },
}

/// Who signs: a name as it stands in its certificate, a key, and that key's id.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// DER encoded.
    pub name: &'a [u8],
    /// The private key.
    pub key: &'a PrivateKey,
    /// Written as the authority key id, so that a verifier finds the issuer among several.
    pub key_id: Option<&'a [u8]>,
}

/// The name `O=<organization>`, DER encoded.
pub fn organization(organization: &str) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_set(|writer| {
                writer.next().write_sequence(|writer| {
                    writer.next().write_oid(&oid(OID_ORGANIZATION));
                    writer.next().write_utf8_string(organization);
                });
            });
        });
    })
}

/// The name without any field, DER encoded.
pub fn no_name() -> Vec<u8> {
    yasna::construct_der(|writer| writer.write_sequence(|_| ()))
}

/// The id of a key as most issuers make it: a hash of the public key.
pub fn key_id(key: &PrivateKey) -> Vec<u8> {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.public_key());
    digest.as_ref()[..20].to_vec()
}

/// Issues a certificate for the key in `public_key_info`, DER encoded.
///
/// # Errors
/// The library of cryptography failed.
pub fn issue(
    signer: &Signer<'_>,
    subject: &[u8],
    subject_key_id: Option<&[u8]>,
    public_key_info: &[u8],
    validity: Validity,
    usage: &Use<'_>,
) -> Result<Vec<u8>, KeyError> {
    let mut serial = [0; 16];
    aws_lc_rs::rand::fill(&mut serial).map_err(|_| KeyError::Generate)?;
    // Positive, and of the same length each time.
    serial[0] = serial[0] & 0x7f | 0x40;
    let to_be_signed = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_tagged(Tag::context(0), |writer| writer.write_i64(2));
            writer.next().write_bigint_bytes(&serial, true);
            algorithm(writer.next(), signer.key.kind());
            writer.next().write_der(signer.name);
            writer.next().write_sequence(|writer| {
                time(writer.next(), validity.not_before);
                time(writer.next(), validity.not_after);
            });
            writer.next().write_der(subject);
            writer.next().write_der(public_key_info);
            writer.next().write_tagged(Tag::context(3), |writer| {
                writer.write_sequence_of(|writer| extensions(writer, usage, subject_key_id, signer.key_id));
            });
        });
    });
    let signature = signer.key.sign_certificate(&to_be_signed)?;
    Ok(yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_der(&to_be_signed);
            algorithm(writer.next(), signer.key.kind());
            writer.next().write_bitvec_bytes(&signature, signature.len() * 8);
        });
    }))
}

fn oid(components: &[u64]) -> ObjectIdentifier {
    ObjectIdentifier::from_slice(components)
}

fn algorithm(writer: DERWriter<'_>, kind: KeyKind) {
    writer.write_sequence(|writer| match kind {
        KeyKind::Ed25519 => writer.next().write_oid(&oid(&[1, 3, 101, 112])),
        KeyKind::P256 => writer.next().write_oid(&oid(&[1, 2, 840, 10045, 4, 3, 2])),
        KeyKind::P384 => writer.next().write_oid(&oid(&[1, 2, 840, 10045, 4, 3, 3])),
        KeyKind::P521 => writer.next().write_oid(&oid(&[1, 2, 840, 10045, 4, 3, 4])),
        KeyKind::Rsa => {
            writer.next().write_oid(&oid(&[1, 2, 840, 113549, 1, 1, 11]));
            writer.next().write_null();
        }
    });
}

/// Two digits of the year before 2050, four from then on (RFC 5280, 4.1.2.5).
fn time(writer: DERWriter<'_>, time: Timestamp) {
    let time = time.to_zoned(jiff::tz::TimeZone::UTC);
    if (1950..2050).contains(&time.year()) {
        let text = time.strftime("%y%m%d%H%M%SZ").to_string();
        writer.write_tagged_implicit(yasna::tags::TAG_UTCTIME, |writer| writer.write_bytes(text.as_bytes()));
    } else {
        let text = time.strftime("%Y%m%d%H%M%SZ").to_string();
        writer.write_tagged_implicit(yasna::tags::TAG_GENERALIZEDTIME, |writer| writer.write_bytes(text.as_bytes()));
    }
}

fn extensions(
    writer: &mut yasna::DERWriterSeq<'_>,
    usage: &Use<'_>,
    subject_key_id: Option<&[u8]>,
    authority_key_id: Option<&[u8]>,
) {
    let bits = match usage {
        Use::Root => DIGITAL_SIGNATURE | CERT_SIGN,
        Use::Issuer => DIGITAL_SIGNATURE | CERT_SIGN | CRL_SIGN,
        Use::Workload { .. } => DIGITAL_SIGNATURE,
    };
    let length = 8 - bits.trailing_zeros() as usize;
    extension(writer, OID_KEY_USAGE, true, |writer| writer.write_bitvec_bytes(&[bits], length));
    if let Use::Workload { uri, dns, images } = usage {
        extension(writer, OID_EXT_KEY_USAGE, false, |writer| {
            writer.write_sequence(|writer| {
                writer.next().write_oid(&oid(OID_SERVER_AUTH));
                writer.next().write_oid(&oid(OID_CLIENT_AUTH));
            });
        });
        // Critical, because the subject is empty (RFC 5280, 4.2.1.6).
        extension(writer, OID_SUBJECT_ALT_NAME, true, |writer| {
            writer.write_sequence(|writer| {
                for name in *dns {
                    let tagged = |writer: DERWriter<'_>| writer.write_ia5_string(name);
                    writer.next().write_tagged_implicit(Tag::context(2), tagged);
                }
                writer.next().write_tagged_implicit(Tag::context(6), |writer| writer.write_ia5_string(uri));
            });
        });
        if let Some(images) = images {
            extension(writer, OID_CONTAINER_IMAGES, false, |writer| writer.write_bytes(images.as_bytes()));
        }
    } else {
        extension(writer, OID_BASIC_CONSTRAINTS, true, |writer| {
            writer.write_sequence(|writer| writer.next().write_bool(true));
        });
    }
    if let Some(id) = subject_key_id {
        extension(writer, OID_SUBJECT_KEY_ID, false, |writer| writer.write_bytes(id));
    }
    if let Some(id) = authority_key_id.filter(|_| !matches!(usage, Use::Root)) {
        extension(writer, OID_AUTHORITY_KEY_ID, false, |writer| {
            writer.write_sequence(|writer| {
                writer.next().write_tagged_implicit(Tag::context(0), |writer| writer.write_bytes(id));
            });
        });
    }
}

fn extension(writer: &mut yasna::DERWriterSeq<'_>, id: &[u64], critical: bool, value: impl FnOnce(DERWriter<'_>)) {
    writer.next().write_sequence(|writer| {
        writer.next().write_oid(&oid(id));
        if critical {
            writer.next().write_bool(true);
        }
        writer.next().write_bytes(&yasna::construct_der(value));
    });
}
