//! Documents round trip, those of the incumbent are read, and those that were touched are refused.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

/// Writes a document; the wrapped key is the key itself.
fn encrypt(plaintext: &[u8], piece: usize, cipher: DataCipher) -> Vec<u8> {
    let key = FileKey::generate(cipher).unwrap();
    let wrapped = key.bytes().to_vec();
    let (mut encryption, header) = Encryption::begin(key, "mykey", KeyAlgorithm::A256Kw, &wrapped).unwrap();
    let mut document = header.to_vec();
    for piece in plaintext.chunks(piece) {
        document.extend_from_slice(&encryption.push(piece).unwrap());
    }
    document.extend_from_slice(&encryption.finish().unwrap());
    document
}

fn decrypt(document: &[u8], piece: usize) -> Result<Vec<u8>, Error> {
    let mut reader = HeaderReader::default();
    let mut decryption: Option<Decryption> = None;
    let mut plaintext = Vec::new();
    for piece in document.chunks(piece) {
        let mut rest = Bytes::copy_from_slice(piece);
        if decryption.is_none() {
            let Some((header, after)) = reader.push(piece)? else { continue };
            decryption = Some(Decryption::begin(header.open(Some(&header.manifest.wrapped_key))?));
            rest = after;
        }
        if let Some(decryption) = &mut decryption {
            plaintext.extend_from_slice(&decryption.push(&rest)?);
        }
    }
    let decryption = decryption.ok_or_else(|| reader.unfinished())?;
    plaintext.extend_from_slice(&decryption.finish()?);
    Ok(plaintext)
}

fn header_length(document: &[u8]) -> usize {
    document.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).nth(2).unwrap()
}

#[test]
fn lengths_around_a_segment_round_trip() {
    for length in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 3 * SEGMENT + 7] {
        let plaintext: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        for cipher in [DataCipher::AesGcm, DataCipher::ChaCha20Poly1305] {
            let document = encrypt(&plaintext, 10_000, cipher);
            let segments = length.div_ceil(SEGMENT).max(1);
            assert_eq!(document.len() - header_length(&document), length + segments * TAG);
            assert_eq!(decrypt(&document, 10_007).unwrap(), plaintext, "{length} {cipher:?}");
        }
    }
}

#[test]
fn a_document_without_segments_is_an_empty_message() {
    let document = encrypt(b"", 1, DataCipher::AesGcm);
    assert_eq!(decrypt(&document[..header_length(&document)], 50).unwrap(), b"");
}

/// Made with the incumbent's library; the wrapped key is the key itself.
#[test]
fn a_document_of_the_incumbent_is_read() {
    let header = "dapr.io/enc/v1\n\
        {\"k\":\"mykey\",\"kw\":1,\"wfk\":\"rvjwqyMa8txW979ZL9wglb7f+UG1kW+/hDqvP3/ib+Q=\",\"cph\":1,\"np\":\"gZ/UVI2JlQ==\"}\n\
        zB+rESjb3gR5guGfmxukQ//ApfW6a55WOxo6k0x89kE=\n";
    assert_eq!(decrypt(header.as_bytes(), 7).unwrap(), b"");
}

#[test]
fn the_header_has_the_incumbent_s_form() {
    let document = encrypt(b"x", 1, DataCipher::ChaCha20Poly1305);
    let text = String::from_utf8_lossy(&document[..header_length(&document)]).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], NAME);
    assert!(lines[1].starts_with(r#"{"k":"mykey","kw":1,"wfk":""#), "{}", lines[1]);
    assert!(lines[1].contains(r#"","cph":2,"np":""#), "{}", lines[1]);
    assert_eq!(lines[2].len(), 44);
}

#[test]
fn what_is_no_document_is_refused_at_once() {
    let long = [format!("{NAME}\n").into_bytes(), vec![b'x'; 2 * SEGMENT]].concat();
    for (bytes, error) in [
        (&b"PK\x03\x04"[..], Error::Header("unsupported scheme")),
        (b"dapr.io/enc/v2\n", Error::Header("unsupported scheme")),
        (b"dapr.io/enc/v1\n{}\nAAAA\n", Error::Header("invalid manifest")),
        (b"dapr.io/enc", Error::Header("scheme name not found")),
        (b"", Error::Header("scheme name not found")),
        (b"dapr.io/enc/v1\n", Error::Header("manifest not found")),
        (&long, Error::Header("it is longer than 64 KiB")),
    ] {
        assert_eq!(decrypt(bytes, 1000).unwrap_err(), error);
    }
}

#[test]
fn a_wrong_key_and_no_key_look_the_same() {
    let document = encrypt(b"secret", 6, DataCipher::AesGcm);
    let (header, _) = HeaderReader::default().push(&document).unwrap().unwrap();
    for key in [None, Some(&[0; 32][..]), Some(&[1; 16][..])] {
        assert_eq!(header.open(key).unwrap_err(), Error::Signature);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_message_in_any_pieces_round_trips(length in 0_usize..200_000, out in 1_usize..90_000, back in 1_usize..90_000) {
        let plaintext: Vec<u8> = (0..length).map(|at| u8::try_from(at % 253).unwrap()).collect();
        prop_assert_eq!(decrypt(&encrypt(&plaintext, out, DataCipher::AesGcm), back).unwrap(), plaintext);
    }

    #[test]
    fn a_changed_byte_is_noticed(length in 0_usize..150_000, at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut document = encrypt(&vec![7; length], 9_999, DataCipher::AesGcm);
        let at = at.index(document.len());
        document[at] ^= 1 << bit;
        let header = header_length(&document).max(at.saturating_sub(1));
        // White space of base64 and of JSON aside, which the authentication code covers as well.
        prop_assert!(decrypt(&document, 5_000).is_err(), "{} {}", at, header);
    }

    #[test]
    fn a_cut_document_is_noticed(length in 0_usize..150_000, at in any::<prop::sample::Index>()) {
        let document = encrypt(&vec![7; length], 9_999, DataCipher::AesGcm);
        let at = at.index(document.len());
        // At the end of the header nothing tells it from an empty message of the incumbent.
        prop_assume!(at != header_length(&document));
        prop_assert!(decrypt(&document[..at], 5_000).is_err());
    }

    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300), piece in 1_usize..50) {
        prop_assert!(decrypt(&bytes, piece).is_err());
        let header = [format!("{NAME}\n{{\"kw\":1,\"wfk\":\"AA==\"}}\n").into_bytes(), bytes].concat();
        prop_assert!(decrypt(&header, piece).is_err());
    }
}
