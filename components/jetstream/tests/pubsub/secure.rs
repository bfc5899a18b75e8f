//! Logins and TLS.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use dapr_component_jetstream::JetStream;
use dapr_spi::pubsub::PubSub;
use dapr_spi::{ErrorKind, registry};
use dapr_testkit::process::{Server, Spec};
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa};

/// A server with this configuration; its directory holds the files.
async fn server(configuration: &str) -> (Server, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("nats.conf");
    std::fs::write(&path, configuration).expect("a file");
    let path = path.to_string_lossy().into_owned();
    let arguments = ["-c", path.as_str(), "-js", "-sd", "{dir}", "-a", "127.0.0.1", "-p", "{port}"];
    (Server::start(Spec::new("nats-server", arguments)).await.expect("nats-server"), dir)
}

async fn open(url: &str, fields: &[(&str, &str)]) -> dapr_spi::Result<Arc<dyn PubSub>> {
    let pairs: Vec<(&str, &str)> = [("natsURL", url)].into_iter().chain(fields.iter().copied()).collect();
    registry::open::<JetStream>(&pairs).await
}

/// It is let in, and JetStream answers.
async fn works(url: &str, fields: &[(&str, &str)]) {
    let broker = open(url, fields).await.unwrap_or_else(|error| panic!("{url} with {fields:?}: {error}"));
    broker.ping().await.expect("ping");
    broker.close().await;
}

async fn refused(url: &str, fields: &[(&str, &str)]) -> String {
    let refused = open(url, fields).await.map(|_| ()).expect_err("it must not be let in");
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "the login may be corrected at the server: {refused}");
    refused.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_token() {
    let (server, _dir) = server(r#"authorization { token: "s3cr3t" }"#).await;
    let address = server.address();
    works(&format!("nats://{address}"), &[("token", "s3cr3t")]).await;
    works(&format!("nats://s3cr3t@{address}"), &[]).await;
    let error = refused(&format!("nats://{address}"), &[("token", "hunter2")]).await;
    assert!(error.contains("check `token`") && !error.contains("hunter2"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_user_and_password() {
    let (server, _dir) = server(r#"authorization { user: "shop@home", password: "a/b c" }"#).await;
    let address = server.address();
    works(&format!("nats://shop%40home:a%2Fb%20c@{address}"), &[]).await;
    let error = refused(&format!("nats://shop:hunter2@{address}"), &[]).await;
    assert!(error.contains(&address.to_string()) && !error.contains("hunter2"), "{error}");
}

fn token(issuer: &KeyPair, subject: &KeyPair, nats: &str) -> String {
    let encode = |text: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(text);
    let (issuer_key, subject_key) = (issuer.public_key(), subject.public_key());
    let claims = format!(
        r#"{{"jti":"{subject_key}","iat":1700000000,"iss":"{issuer_key}","sub":"{subject_key}","name":"n","nats":{nats}}}"#
    );
    let signed = format!("{}.{}", encode(br#"{"typ":"JWT","alg":"ed25519-nkey"}"#), encode(claims.as_bytes()));
    format!("{signed}.{}", encode(&issuer.sign(signed.as_bytes()).expect("a signature")))
}

#[tokio::test(flavor = "multi_thread")]
async fn by_jwt_and_seed() {
    let (operator, account, user) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user());
    let unlimited = r#""subs":-1,"data":-1,"payload":-1"#;
    let operator_token = token(&operator, &operator, r#"{"type":"operator","version":2}"#);
    let limits = format!(
        r#"{{{unlimited},"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1,"mem_storage":-1,
        "disk_storage":-1,"streams":-1,"consumer":-1}}"#
    );
    let account_token = token(&operator, &account, &format!(r#"{{"type":"account","version":2,"limits":{limits}}}"#));
    let user_token =
        token(&account, &user, &format!(r#"{{"type":"user","version":2,"pub":{{}},"sub":{{}},{unlimited}}}"#));
    let system = KeyPair::new_account();
    let system_token = token(&operator, &system, r#"{"type":"account","version":2}"#);
    let (account_key, system_key) = (account.public_key(), system.public_key());
    let (server, _dir) = server(&format!(
        "operator: {operator_token}\nsystem_account: {system_key}\nresolver: MEMORY\n\
         resolver_preload: {{ {account_key}: {account_token}, {system_key}: {system_token} }}\n"
    ))
    .await;
    let url = format!("nats://{}", server.address());
    let (seed, other_seed) = (user.seed().expect("a seed"), KeyPair::new_user().seed().expect("a seed"));
    works(&url, &[("jwt", &user_token), ("seedKey", &seed)]).await;
    let error = refused(&url, &[("jwt", &user_token), ("seedKey", &other_seed)]).await;
    assert!(error.contains("`seedKey`") && !error.contains(&other_seed), "{error}");
    refused(&url, &[]).await;
    let error =
        open(&url, &[("jwt", &user_token), ("seedKey", "hunter2")]).await.map(|_| ()).expect_err("a wrong seed");
    assert!(error.kind() == ErrorKind::Invalid && !error.to_string().contains("hunter2"), "{error}");
}

/// Certificates of an authority, and of a server and a client that it vouches for, in `dir`; the first three are PEM.
fn papers(dir: &Path) -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name.push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
    let vouched = |name: &str, names: &[&str]| {
        let key = rcgen::KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, name);
        (params.signed_by(&key, &authority).expect("a certificate").pem(), key.serialize_pem())
    };
    let (server, client) = (vouched("server", &["localhost", "127.0.0.1"]), vouched("client", &[]));
    let files = [
        ("ca.pem", &authority.pem()),
        ("server.pem", &server.0),
        ("server.key", &server.1),
        ("client.pem", &client.0),
        ("client.key", &client.1),
    ];
    for (name, text) in files {
        std::fs::write(dir.join(name), text).expect("a file");
    }
    (authority.pem(), client.0, client.1)
}

#[tokio::test(flavor = "multi_thread")]
async fn by_certificate_over_tls() {
    let dir = tempfile::tempdir().expect("a directory");
    let (ca, certificate, key) = papers(dir.path());
    let file = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let (server, _dir) = server(&format!(
        "tls {{ cert_file: '{}', key_file: '{}', ca_file: '{}', verify: true }}",
        file("server.pem"),
        file("server.key"),
        file("ca.pem")
    ))
    .await;
    let address = server.address();
    for scheme in ["tls", "nats"] {
        let url = format!("{scheme}://{address}");
        works(&url, &[("caCert", &ca), ("tls_client_cert", &certificate), ("tls_client_key", &key)]).await;
    }
    let url = format!("tls://{address}");
    let files = [file("ca.pem"), file("client.pem"), file("client.key")];
    works(&url, &[("caCert", &files[0]), ("tls_client_cert", &files[1]), ("tls_client_key", &files[2])]).await;
    refused(&url, &[("caCert", &ca)]).await;
    refused(&url, &[("tls_client_cert", &certificate), ("tls_client_key", &key)]).await;
    refused(&format!("nats://{address}"), &[]).await;
    for (fields, part) in [
        ([("tls_client_cert", "/nowhere.pem"), ("tls_client_key", key.as_str())], "`tls_client_cert` is neither PEM"),
        ([("tls_client_cert", certificate.as_str()), ("tls_client_key", ca.as_str())], "`tls_client_key`"),
    ] {
        let error = open(&url, &fields).await.map(|_| ()).expect_err("wrong PEM");
        assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains(part), "{error}");
    }
}
