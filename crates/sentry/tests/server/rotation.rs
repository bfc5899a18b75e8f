//! Credentials that change under a running Sentry.

use std::path::Path;

use dapr_kit::clock::Clock;
use dapr_sentry::ca::{Directory, LIFE_OF_A_CA, authority::DEFAULT_SKEW, generate, sentry_id};
use jiff::Timestamp;

use crate::support::{
    assert_trusted, chain, connect, connect_trusting, eventually, foreign, put, read, request, start, try_start,
};

fn renew(directory: &Path, keep: bool) {
    let (files, now) = (Directory::new(directory), Timestamp::now());
    let old = files.load(now).unwrap().unwrap();
    let id = sentry_id("localhost", "default").unwrap();
    let mut new = generate(&id, LIFE_OF_A_CA, DEFAULT_SKEW, now, None).unwrap();
    if keep {
        new.keep_anchors(&old.anchors, now);
    }
    files.store(&new, now).unwrap();
}

#[tokio::test]
async fn a_new_root_is_taken_over_while_clients_of_the_old_one_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let sentry = start(directory.path(), &[]).await;
    let (address, old_roots) = (sentry.grpc_address(), sentry.trust_anchors());
    let mut old_client = connect(&sentry).await;
    let before = old_client.sign_certificate(request("shop", "market")).await.unwrap().into_inner();
    renew(directory.path(), true);
    eventually("the new root", || async { sentry.trust_anchors() != old_roots }).await;
    assert_eq!(sentry.grpc_address(), address);
    assert_eq!(read(sentry.trust_anchors().as_bytes()).len(), 2);
    // The connection from before still serves, with the new issuer.
    let after = old_client.sign_certificate(request("shop", "market")).await.unwrap().into_inner();
    assert_ne!(chain(&after)[1].der, chain(&before)[1].der);
    let both = String::from_utf8(after.trust_chain_certificates[0].to_vec()).unwrap();
    assert_eq!(both, sentry.trust_anchors());
    assert_trusted(&before, &both);
    assert_trusted(&after, &both);
    // New connections are shown a certificate of the new issuer.
    connect(&sentry).await.sign_certificate(request("shop", "market")).await.unwrap();
    assert!(connect_trusting(&sentry, &old_roots).await.is_err(), "the old root alone does not lead to it");
    assert!(
        sentry.metrics().encode().contains("dapr_sentry_issuercert_changed_total 2"),
        "{}",
        sentry.metrics().encode()
    );
}

#[tokio::test]
async fn credentials_that_break_are_not_taken_over() {
    let directory = tempfile::tempdir().unwrap();
    let sentry = start(directory.path(), &[]).await;
    let roots = sentry.trust_anchors();
    std::fs::write(directory.path().join("issuer.key"), "torn").unwrap();
    eventually("the change is seen", || async { sentry.metrics().encode().contains("issuercert_changed_total 2") })
        .await;
    connect(&sentry).await.sign_certificate(request("shop", "market")).await.unwrap();
    assert_eq!(sentry.trust_anchors(), roots);
    // Nor is a new authority made where there was one.
    for file in ["ca.crt", "issuer.crt", "issuer.key"] {
        std::fs::remove_file(directory.path().join(file)).unwrap();
    }
    eventually("the loss is seen", || async { sentry.metrics().encode().contains("issuercert_changed_total 3") }).await;
    assert_eq!((sentry.trust_anchors(), std::fs::read_dir(directory.path()).unwrap().count()), (roots.clone(), 0));
    // Repaired with other credentials, it goes on with those.
    let credentials = foreign(&rcgen::PKCS_ECDSA_P256_SHA256);
    put(directory.path(), &credentials);
    eventually("the repair", || async { sentry.trust_anchors() != roots }).await;
    assert_eq!(read(sentry.trust_anchors().as_bytes())[0].der, read(credentials[0].as_bytes())[0].der);
}

#[tokio::test]
async fn its_own_certificate_is_renewed_after_half_of_its_life() {
    let directory = tempfile::tempdir().unwrap();
    // It begins in the past, so that both certificates are valid by the clock of the client.
    let clock = Clock::manual(Timestamp::now().as_millisecond() - 12 * 60 * 60 * 1000);
    let sentry = try_start(directory.path(), &[], clock.clone()).await.unwrap();
    let roots = sentry.trust_anchors();
    let shown = || async { shown(&sentry, &roots).await };
    let first = shown().await;
    clock.advance(11 * 60 * 60 * 1000);
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    assert_eq!(shown().await, first, "not before");
    clock.advance(60 * 60 * 1000);
    eventually("the renewal", || async { shown().await != first }).await;
}

/// The certificate that the server shows.
async fn shown(sentry: &dapr_sentry::Sentry, roots: &str) -> Vec<u8> {
    let stream = tokio::net::TcpStream::connect(sentry.grpc_address()).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("sentry").unwrap();
    let connector = tokio_rustls::TlsConnector::from(crate::support::tls(roots, b"h2"));
    let stream = connector.connect(name, stream).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}
