//! Algorithms with a symmetric key.

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptingKey, DecryptionContext, EncryptingKey, EncryptionContext,
    PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use dapr_spi::crypto::{Cipher, Sealed};

use crate::CryptoError;

const BLOCK: usize = 16;

/// What an algorithm's name means.
#[derive(Clone, Copy)]
enum Scheme {
    /// AES in CBC mode; `true` with padding.
    Cbc(&'static Algorithm, bool),
    Aead(&'static aead::Algorithm),
    /// AES in CBC mode and HMAC, as JSON Web Encryption has it; key, tag and half of the key are that many bytes.
    CbcHmac(&'static Algorithm, hmac::Algorithm, usize),
    /// AES key wrap, RFC 3394.
    Wrap(&'static Algorithm),
}

fn scheme(name: &str) -> Option<Scheme> {
    Some(match name {
        "A128CBC" => Scheme::Cbc(&AES_128, true),
        "A192CBC" => Scheme::Cbc(&AES_192, true),
        "A256CBC" => Scheme::Cbc(&AES_256, true),
        "A128CBC-NOPAD" => Scheme::Cbc(&AES_128, false),
        "A192CBC-NOPAD" => Scheme::Cbc(&AES_192, false),
        "A256CBC-NOPAD" => Scheme::Cbc(&AES_256, false),
        "A128GCM" => Scheme::Aead(&aead::AES_128_GCM),
        "A192GCM" => Scheme::Aead(&aead::AES_192_GCM),
        "A256GCM" => Scheme::Aead(&aead::AES_256_GCM),
        "C20P" | "C20PKW" => Scheme::Aead(&aead::CHACHA20_POLY1305),
        "A128CBC-HS256" => Scheme::CbcHmac(&AES_128, hmac::HMAC_SHA256, 16),
        "A192CBC-HS384" => Scheme::CbcHmac(&AES_192, hmac::HMAC_SHA384, 24),
        "A256CBC-HS512" => Scheme::CbcHmac(&AES_256, hmac::HMAC_SHA512, 32),
        "A128KW" => Scheme::Wrap(&AES_128),
        "A192KW" => Scheme::Wrap(&AES_192),
        "A256KW" => Scheme::Wrap(&AES_256),
        _ => return None,
    })
}

/// Whether the algorithm has a symmetric key.
pub(crate) fn knows(name: &str) -> bool {
    scheme(name).is_some()
}

pub(crate) fn encrypt(key: &[u8], cipher: Cipher<'_>, plaintext: &[u8]) -> Result<Sealed, CryptoError> {
    match scheme(cipher.algorithm).ok_or(CryptoError::Algorithm)? {
        Scheme::Cbc(algorithm, is_padded) => {
            let data = cbc_encrypt(algorithm, is_padded, key, cipher.nonce, plaintext)?;
            Ok(Sealed { data, tag: Vec::new() })
        }
        Scheme::Aead(algorithm) => {
            let (key, nonce) = aead_key(algorithm, key, cipher.nonce)?;
            let mut data = plaintext.to_vec();
            let tag = key.seal_in_place_separate_tag(nonce, Aad::from(cipher.associated_data), &mut data);
            let tag = tag.map_err(|_| CryptoError::Library)?;
            Ok(Sealed { data, tag: tag.as_ref().to_vec() })
        }
        Scheme::CbcHmac(algorithm, mac, half) => {
            let (mac_key, key) = halves(key, half)?;
            let data = cbc_encrypt(algorithm, true, key, cipher.nonce, plaintext)?;
            let tag = hmac::sign(&hmac::Key::new(mac, mac_key), &authenticated(cipher, &data));
            Ok(Sealed { tag: tag.as_ref()[..half].to_vec(), data })
        }
        Scheme::Wrap(algorithm) => Ok(Sealed { data: wrap(algorithm, key, plaintext)?, tag: Vec::new() }),
    }
}

pub(crate) fn decrypt(key: &[u8], cipher: Cipher<'_>, sealed: &Sealed) -> Result<Vec<u8>, CryptoError> {
    match scheme(cipher.algorithm).ok_or(CryptoError::Algorithm)? {
        Scheme::Cbc(algorithm, is_padded) => cbc_decrypt(algorithm, is_padded, key, cipher.nonce, &sealed.data),
        Scheme::Aead(algorithm) => {
            let (key, nonce) = aead_key(algorithm, key, cipher.nonce)?;
            if sealed.tag.len() != algorithm.tag_len() {
                return Err(CryptoError::Tag);
            }
            let mut data = [sealed.data.as_slice(), &sealed.tag].concat();
            let opened = key.open_in_place(nonce, Aad::from(cipher.associated_data), &mut data);
            let length = opened.map_err(|_| CryptoError::Authentication)?.len();
            data.truncate(length);
            Ok(data)
        }
        Scheme::CbcHmac(algorithm, mac, half) => {
            let (mac_key, key) = halves(key, half)?;
            if cipher.nonce.len() != BLOCK {
                return Err(CryptoError::Nonce);
            }
            if sealed.tag.len() != half {
                return Err(CryptoError::Tag);
            }
            let expected = hmac::sign(&hmac::Key::new(mac, mac_key), &authenticated(cipher, &sealed.data));
            aws_lc_rs::constant_time::verify_slices_are_equal(&expected.as_ref()[..half], &sealed.tag)
                .map_err(|_| CryptoError::Authentication)?;
            cbc_decrypt(algorithm, true, key, cipher.nonce, &sealed.data)
        }
        Scheme::Wrap(algorithm) => unwrap(algorithm, key, &sealed.data),
    }
}

fn aead_key(
    algorithm: &'static aead::Algorithm,
    key: &[u8],
    nonce: &[u8],
) -> Result<(LessSafeKey, Nonce), CryptoError> {
    let key = UnboundKey::new(algorithm, key).map_err(|_| CryptoError::KeyType)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CryptoError::Nonce)?;
    Ok((LessSafeKey::new(key), nonce))
}

/// The key of the code, and that of the cipher.
fn halves(key: &[u8], half: usize) -> Result<(&[u8], &[u8]), CryptoError> {
    if key.len() == 2 * half { Ok(key.split_at(half)) } else { Err(CryptoError::KeyType) }
}

/// What the code covers: associated data, nonce, ciphertext, and how many bits the first of these are.
fn authenticated(cipher: Cipher<'_>, data: &[u8]) -> Vec<u8> {
    let bits = (cipher.associated_data.len() as u64 * 8).to_be_bytes();
    [cipher.associated_data, cipher.nonce, data, &bits].concat()
}

fn cbc_encrypt(
    algorithm: &'static Algorithm,
    is_padded: bool,
    key: &[u8],
    nonce: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let key = UnboundCipherKey::new(algorithm, key).map_err(|_| CryptoError::KeyType)?;
    let context = EncryptionContext::Iv128(iv(nonce)?);
    let mut data = plaintext.to_vec();
    let done = if is_padded {
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(|_| CryptoError::Library)?;
        key.less_safe_encrypt(&mut data, context)
    } else {
        if !plaintext.len().is_multiple_of(BLOCK) {
            return Err(CryptoError::PlaintextLength);
        }
        let key = EncryptingKey::cbc(key).map_err(|_| CryptoError::Library)?;
        key.less_safe_encrypt(&mut data, context)
    };
    done.map_err(|_| CryptoError::Library)?;
    Ok(data)
}

fn cbc_decrypt(
    algorithm: &'static Algorithm,
    is_padded: bool,
    key: &[u8],
    nonce: &[u8],
    ciphertext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let key = UnboundCipherKey::new(algorithm, key).map_err(|_| CryptoError::KeyType)?;
    let context = DecryptionContext::Iv128(iv(nonce)?);
    if !ciphertext.len().is_multiple_of(BLOCK) {
        return Err(CryptoError::CiphertextLength);
    }
    let mut data = ciphertext.to_vec();
    let length = if is_padded {
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| CryptoError::Library)?;
        key.decrypt(&mut data, context).map_err(|_| CryptoError::Authentication)?.len()
    } else {
        let key = DecryptingKey::cbc(key).map_err(|_| CryptoError::Library)?;
        key.decrypt(&mut data, context).map_err(|_| CryptoError::Library)?.len()
    };
    data.truncate(length);
    Ok(data)
}

fn iv(nonce: &[u8]) -> Result<FixedLength<BLOCK>, CryptoError> {
    <[u8; BLOCK]>::try_from(nonce).map(FixedLength::from).map_err(|_| CryptoError::Nonce)
}

/// What a wrapped key begins with before it is wrapped.
const WRAPPED: [u8; 8] = [0xa6; 8];

/// RFC 3394, section 2.2.1. The library has no 192 bits here, so the rounds are ours and the blocks its.
fn wrap(algorithm: &'static Algorithm, key: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
    if !plaintext.len().is_multiple_of(8) || plaintext.len() < 16 {
        return Err(CryptoError::PlaintextLength);
    }
    let key = UnboundCipherKey::new(algorithm, key).map_err(|_| CryptoError::KeyType)?;
    let key = EncryptingKey::ecb(key).map_err(|_| CryptoError::Library)?;
    let mut data = [&WRAPPED[..], plaintext].concat();
    let blocks = plaintext.len() / 8;
    for round in 0..6 {
        for index in 1..=blocks {
            let mut block = [&data[..8], &data[8 * index..8 * index + 8]].concat();
            key.less_safe_encrypt(&mut block, EncryptionContext::None).map_err(|_| CryptoError::Library)?;
            count(&mut block, blocks * round + index);
            data[..8].copy_from_slice(&block[..8]);
            data[8 * index..8 * index + 8].copy_from_slice(&block[8..]);
        }
    }
    Ok(data)
}

/// RFC 3394, section 2.2.2.
fn unwrap(algorithm: &'static Algorithm, key: &[u8], wrapped: &[u8]) -> Result<Vec<u8>, CryptoError> {
    if !wrapped.len().is_multiple_of(8) || wrapped.len() < 24 {
        return Err(CryptoError::CiphertextLength);
    }
    let key = UnboundCipherKey::new(algorithm, key).map_err(|_| CryptoError::KeyType)?;
    let key = DecryptingKey::ecb(key).map_err(|_| CryptoError::Library)?;
    let mut data = wrapped.to_vec();
    let blocks = wrapped.len() / 8 - 1;
    for round in (0..6).rev() {
        for index in (1..=blocks).rev() {
            let mut block = [&data[..8], &data[8 * index..8 * index + 8]].concat();
            count(&mut block, blocks * round + index);
            key.decrypt(&mut block, DecryptionContext::None).map_err(|_| CryptoError::Library)?;
            data[..8].copy_from_slice(&block[..8]);
            data[8 * index..8 * index + 8].copy_from_slice(&block[8..]);
        }
    }
    aws_lc_rs::constant_time::verify_slices_are_equal(&data[..8], &WRAPPED).map_err(|_| CryptoError::Authentication)?;
    Ok(data.split_off(8))
}

/// The step's number goes into the first half.
fn count(block: &mut [u8], step: usize) {
    for (byte, number) in block[..8].iter_mut().zip((step as u64).to_be_bytes()) {
        *byte ^= number;
    }
}
