//! PEM blocks: reading what people and tools write, and writing what everybody reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::{self, SectionKind};

/// More blocks than this in one file are an accident or an attack.
const MAX_BLOCKS: usize = 256;

/// Why a text is not PEM.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// A block has no end, or is not base64.
    #[error("malformed PEM: {0}")]
    Malformed(String),
    /// See [`MAX_BLOCKS`].
    #[error("more than {MAX_BLOCKS} PEM blocks")]
    TooMany,
}

/// The blocks of known kinds in order; text between blocks, and blocks of other kinds, are passed over.
///
/// # Errors
/// A block is damaged, or there are far too many.
pub fn blocks(text: &[u8]) -> Result<Vec<(SectionKind, Vec<u8>)>, PemError> {
    let mut rest = text;
    let mut found = Vec::new();
    while let Some(block) = pem::from_buf(&mut rest).map_err(|error| PemError::Malformed(error.to_string()))? {
        if found.len() == MAX_BLOCKS {
            return Err(PemError::TooMany);
        }
        found.push(block);
    }
    Ok(found)
}

/// The certificates among [`blocks`], DER encoded.
///
/// # Errors
/// As [`blocks`].
pub fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, PemError> {
    let certificates = blocks(text)?.into_iter().filter(|(kind, _)| *kind == SectionKind::Certificate);
    Ok(certificates.map(|(_, der)| der).collect())
}

/// One block, lines of 64 characters.
pub fn encode(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_among_comments() {
        let der: Vec<u8> = (0..=255).collect();
        let text = format!("# the root\n{}\nand more\n{}", encode("CERTIFICATE", &der), encode("EC PARAMETERS", b"x"));
        assert_eq!(certificates(text.as_bytes()).unwrap(), [der]);
    }

    #[test]
    fn a_torn_block_is_an_error() {
        let text = encode("CERTIFICATE", &[7; 100]);
        assert!(certificates(&text.as_bytes()[..text.len() - 10]).is_err());
        assert!(certificates(b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n").is_err());
        assert!(certificates(b"").unwrap().is_empty());
    }

    #[test]
    fn a_flood_of_blocks_is_refused() {
        let text = encode("CERTIFICATE", b"x").repeat(MAX_BLOCKS + 1);
        assert!(matches!(certificates(text.as_bytes()), Err(PemError::TooMany)));
    }
}
