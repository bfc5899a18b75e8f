//! Passwords, TLS and tokens. What needs TLS is tested in binaries that have it, and elsewhere that they say so.

use std::path::Path;

use dapr_testkit::process::{Server, Spec};
use dapr_testkit::pubsub::{Act, Collector, message, subscription};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rdkafka::ClientConfig;

use crate::server::{open, topic, try_open};

const PLAIN: &str = "\
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username=\"broker\" password=\"secret\" user_broker=\"secret\" user_app=\"sesame\";
";

const SCRAM: &str = "\
sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
username=\"broker\" password=\"secret\";
listener.name.client.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
";

const TOKENS: &str = "\
sasl.enabled.mechanisms=OAUTHBEARER,PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.oauthbearer.jwks.endpoint.url={provider}/jwks
sasl.oauthbearer.expected.audience=urn:api
sasl.oauthbearer.expected.issuer={provider}
listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username=\"broker\" password=\"secret\" user_broker=\"secret\";
listener.name.client.oauthbearer.sasl.jaas.config=\
org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;
listener.name.client.oauthbearer.sasl.server.callback.handler.class=\
org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler
";

const TLS: &str = "\
ssl.keystore.type=PEM
ssl.keystore.location={dir}/../keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location={dir}/../truststore.pem
ssl.client.auth=required
";

fn has(feature: &str) -> bool {
    let config = ClientConfig::new().create_native_config().unwrap();
    config.get("builtin.features").unwrap().trim_end_matches('\0').split(',').any(|known| known.trim() == feature)
}

async fn assert_works(server: &Server, fields: &[(&str, &str)]) {
    let broker = open(server.port(), fields).await;
    let topic = topic("secure");
    broker.publish(message(&topic, "hello")).await.unwrap();
    let collector = Collector::start(&broker, subscription(&topic), 4, |_| Act::Done).await;
    assert_eq!(collector.wait(1).await[0].text(), "hello");
    collector.close().await;
    broker.close().await;
}

async fn refusal(port: u16, fields: &[(&str, &str)]) -> String {
    let Err(error) = try_open(port, fields).await else { panic!("{fields:?} must be refused") };
    error.to_string()
}

fn password<'a>(mechanism: &'a str, password: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("authType", "password"),
        ("saslMechanism", mechanism),
        ("saslUsername", "app"),
        ("saslPassword", password),
        ("disableTls", "true"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_as_it_is() {
    let server = dapr_testkit::kafka::start_with("SASL_PLAINTEXT", PLAIN, &[], &[]).await.unwrap();
    assert_works(&server, &password("PLAINTEXT", "sesame")).await;
    let error = refusal(server.port(), &password("PLAINTEXT", "guess")).await;
    assert!(error.contains("uthentication") && !error.contains("guess"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_not_told() {
    if !has("sasl_scram") {
        assert!(refusal(1, &password("SHA-512", "sesame")).await.contains("without SCRAM"));
        return;
    }
    let users = ["broker", "app"].map(|name| {
        let password = if name == "app" { "sesame" } else { "secret" };
        ["SCRAM-SHA-512", "SCRAM-SHA-256"].map(|mechanism| format!("{mechanism}=[name={name},password={password}]"))
    });
    let format: Vec<&str> = users.iter().flatten().flat_map(|user| ["--add-scram", user]).collect();
    let server = dapr_testkit::kafka::start_with("SASL_PLAINTEXT", SCRAM, &format, &[]).await.unwrap();
    for mechanism in ["SHA-512", "SHA-256"] {
        assert_works(&server, &password(mechanism, "sesame")).await;
        assert!(refusal(server.port(), &password(mechanism, "guess")).await.contains("uthentication"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_on_both_sides() {
    if !has("ssl") {
        assert!(
            refusal(1, &[("authType", "mtls"), ("clientCert", "-----BEGIN "), ("clientKey", "-----BEGIN ")])
                .await
                .contains("without TLS")
        );
        return;
    }
    let files = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let (certificate, key) = authority.issue("127.0.0.1");
    let write = |name: &str, text: String| std::fs::write(files.path().join(name), text).unwrap();
    write("keystore.pem", format!("{key}{certificate}"));
    write("truststore.pem", authority.certificate());
    let properties = TLS.replace("{dir}/..", &files.path().display().to_string());
    readable(files.path());
    let server = dapr_testkit::kafka::start_with("SSL", &properties, &[], &[]).await.unwrap();
    let (client_certificate, client_key) = authority.issue("app");
    let ca = authority.certificate();
    let fields = [
        ("authType", "mtls"),
        ("caCert", ca.as_str()),
        ("clientCert", client_certificate.as_str()),
        ("clientKey", client_key.as_str()),
    ];
    assert_works(&server, &fields).await;
    let other = Authority::new().certificate();
    let error = refusal(server.port(), &[fields[0], ("caCert", &other), fields[2], fields[3]]).await;
    assert!(error.contains("certificate verify failed"), "{error}");
    assert_works(&server, &[fields[0], ("caCert", &other), fields[2], fields[3], ("skipVerify", "true")]).await;
    let error = refusal(server.port(), &[("authType", "certificate"), fields[1]]).await;
    assert!(error.to_lowercase().contains("ssl") || error.contains("isconnect"), "{error}");
}

fn readable(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A certificate authority of one test.
struct Authority {
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, topic("authority"));
        let certificate = params.self_signed(&key).unwrap().pem();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    fn certificate(&self) -> String {
        self.certificate.clone()
    }

    /// A certificate for a name or address, and its key.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

/// The provider of tests/oidc gives tokens, and the broker checks them with its keys.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_provider() {
    if !has("sasl_oauthbearer") {
        let fields = [
            ("authType", "oidc"),
            ("oidcTokenEndpoint", "http://127.0.0.1:1/token"),
            ("oidcClientID", "sidecar"),
            ("oidcClientSecret", "x"),
            ("disableTls", "true"),
        ];
        assert!(refusal(1, &fields).await.contains("without OIDC"));
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oidc");
    assert!(folder.join("node_modules").is_dir(), "tests/oidc/node_modules is missing: run `tests/setup` first");
    let script = folder.join("provider.mjs").display().to_string();
    let provider = Server::start(Spec::new("node", [script.as_str(), "{port}"])).await.unwrap();
    let url = format!("http://{}", provider.address());
    let allowed = format!("-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={url}/jwks");
    let properties = TOKENS.replace("{provider}", &url);
    let server = dapr_testkit::kafka::start_with("SASL_PLAINTEXT", &properties, &[], &[&allowed]).await.unwrap();
    let endpoint = format!("{url}/token");
    let fields = |secret| {
        [
            ("authType", "oidc"),
            ("oidcTokenEndpoint", endpoint.as_str()),
            ("oidcClientID", "sidecar"),
            ("oidcClientSecret", secret),
            ("oidcScopes", "read"),
            ("disableTls", "true"),
        ]
    };
    assert_works(&server, &fields("s3cret/+&")).await;
    let error = refusal(server.port(), &fields("guess")).await;
    assert!(error.contains("invalid_client") && !error.contains("guess"), "{error}");
}
