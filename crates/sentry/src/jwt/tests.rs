//! Keys, key sets and ids, against the examples of the RFCs.

use super::*;
use crate::ca::KeyKind;

fn settings(algorithm: Algorithm) -> TokenSettings {
    TokenSettings { issuer: None, algorithm, key_id: None, ttl: DEFAULT_TTL, skew: Duration::ZERO }
}

/// The key of RFC 8037, appendix A.
const RFC_8037: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

#[test]
fn an_ed25519_key_has_the_thumbprint_of_the_rfc() {
    let key = PrivateKey::from_pem(RFC_8037.as_bytes()).unwrap();
    assert_eq!(public_key(&key)["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(URL_SAFE_NO_PAD.encode(thumbprint(&key)), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn the_key_id_is_the_configured_one_or_that_of_the_key_set_or_the_thumbprint() {
    let pem = RFC_8037.as_bytes();
    let resolve = |keys: Option<&str>, wanted: Option<&str>| {
        let settings = TokenSettings { key_id: wanted.map(str::to_owned), ..settings(Algorithm::EdDsa) };
        TokenKey::resolve(Some(pem), keys.map(str::as_bytes), &settings).map(|resolved| resolved.key.key_id)
    };
    let with = |id: &str| {
        format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"{id}}}]}}"#)
    };
    let thumbprint = "kPrK/qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k=";
    assert_eq!(resolve(None, None).unwrap(), thumbprint);
    assert_eq!(resolve(None, Some("mine")).unwrap(), "mine");
    assert_eq!(resolve(Some(&with("")), None).unwrap(), thumbprint);
    assert_eq!(resolve(Some(&with(r#","kid":"theirs""#)), None).unwrap(), "theirs");
    assert_eq!(resolve(Some(&with(r#","kid":"mine""#)), Some("mine")).unwrap(), "mine");
    assert!(matches!(
        resolve(Some(&with(r#","kid":"theirs""#)), Some("mine")),
        Err(TokenError::KeySet(JwksError::NoSuchId(_)))
    ));
    assert!(matches!(
        resolve(Some(&with(r#","kid":"mine""#).replace("11qY", "22qY")), Some("mine")),
        Err(TokenError::KeySet(JwksError::OtherKey(_)))
    ));
    assert!(matches!(resolve(Some(&with(r#","use":"enc""#)), None), Err(TokenError::KeySet(JwksError::NoMatch))));
}

#[test]
fn private_members_are_never_published() {
    let set = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"secret"},{"kty":"oct","k":"secret"}]}"#;
    let set = KeySet::parse(set).unwrap().to_json();
    assert_eq!(set, r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}"#);
    assert!(matches!(KeySet::parse(br#"{"keys":[{"kty":"oct","k":"secret"}]}"#), Err(JwksError::Empty)));
    for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[{}]}"#] {
        assert!(matches!(KeySet::parse(bad.as_bytes()), Err(JwksError::Parse(_))), "{bad}");
    }
}

#[test]
fn a_generated_key_suits_its_algorithm() {
    for (algorithm, kind) in [
        (Algorithm::Es256, KeyKind::P256),
        (Algorithm::Es384, KeyKind::P384),
        (Algorithm::Es512, KeyKind::P521),
        (Algorithm::EdDsa, KeyKind::Ed25519),
    ] {
        let made = TokenKey::resolve(None, None, &settings(algorithm)).unwrap();
        assert_eq!(made.key.key.kind(), kind);
        let (key, keys) = (made.new_key.unwrap(), made.new_key_set.unwrap());
        let again = TokenKey::resolve(Some(key.as_bytes()), Some(keys.as_bytes()), &settings(algorithm)).unwrap();
        assert_eq!(again.key.key_id(), made.key.key_id());
        assert!(again.new_key.is_none() && again.new_key_set.is_none());
        let other = TokenKey::resolve(Some(key.as_bytes()), None, &settings(Algorithm::Rs256));
        assert!(matches!(other, Err(TokenError::Unsuited { .. })));
    }
}
