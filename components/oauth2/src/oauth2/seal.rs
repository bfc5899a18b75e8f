//! Encryption of what cookies hold (AES-256-GCM); nobody but a sidecar with the same secret reads or makes them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Seals and opens.
pub(super) struct Seal(RandomizedNonceKey);

struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        AES_256_GCM.key_len()
    }
}

impl Seal {
    /// The key is derived from the secret and from what it is for.
    pub(super) fn new(secret: &str, purpose: &[&str]) -> Option<Self> {
        let extracted = Salt::new(HKDF_SHA256, b"dapr oauth2 cookies").extract(secret.as_bytes());
        // Lengths keep ("ab", "c") and ("a", "bc") apart.
        let lengths: Vec<[u8; 8]> = purpose.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
        let info: Vec<&[u8]> =
            purpose.iter().zip(&lengths).flat_map(|(part, length)| [&length[..], part.as_bytes()]).collect();
        let mut key = [0; 32];
        extracted.expand(&info, KeyLength).ok()?.fill(&mut key).ok()?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).ok().map(Self)
    }

    /// Text that fits into a cookie; `name` is bound to it, so that one cookie cannot stand for another.
    pub(super) fn seal(&self, name: &str, content: &[u8]) -> Option<String> {
        let mut sealed = content.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut sealed).ok()?;
        let mut whole = nonce.as_ref().to_vec();
        whole.append(&mut sealed);
        Some(URL_SAFE_NO_PAD.encode(whole))
    }

    /// What [`Seal::seal`] was given.
    pub(super) fn open(&self, name: &str, text: &str) -> Option<Vec<u8>> {
        let whole = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let content = self.0.open_in_place(nonce, Aad::from(name.as_bytes()), &mut sealed).ok()?;
        Some(content.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_same_secret_and_name_open() {
        let seal = Seal::new("secret", &["client", "url"]).unwrap();
        let sealed = seal.seal("session", b"content").unwrap();
        assert_eq!(seal.open("session", &sealed).unwrap(), b"content");
        assert_ne!(sealed, seal.seal("session", b"content").unwrap(), "never twice the same");
        assert!(seal.open("state", &sealed).is_none());
        assert!(Seal::new("Secret", &["client", "url"]).unwrap().open("session", &sealed).is_none());
        assert!(Seal::new("secret", &["clientu", "rl"]).unwrap().open("session", &sealed).is_none());
        let replica = Seal::new("secret", &["client", "url"]).unwrap();
        assert_eq!(replica.open("session", &sealed).unwrap(), b"content", "another replica");
    }

    proptest! {
        #[test]
        fn a_changed_text_does_not_open(at in 0usize..60, to in "[A-Za-z0-9_-]") {
            let seal = Seal::new("secret", &[]).unwrap();
            let sealed = seal.seal("session", b"a token of some length").unwrap();
            let at = at % sealed.len();
            let mut changed = sealed.clone();
            changed.replace_range(at..=at, &to);
            // The last character has bits that stand for nothing; those must be zero to decode at all.
            prop_assert!(changed == sealed || seal.open("session", &changed).is_none());
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,80}") {
            prop_assert!(Seal::new("secret", &[]).unwrap().open("session", &text).is_none());
        }
    }
}
