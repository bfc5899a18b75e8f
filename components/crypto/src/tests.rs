//! Every algorithm there and back, known answers, and keys in all the ways they are written.

use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dapr_spi::crypto::{Cipher, CryptoProvider, Sealed};
use dapr_spi::registry::open;

use crate::LocalStorage;

/// A folder of keys and the vault over it.
struct Folder(tempfile::TempDir, Arc<dyn CryptoProvider>);

impl Folder {
    async fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let vault = open::<LocalStorage>(&[("path", folder.path().to_str().unwrap())]).await.unwrap();
        Self(folder, vault)
    }
}

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der)).into_bytes()
}

fn rsa_key() -> Vec<u8> {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    pem("PRIVATE KEY", der.as_ref())
}

fn cipher<'a>(algorithm: &'a str, key: &'a str, nonce: &'a [u8]) -> Cipher<'a> {
    Cipher { algorithm, key, nonce, associated_data: b"" }
}

#[tokio::test]
async fn symmetric_algorithms_go_there_and_back_and_notice_changes() {
    let bytes: Vec<u8> = (0..64).collect();
    let keys: Vec<(String, &[u8])> = [16, 24, 32, 48, 64].map(|length| (length.to_string(), &bytes[..length])).into();
    let files: Vec<(&str, &[u8])> = keys.iter().map(|(name, key)| (name.as_str(), *key)).collect();
    let Folder(_folder, vault) = Folder::new(&files).await;
    for (algorithm, key, nonce, is_authenticated) in [
        ("A128CBC", "16", 16, false),
        ("A192CBC", "24", 16, false),
        ("A256CBC", "32", 16, false),
        ("A256CBC-NOPAD", "32", 16, false),
        ("A128GCM", "16", 12, true),
        ("A192GCM", "24", 12, true),
        ("A256GCM", "32", 12, true),
        ("C20P", "32", 12, true),
        ("A128CBC-HS256", "32", 16, true),
        ("A192CBC-HS384", "48", 16, true),
        ("A256CBC-HS512", "64", 16, true),
        ("A128KW", "16", 0, true),
        ("A192KW", "24", 0, true),
        ("A256KW", "32", 0, true),
    ] {
        let nonce = vec![9; nonce];
        let cipher = cipher(algorithm, key, &nonce);
        let plaintext = [42; 32];
        let sealed = vault.encrypt(cipher, &plaintext).await.unwrap_or_else(|error| panic!("{algorithm}: {error}"));
        assert_eq!(vault.decrypt(cipher, &sealed).await.unwrap(), plaintext, "{algorithm}");
        if is_authenticated {
            let mut changed = sealed.clone();
            changed.data[0] ^= 1;
            assert!(vault.decrypt(cipher, &changed).await.is_err(), "{algorithm}");
        }
        let error = vault.encrypt(Cipher { key: if key == "16" { "32" } else { "16" }, ..cipher }, &plaintext).await;
        assert_eq!(error.unwrap_err().to_string(), "failed to encrypt data: key type mismatch", "{algorithm}");
    }
    let error = vault.encrypt(cipher("A256GCM", "32", b"short"), b"x").await.unwrap_err();
    assert_eq!(error.to_string(), "failed to encrypt data: invalid nonce");
    assert!(vault.encrypt(cipher("ROT13", "32", b""), b"x").await.unwrap_err().to_string().contains("unsupported"));
}

/// RFC 3394, sections 4.1, 4.2 and 4.6.
#[tokio::test]
async fn keys_are_wrapped_as_the_standard_says() {
    let bytes: Vec<u8> = (0..32).collect();
    let files = [("a", &bytes[..16]), ("b", &bytes[..24]), ("c", &bytes[..])];
    let Folder(_folder, vault) = Folder::new(&files).await;
    let data = hex::decode("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F").unwrap();
    for (algorithm, key, length, wrapped) in [
        ("A128KW", "a", 16, "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"),
        ("A192KW", "b", 16, "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D"),
        ("A256KW", "c", 32, "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"),
    ] {
        let sealed = vault.wrap_key(cipher(algorithm, key, b""), &data[..length]).await.unwrap();
        assert_eq!(sealed, Sealed { data: hex::decode(wrapped).unwrap(), tag: Vec::new() }, "{algorithm}");
        assert_eq!(vault.unwrap_key(cipher(algorithm, key, b""), &sealed).await.unwrap(), data[..length]);
    }
}

/// RFC 7518, appendix B.1.
#[tokio::test]
async fn encrypted_and_authenticated_as_the_standard_says() {
    let key: Vec<u8> = (0..32).collect();
    let Folder(_folder, vault) = Folder::new(&[("k", &key)]).await;
    let plaintext =
        b"A cipher system must not be required to be secret, and it must be able to fall into the hands of \
        the enemy without inconvenience";
    let nonce = hex::decode("1af38c2dc2b96ffdd86694092341bc04").unwrap();
    let associated_data = b"The second principle of Auguste Kerckhoffs";
    let cipher = Cipher { algorithm: "A128CBC-HS256", key: "k", nonce: &nonce, associated_data };
    let sealed = vault.encrypt(cipher, plaintext).await.unwrap();
    assert_eq!(hex::encode(&sealed.tag), "652c3fa36b0a7c5b3219fab3a30bc1c4");
    assert!(hex::encode(&sealed.data).starts_with("c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9"));
}

#[tokio::test]
async fn rsa_encrypts_wraps_and_signs() {
    let key = rsa_key();
    let Folder(_folder, vault) = Folder::new(&[("rsa.pem", &key)]).await;
    for algorithm in ["RSA1_5", "RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"] {
        let cipher = cipher(algorithm, "rsa.pem", b"");
        let sealed = vault.wrap_key(cipher, &[7; 32]).await.unwrap();
        assert_eq!(vault.unwrap_key(cipher, &sealed).await.unwrap(), [7; 32], "{algorithm}");
    }
    for (algorithm, hash) in [
        ("RS256", &digest::SHA256),
        ("RS384", &digest::SHA384),
        ("RS512", &digest::SHA512),
        ("PS256", &digest::SHA256),
        ("PS384", &digest::SHA384),
        ("PS512", &digest::SHA512),
    ] {
        let hashed = digest::digest(hash, b"message");
        let signature = vault.sign(algorithm, "rsa.pem", hashed.as_ref()).await.unwrap();
        assert!(vault.verify(algorithm, "rsa.pem", hashed.as_ref(), &signature).await.unwrap(), "{algorithm}");
        let other = digest::digest(hash, b"other");
        assert!(!vault.verify(algorithm, "rsa.pem", other.as_ref(), &signature).await.unwrap(), "{algorithm}");
    }
    assert!(vault.sign("RS256", "rsa.pem", b"no hash").await.is_err());
    assert!(vault.sign("ES256", "rsa.pem", &[0; 32]).await.is_err());
}

#[tokio::test]
async fn a_public_key_is_given_and_can_be_read_again() {
    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap().to_pkcs8v1().unwrap();
    let ed = Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap();
    let (rsa, ec, ed) = (rsa_key(), pem("PRIVATE KEY", ec.as_ref()), pem("PRIVATE KEY", ed.as_ref()));
    let Folder(folder, vault) = Folder::new(&[("rsa", &rsa), ("ec", &ec), ("ed", &ed), ("sym", &[1; 32])]).await;
    for (name, algorithm, hash) in [
        ("rsa", "RS256", digest::digest(&digest::SHA256, b"m").as_ref().to_vec()),
        ("ec", "ES256", digest::digest(&digest::SHA256, b"m").as_ref().to_vec()),
        ("ed", "EdDSA", b"m".to_vec()),
    ] {
        let signature = vault.sign(algorithm, name, &hash).await.unwrap();
        let public = vault.public_key(name).await.unwrap();
        std::fs::write(folder.path().join("public.json"), &public.jwk).unwrap();
        std::fs::write(folder.path().join("public.pem"), pem("PUBLIC KEY", &public.der)).unwrap();
        for written in ["public.json", "public.pem"] {
            assert!(vault.verify(algorithm, written, &hash, &signature).await.unwrap(), "{name} {written}");
            assert_eq!(vault.public_key(written).await.unwrap(), public, "{name} {written}");
            assert!(vault.sign(algorithm, written, &hash).await.is_err(), "only half a key");
        }
    }
    assert_eq!(vault.public_key("sym").await.unwrap_err().to_string(), "key not found");
}

#[tokio::test]
async fn a_key_is_only_for_what_it_says() {
    let text =
        br#"{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8","key_ops":["wrapKey"],"alg":"A256KW"}"#;
    let Folder(_folder, vault) = Folder::new(&[("k.json", text)]).await;
    let refused = |result: dapr_spi::Result<Sealed>| result.unwrap_err().to_string();
    assert!(vault.wrap_key(cipher("A256KW", "k.json", b""), &[0; 32]).await.is_ok());
    let other = vault.wrap_key(cipher("A256GCM", "k.json", &[0; 12]), &[0; 32]).await;
    assert_eq!(refused(other), "key cannot be used with algorithm 'A256GCM'");
    let other = vault.encrypt(cipher("A256KW", "k.json", b""), &[0; 32]).await;
    assert_eq!(refused(other), "key cannot perform the 'encrypt' operation");
}

#[tokio::test]
async fn names_do_not_lead_out_of_the_folder_and_bad_files_are_told() {
    let Folder(folder, vault) = Folder::new(&[("bad.json", b"{\"kty\":\"oct\",\"k\":5}"), ("bad.pem", b"x")]).await;
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link")).unwrap();
    let error = |name: &'static str| {
        let vault = vault.clone();
        async move { vault.encrypt(cipher("A256KW", name, b""), &[0; 32]).await.unwrap_err().to_string() }
    };
    assert!(error("../secret").await.contains("cannot contain '..'"));
    assert!(error("/etc/hostname").await.contains("failed to load key"));
    assert!(error("link").await.contains("failed to load key"));
    assert!(error("none").await.contains("failed to load key 'none'"));
    assert!(error("bad.json").await.contains("not a JSON Web Key, line 1"), "{}", error("bad.json").await);
    assert!(error("bad.pem").await.contains("no key in PEM"));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_as_a_key_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200), which in 0..3) {
        use crate::key::{Format, Key};
        let format = [Format::Jwk, Format::Pem, Format::Guess][usize::try_from(which).unwrap()];
        let _ = Key::parse(&bytes, format);
        let _ = Key::parse(&[b"-----BEGIN PRIVATE KEY-----\n", bytes.as_slice()].concat(), format);
    }
}
