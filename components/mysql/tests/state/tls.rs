//! TLS with certificates of our own.

use dapr_spi::ErrorKind;
use dapr_testkit::process::Server;
use mysql_async::prelude::Queryable as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::server::{address, client, shared, spec, start, try_store};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

async fn with_tls(authority: &Authority) -> Server {
    let key = KeyPair::generate().unwrap();
    let cert = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    let write = |text: &str, file: &str| format!("umask 077; printf '%s' '{text}' > {{dir}}/{file}");
    let spec = spec(["--ssl-cert={dir}/server.crt", "--ssl-key={dir}/server.key"])
        .prepare("sh", ["-c", &write(&cert.pem(), "server.crt")])
        .prepare("sh", ["-c", &write(&key.serialize_pem(), "server.key")]);
    start(spec).await
}

#[tokio::test]
async fn certificates_are_checked_as_the_connection_string_says() {
    let (ours, other) = (authority(), authority());
    let server = with_tls(&ours).await;
    let files = tempfile::tempdir().unwrap();
    let [ours, other] = [("ours", ours), ("other", other)].map(|(name, authority)| {
        let file = files.path().join(name);
        std::fs::write(&file, authority.pem()).unwrap();
        file.to_string_lossy().into_owned()
    });
    for (mode, host, pem, expected) in [
        ("false", "127.0.0.1", &ours, Ok(false)),
        ("preferred", "127.0.0.1", &ours, Ok(true)),
        ("skip-verify", "127.0.0.1", &other, Ok(true)),
        ("custom", "localhost", &ours, Ok(true)),
        ("custom", "127.0.0.1", &ours, Err("not valid for")),
        ("custom", "localhost", &other, Err("invalid peer certificate")),
        ("true", "localhost", &ours, Err("invalid peer certificate")),
    ] {
        let address = address(&server, &format!("&tls={mode}")).replace("127.0.0.1", host);
        match (try_store(&address, "tls", &[("pemPath", pem)]).await, expected) {
            (Ok(store), Ok(encrypted)) => {
                store.ping().await.unwrap();
                assert_eq!(is_encrypted(&server).await, encrypted, "{mode}");
                store.close().await;
            }
            (Err(error), Err(part)) => {
                assert_eq!(error.kind(), ErrorKind::Failed, "{error}");
                assert!(error.to_string().contains(part), "{mode}: {error}");
            }
            (opened, _) => panic!("{mode} {host}: expected {expected:?}, found {:?}", opened.err()),
        }
    }
}

/// Whether any connection since the last time was encrypted.
async fn is_encrypted(server: &Server) -> bool {
    let mut conn = client(server, None).await;
    let text = "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'SSL_ACCEPTS'";
    let accepted: u64 = conn.query_first::<String, _>(text).await.unwrap().unwrap().parse().unwrap();
    conn.query_drop("FLUSH STATUS").await.unwrap();
    accepted > 0
}

#[tokio::test]
async fn a_server_without_tls_is_refused_if_tls_is_required() {
    let server = shared().await;
    let opened = |mode| {
        let address = address(&server, &format!("&tls={mode}"));
        async move { try_store(&address, "no_tls", &[]).await }
    };
    let error = opened("skip-verify").await.err().unwrap();
    assert!(error.to_string().contains("has no TLS"), "{error}");
    opened("preferred").await.unwrap().ping().await.unwrap();
}
