//! TLS, client certificates and ACL users.

use std::process::Command;

use dapr_spi::ErrorKind;
use dapr_testkit::process::{Server, Spec};
use dapr_testkit::state::Suite;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

use crate::servers::{QUIRKS, Suited, get, raw, set, store, text, try_store};

/// Files of an authority, and of a server and a client that it vouches for.
struct Papers {
    dir: TempDir,
    client_cert: String,
    client_key: String,
}

impl Papers {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let vouched = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(names.clone()).unwrap();
            params.distinguished_name.push(DnType::CommonName, &names[0]);
            let certificate = params.signed_by(&key, &authority).unwrap();
            (certificate.pem(), key.serialize_pem())
        };
        let (server_cert, server_key) = vouched(&["127.0.0.1", "localhost"]);
        let (client_cert, client_key) = vouched(&["client"]);
        for (name, text) in [("ca.pem", authority.pem()), ("server.pem", server_cert), ("server.key", server_key)] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        Self { dir, client_cert, client_key }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    /// A server that speaks only TLS, wants a client certificate, and knows the ACL user `app`.
    async fn server(&self) -> Server {
        let (ca, cert, key) = (self.path("ca.pem"), self.path("server.pem"), self.path("server.key"));
        let arguments = [
            "--port",
            "0",
            "--tls-port",
            "{port}",
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            "{dir}",
            "--tls-ca-cert-file",
            &ca,
            "--tls-cert-file",
            &cert,
            "--tls-key-file",
            &key,
            "--tls-auth-clients",
            "yes",
            "--user",
            "default",
            "off",
            "--user",
            "app",
            "on",
            ">app-secret",
            "~*",
            "&*",
            "+@all",
        ];
        Server::start(Spec::new("redis-server", arguments)).await.expect("a redis server with TLS")
    }

    fn fields(&self) -> [(&str, &str); 5] {
        [
            ("enableTLS", "true"),
            ("clientCert", &self.client_cert),
            ("clientKey", &self.client_key),
            ("redisUsername", "app"),
            ("redisPassword", "app-secret"),
        ]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms_with_client_certificate_and_acl_user() {
    let papers = Papers::new();
    let server = papers.server().await;
    let host = server.address().to_string();
    let fields: Vec<_> = papers.fields().into_iter().chain([("insecureSkipTLSVerify", "true")]).collect();
    let store = store(&host, &fields).await;
    let plain = crate::servers::server(&[]).await;
    let suite = Suite::new(Suited::on(&plain, store).await, QUIRKS);
    suite.values().await;
    suite.etags().await;
    suite.transactions().await;
    suite.parallel_writers().await;
    suite.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_authority_is_refused_and_a_known_one_trusted() {
    let papers = Papers::new();
    let server = papers.server().await;
    let host = server.address().to_string();
    let error = match try_store(&host, &papers.fields()).await {
        Ok(_) => panic!("a certificate of an unknown authority was accepted"),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("add the CA to the system's roots"), "{error}");
    // The system's roots are those of SSL_CERT_FILE, so they are changed for a process of their own.
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tls::child_that_trusts", "--ignored", "--nocapture"])
        .env("SSL_CERT_FILE", papers.path("ca.pem"))
        .env("REDIS_TEST_HOST", &host)
        .env("REDIS_TEST_CERT", &papers.client_cert)
        .env("REDIS_TEST_KEY", &papers.client_key)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}

#[tokio::test]
#[ignore = "run by the test above, with the environment that it needs"]
async fn child_that_trusts() {
    let variable = |name: &str| std::env::var(name).unwrap();
    let (host, cert, key) = (variable("REDIS_TEST_HOST"), variable("REDIS_TEST_CERT"), variable("REDIS_TEST_KEY"));
    let fields = [
        ("enableTLS", "true"),
        ("clientCert", cert.as_str()),
        ("clientKey", &key),
        ("redisUsername", "app"),
        ("redisPassword", "app-secret"),
    ];
    let store = store(&host, &fields).await;
    store.set(set("key", "trusted")).await.unwrap();
    assert_eq!(text(store.as_ref(), "key").await.as_deref(), Some("trusted"));
    assert!(store.get(get("other")).await.unwrap().data.is_none());
    let anonymous =
        try_store(&host, &[("enableTLS", "true"), ("redisUsername", "app"), ("redisPassword", "app-secret")]);
    let error = anonymous.await.err().expect("the server wants a client certificate");
    assert!(error.to_string().contains("`clientCert`"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acl_user_over_plain_tcp() {
    let server = crate::servers::server(&[]).await;
    let acl = ["SETUSER", "app", "on", ">app-secret", "~app||*", "+@all"];
    let () = redis::cmd("ACL").arg(&acl).query_async(&mut raw(&server).await).await.unwrap();
    let store =
        store(&server.address().to_string(), &[("redisUsername", "app"), ("redisPassword", "app-secret")]).await;
    store.set(set("app||key", "value")).await.unwrap();
    let error = store.set(set("other||key", "value")).await.unwrap_err();
    assert!(error.to_string().contains("NOPERM"), "{error}");
}
