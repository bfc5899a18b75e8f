//! TLS with certificates of our own.

use dapr_spi::ErrorKind;
use dapr_testkit::process::{Server, Spec};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::server::{Kind, Postgres, spec, try_store};

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    /// Certificate and key for a host.
    fn issue(&self, host: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

fn with_tls(authority: &Authority) -> Spec {
    let (cert, key) = authority.issue("localhost");
    let write = |text: &str, file: &str| format!("umask 077; printf '%s' '{text}' > {{dir}}/{file}");
    let options = ["-c", "ssl=on", "-c", "ssl_cert_file={dir}/server.crt", "-c", "ssl_key_file={dir}/server.key"];
    spec(options).prepare("sh", ["-c", &write(&cert, "server.crt")]).prepare("sh", ["-c", &write(&key, "server.key")])
}

#[tokio::test]
async fn certificates_are_checked_as_sslmode_says() {
    let authority = Authority::new();
    let server = Postgres { server: Server::start(with_tls(&authority)).await.unwrap() };
    let address = server.database("tls").await;
    let files = tempfile::tempdir().unwrap();
    let [ours, other] = [&authority, &Authority::new()].map(|authority| {
        let file = files.path().join(format!("{:p}.pem", authority));
        std::fs::write(&file, authority.issuer.pem()).unwrap();
        file.to_string_lossy().into_owned()
    });
    let cases = [
        ("disable", "127.0.0.1", None, Ok(false)),
        ("prefer", "127.0.0.1", None, Ok(true)),
        ("require", "127.0.0.1", None, Ok(true)),
        ("require", "127.0.0.1", Some(&ours), Ok(true)),
        ("require", "127.0.0.1", Some(&other), Err("invalid peer certificate")),
        ("verify-ca", "127.0.0.1", Some(&ours), Ok(true)),
        ("verify-ca", "127.0.0.1", Some(&other), Err("invalid peer certificate")),
        ("verify-full", "localhost", Some(&ours), Ok(true)),
        ("verify-full", "127.0.0.1", Some(&ours), Err("not valid for")),
        ("verify-full", "localhost", None, Err("invalid peer certificate")),
    ];
    for (mode, host, root, expected) in cases {
        let mut more = vec![("host", host), ("tablePrefix", "tls_")];
        more.extend(root.map(|root| ("sslRootCert", root.as_str())));
        let opened = try_store(Kind::V2, &format!("{address} sslmode={mode}"), &more).await;
        match (opened, expected) {
            (Ok(store), Ok(encrypted)) => {
                store.ping().await.unwrap();
                assert_eq!(is_encrypted(&server).await, encrypted, "{mode} {host}");
                store.close().await;
            }
            (Err(error), Err(part)) => {
                assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
                let text = error.to_string();
                assert!(text.contains(part) && text.contains("check `sslmode` and `sslRootCert`"), "{mode}: {text}");
            }
            (opened, _) => panic!("{mode} {host}: expected {expected:?}, found {:?}", opened.err()),
        }
    }
}

/// Whether the store's connection is; ours to look is not.
async fn is_encrypted(server: &Postgres) -> bool {
    let client = server.client("tls").await;
    let text = "SELECT bool_or(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                WHERE datname = 'tls' AND pid <> pg_backend_pid() AND backend_start > now() - interval '1 minute'";
    client.query_one(text, &[]).await.unwrap().get::<_, Option<bool>>(0).unwrap_or_default()
}

#[tokio::test]
async fn a_server_without_tls_is_refused_if_tls_is_required() {
    let server = crate::server::shared().await;
    let address = server.database("no_tls").await;
    let error = try_store(Kind::V2, &format!("{address} sslmode=require"), &[]).await.err().unwrap();
    assert!(error.to_string().contains("check `sslmode`"), "{error}");
}
