//! JWT SVIDs and the OIDC endpoints by which others verify them.

use std::path::Path;

use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dapr_proto::sentry::v1::SignCertificateResponse;
use dapr_sentry::Sentry;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

use crate::support::{connect, get, ready, refusal, request, start};

const OIDC: [&str; 3] = ["--jwt-enabled", "--oidc-enabled", "--oidc-server-tls-enabled=false"];

async fn sign(sentry: &Sentry, audiences: &[&str]) -> SignCertificateResponse {
    let mut request = request("shop", "market");
    request.jwt_audiences = audiences.iter().map(|audience| (*audience).to_owned()).collect();
    connect(sentry).await.sign_certificate(request).await.unwrap().into_inner()
}

async fn json(sentry: &Sentry, path: &str) -> Value {
    let (status, body) = get(sentry.oidc_address().unwrap(), None, path).await;
    assert_eq!(status, 200, "{body:?}");
    serde_json::from_slice(&body).unwrap()
}

fn verify(token: &str, keys: &Value, audience: &str) -> Value {
    let keys: JwkSet = serde_json::from_value(keys.clone()).unwrap();
    let header = decode_header(token).unwrap();
    let key = keys.find(header.kid.as_deref().unwrap()).expect("the key set has the token's key");
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&[audience]);
    validation.validate_nbf = true;
    decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims
}

#[tokio::test]
async fn tokens_carry_the_identity_and_verify_by_the_published_keys() {
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"] {
        let directory = tempfile::tempdir().unwrap();
        let flag = format!("--jwt-signing-algorithm={algorithm}");
        let flags: Vec<&str> =
            OIDC.into_iter().chain([flag.as_str(), "--jwt-ttl=2h", "--jwt-issuer=https://id.example"]).collect();
        let sentry = start(directory.path(), &flags).await;
        ready(&sentry).await;
        let response = sign(&sentry, &["bank", "audit"]).await;
        let keys = json(&sentry, "/jwks.json").await;
        let claims = verify(&response.jwt.unwrap().value, &keys, "bank");
        assert_eq!(claims["aud"], serde_json::json!(["public", "bank", "audit"]), "{algorithm}");
        assert_eq!(claims["sub"], "spiffe://public/ns/market/shop");
        assert_eq!((claims["iss"].as_str(), claims["use"].as_str()), (Some("https://id.example"), Some("sig")));
        let time = |claim: &str| claims[claim].as_i64().unwrap();
        assert_eq!((time("exp") - time("iat"), time("iat") - time("nbf")), (7200, 900));
        assert_eq!(claims["jti"].as_str().unwrap().len(), 32);
        assert_eq!(response.per_audience_jwts.len(), 3);
        let claims = verify(&response.per_audience_jwts["audit"].value, &keys, "audit");
        assert_eq!(claims["aud"], serde_json::json!(["audit"]));
        let discovery = json(&sentry, "/.well-known/openid-configuration").await;
        assert_eq!(discovery["id_token_signing_alg_values_supported"], serde_json::json!([algorithm]));
        assert_eq!(discovery["jwks_uri"], "https://id.example/jwks.json");
    }
}

#[tokio::test]
async fn es512_signs_as_the_rfc_wants_it() {
    let directory = tempfile::tempdir().unwrap();
    let flags: Vec<&str> = OIDC.into_iter().chain(["--jwt-signing-algorithm=ES512"]).collect();
    let sentry = start(directory.path(), &flags).await;
    ready(&sentry).await;
    let token = sign(&sentry, &[]).await.jwt.unwrap().value;
    let key = &json(&sentry, "/jwks.json").await["keys"][0];
    assert_eq!((key["kty"].as_str(), key["crv"].as_str()), (Some("EC"), Some("P-521")));
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point).verify(message.as_bytes(), &signature).unwrap();
}

#[tokio::test]
async fn oidc_answers_over_tls_under_its_prefix() {
    let directory = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (directory.path().join("oidc.crt"), directory.path().join("oidc.key"));
    let flags = [
        "--jwt-enabled".to_owned(),
        "--oidc-enabled".to_owned(),
        "--oidc-path-prefix=/auth".to_owned(),
        format!("--oidc-server-tls-cert-file={}", certificate.display()),
        format!("--oidc-server-tls-key-file={}", key.display()),
    ];
    std::fs::write(&certificate, own.cert.pem()).unwrap();
    std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let sentry = start(&directory.path().join("credentials"), &flags.each_ref().map(String::as_str)).await;
    ready(&sentry).await;
    let (address, roots) = (sentry.oidc_address().unwrap(), own.cert.pem());
    let (status, body) = get(address, Some(&roots), "/auth/.well-known/openid-configuration").await;
    let document: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, document["issuer"].as_str()), (200, Some("https://localhost")));
    assert_eq!(document["jwks_uri"], "https://localhost/auth/jwks.json");
    assert_eq!(get(address, Some(&roots), "/jwks.json").await.0, 404);
}

fn put(directory: &Path, file: &str, content: &str) {
    std::fs::write(directory.join(file), content).unwrap();
}

#[tokio::test]
async fn a_token_key_is_kept_and_its_key_set_must_fit() {
    let directory = tempfile::tempdir().unwrap();
    start(directory.path(), &["--jwt-enabled"]).await.stop().await;
    let file = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    let (key, keys) = (file("jwt.key"), file("jwks.json"));
    // Without its key set the key stays, and the set is made again.
    std::fs::remove_file(directory.path().join("jwks.json")).unwrap();
    start(directory.path(), &["--jwt-enabled"]).await.stop().await;
    assert_eq!((file("jwt.key"), file("jwks.json")), (key.clone(), keys.clone()));
    for (content, expected) in [
        ("", "failed to parse JWKS"),
        ("{\"keys\":[]}", "JWKS doesn't contain any keys"),
        (r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","use":"sig"}]}"#, "doesn't contain a matching public key"),
    ] {
        put(directory.path(), "jwks.json", content);
        let error = refusal(directory.path(), &["--jwt-enabled"]).await;
        assert!(error.contains("failed to verify JWKS") && error.contains(expected), "{error}");
    }
    put(directory.path(), "jwks.json", &keys);
    let error = refusal(directory.path(), &["--jwt-enabled", "--jwt-key-id=mine"]).await;
    assert!(error.contains("doesn't contain a key with user-provided key ID \"mine\""), "{error}");
    let error = refusal(directory.path(), &["--jwt-enabled", "--jwt-signing-algorithm=ES256"]).await;
    assert!(error.contains("incompatible with algorithm ES256"), "{error}");
    std::fs::remove_file(directory.path().join("jwt.key")).unwrap();
    let error = refusal(directory.path(), &["--jwt-enabled"]).await;
    assert!(error.contains("a JWKS without a JWT signing key"), "{error}");
}
