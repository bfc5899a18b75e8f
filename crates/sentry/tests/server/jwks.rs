//! The validator `jwks`: where its keys come from, and which tokens it believes.

use std::path::Path;

use dapr_proto::sentry::v1::SignCertificateRequest;
use dapr_proto::sentry::v1::sign_certificate_request::TokenValidator;
use dapr_sentry::Sentry;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tonic::Code;

use crate::support::{connect, get, names, ready, refusal, request, server, start};

const SENTRY: &str = "spiffe://localhost/ns/default/dapr-sentry";
const SHOP: &str = "spiffe://public/ns/market/shop";

/// Somebody whom the administrator trusts.
struct Signer {
    key: EncodingKey,
    algorithm: Algorithm,
    keys: String,
}

impl Signer {
    fn new(algorithm: Algorithm) -> Self {
        use dapr_sentry::ca::{KeyKind, PrivateKey};
        let kind = match algorithm {
            Algorithm::EdDSA => KeyKind::Ed25519,
            Algorithm::ES256 => KeyKind::P256,
            Algorithm::ES384 => KeyKind::P384,
            _ => KeyKind::Rsa,
        };
        let own = PrivateKey::generate(kind).unwrap();
        let mut public = dapr_sentry::jwt::public_key(&own);
        public.insert("kid".into(), json!("mykey"));
        let key = match kind {
            KeyKind::Ed25519 => EncodingKey::from_ed_der(own.pkcs8()),
            KeyKind::Rsa => {
                let rsa = openssl_rsa(&own.to_pem());
                EncodingKey::from_rsa_der(&rsa)
            }
            _ => EncodingKey::from_ec_der(own.pkcs8()),
        };
        Self { key, algorithm, keys: json!({ "keys": [public] }).to_string() }
    }

    fn token(&self, change: impl Fn(&mut Value)) -> String {
        let now = jiff::Timestamp::now().as_second();
        let mut claims = json!({ "aud": [SENTRY], "sub": SHOP, "iat": now, "exp": now + 3600 });
        change(&mut claims);
        let header = Header { kid: Some("mykey".into()), ..Header::new(self.algorithm) };
        encode(&header, &claims, &self.key).unwrap()
    }
}

/// The PKCS #1 part of a PKCS #8 key: the last OCTET STRING.
fn openssl_rsa(pem: &str) -> Vec<u8> {
    let der = dapr_sentry::ca::pem::blocks(pem.as_bytes()).unwrap().remove(0).1;
    yasna::parse_der(&der, |reader| {
        reader.read_sequence(|reader| {
            reader.next().read_u8()?;
            reader.next().read_der()?;
            reader.next().read_bytes()
        })
    })
    .unwrap()
}

fn configuration(directory: &Path, options: &Value) -> String {
    let path = directory.join("config.yaml");
    let validators = json!([{ "name": "jwks", "options": options }]);
    let configuration = json!({
        "apiVersion": "dapr.io/v1alpha1", "kind": "Configuration", "metadata": { "name": "sentry" },
        "spec": { "mtls": { "enabled": true, "tokenValidators": validators } },
    });
    std::fs::write(&path, configuration.to_string()).unwrap();
    format!("--config={}", path.display())
}

fn with(token: String) -> SignCertificateRequest {
    SignCertificateRequest { token, token_validator: TokenValidator::Jwks as i32, ..request("shop", "market") }
}

async fn denied(sentry: &Sentry, token: String) -> String {
    let status = connect(sentry).await.sign_certificate(with(token)).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status}");
    status.message().to_owned()
}

#[tokio::test]
async fn tokens_of_every_kind_of_key_prove_who_asks() {
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::ES384, Algorithm::RS256, Algorithm::PS512] {
        let directory = tempfile::tempdir().unwrap();
        let signer = Signer::new(algorithm);
        let config = configuration(directory.path(), &json!({ "source": signer.keys, "minRefreshInterval": "2m" }));
        let sentry = start(&directory.path().join("c"), &[&config]).await;
        ready(&sentry).await;
        let mut client = connect(&sentry).await;
        let response = client.sign_certificate(with(signer.token(|_| ()))).await.unwrap().into_inner();
        assert_eq!(names(&response).0, [SHOP], "{algorithm:?}");
    }
}

#[tokio::test]
async fn a_token_that_does_not_fit_is_told_which_claim_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let signer = Signer::new(Algorithm::EdDSA);
    let config = configuration(directory.path(), &json!({ "source": signer.keys }));
    let sentry = start(&directory.path().join("c"), &[&config]).await;
    ready(&sentry).await;
    let now = jiff::Timestamp::now().as_second();
    for (claim, value, expected) in [
        ("aud", json!("somebody else"), "\"aud\""),
        ("aud", Value::Null, "\"aud\""),
        ("sub", json!("spiffe://public/ns/market/other"), "\"sub\""),
        ("exp", json!(now - 3600), "\"exp\""),
        ("nbf", json!(now + 3600), "\"nbf\""),
    ] {
        let message = denied(&sentry, signer.token(|claims| claims[claim] = value.clone())).await;
        assert!(message.starts_with("token validation failed: ") && message.contains(expected), "{claim}: {message}");
    }
    // Clocks may differ by five minutes.
    connect(&sentry)
        .await
        .sign_certificate(with(signer.token(|claims| claims["exp"] = json!(now - 240))))
        .await
        .unwrap();
    let forged = "could not verify message";
    assert!(denied(&sentry, Signer::new(Algorithm::EdDSA).token(|_| ())).await.contains(forged));
    assert!(denied(&sentry, Signer::new(Algorithm::RS256).token(|_| ())).await.contains(forged));
    let unsigned = "eyJhbGciOiJub25lIn0.e30.";
    assert!(denied(&sentry, unsigned.into()).await.contains(forged));
    assert!(denied(&sentry, "no token".into()).await.contains(forged));
    assert_eq!(denied(&sentry, String::new()).await, "the request does not contain a token");
    // Nobody is believed without a token any more, and there is no default.
    let status = connect(&sentry).await.sign_certificate(request("shop", "market")).await.unwrap_err();
    assert_eq!(status.message(), "a validator name must be specified in this environment");
}

#[tokio::test]
async fn keys_come_from_a_file_and_follow_it() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (Signer::new(Algorithm::EdDSA), Signer::new(Algorithm::ES256));
    let file = directory.path().join("keys.json");
    std::fs::write(&file, &first.keys).unwrap();
    let config = configuration(directory.path(), &json!({ "SOURCE": file }));
    let sentry = start(&directory.path().join("c"), &[&config]).await;
    ready(&sentry).await;
    connect(&sentry).await.sign_certificate(with(first.token(|_| ()))).await.unwrap();
    std::fs::write(&file, &second.keys).unwrap();
    crate::support::eventually("the new keys", || async {
        connect(&sentry).await.sign_certificate(with(second.token(|_| ()))).await.is_ok()
    })
    .await;
    assert!(denied(&sentry, first.token(|_| ())).await.contains("could not verify message"));
}

/// Serves one body to everybody over HTTPS.
async fn https(body: String, config: std::sync::Arc<rustls::ServerConfig>) -> (u16, dapr_kit::task::Task<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = dapr_kit::task::spawn("keys", async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = tokio_rustls::TlsAcceptor::from(config.clone()).accept(stream).await else { continue };
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let answer =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (port, task)
}

#[tokio::test]
async fn keys_come_over_https_from_whom_the_configured_authority_vouches_for() {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let signer = Signer::new(Algorithm::EdDSA);
    let authority = |name: &str| {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let root_key = KeyPair::generate().unwrap();
    let root = authority("root").self_signed(&root_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &Issuer::from_params(&authority("root"), &root_key)).unwrap();
    let config = server(vec![leaf.der().to_vec()], key.serialize_der());
    let (port, _serving) = https(signer.keys.clone(), config).await;
    let directory = tempfile::tempdir().unwrap();
    let source = format!("https://localhost:{port}/keys");
    let options = json!({ "source": source, "caCertificate": root.pem(), "requestTimeout": "5s" });
    let sentry = start(&directory.path().join("c"), &[&configuration(directory.path(), &options)]).await;
    ready(&sentry).await;
    connect(&sentry).await.sign_certificate(with(signer.token(|_| ()))).await.unwrap();
    sentry.stop().await;
    // Somebody else's authority does not vouch for the server: Sentry serves, and is not ready.
    let other = authority("root").self_signed(&KeyPair::generate().unwrap()).unwrap();
    let options = json!({ "source": source, "caCertificate": other.pem() });
    let sentry = start(&directory.path().join("c"), &[&configuration(directory.path(), &options)]).await;
    assert_eq!(denied(&sentry, signer.token(|_| ())).await, "jwks validator not ready");
    let (status, body) = get(sentry.healthz_address(), None, "/healthz").await;
    assert_eq!((status, &body[..]), (503, &b"not ready: sentry-jwks-validator"[..]));
}

#[tokio::test]
async fn an_option_that_is_wrong_is_named() {
    let keys = Signer::new(Algorithm::EdDSA).keys;
    for (options, expected) in [
        (json!({}), "option source of token validator jwks: must not be empty"),
        (json!({ "source": "/no/such/file" }), "option source of token validator jwks: not a URL, path to local file"),
        (json!({ "source": "https://" }), "option source of token validator jwks: "),
        (json!({ "source": keys, "requestTimeout": "soon" }), "option requestTimeout of token validator jwks: "),
        (json!({ "source": keys, "caCertificate": "x" }), "option caCertificate of token validator jwks: "),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let error = refusal(&directory.path().join("c"), &[&configuration(directory.path(), &options)]).await;
        assert!(error.contains(expected), "{options}: {error}");
        assert!(!directory.path().join("c").exists(), "no authority is made for a wrong configuration");
    }
}
