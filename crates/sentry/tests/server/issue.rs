//! Certificates: what they say, who signs them, and who gets none.

use dapr_kit::clock::Clock;
use dapr_proto::sentry::v1::sign_certificate_request::TokenValidator;
use dapr_sentry::ca::pem;
use tonic::Code;

use crate::support::{
    assert_trusted, chain, connect, foreign, get, names, put, ready, refusal, request, start, try_start,
};

#[tokio::test]
async fn a_workload_gets_its_id_for_a_day_and_the_chain_without_the_root() {
    let directory = tempfile::tempdir().unwrap();
    let sentry = start(directory.path(), &["--trust-domain=example"]).await;
    ready(&sentry).await;
    let response = connect(&sentry).await.sign_certificate(request("shop", "market")).await.unwrap().into_inner();
    assert_eq!(names(&response), (vec!["spiffe://public/ns/market/shop".to_owned()], vec![]));
    let chain = chain(&response);
    assert_eq!(chain.len(), 2);
    assert_eq!(chain[1].name, "O=spiffe://example/ns/default/dapr-sentry");
    assert_eq!(chain[0].not_after.duration_since(chain[0].not_before).as_mins(), 24 * 60 + 15);
    assert_eq!(response.valid_until.unwrap().seconds, chain[0].not_after.as_second());
    let anchors = String::from_utf8(response.trust_chain_certificates[0].to_vec()).unwrap();
    assert_eq!(anchors, std::fs::read_to_string(directory.path().join("ca.crt")).unwrap());
    assert_trusted(&response, &anchors);
    assert!(response.jwt.is_none() && response.per_audience_jwts.is_empty());

    let metrics = sentry.metrics().encode();
    for line in [
        "dapr_sentry_cert_sign_request_received_total 1".to_owned(),
        "dapr_sentry_cert_sign_success_total 1".to_owned(),
        "dapr_sentry_issuercert_changed_total 1".to_owned(),
        "dapr_sentry_issuercert_expiry_timestamp ".to_owned(),
    ] {
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
    sentry.stop().await;
}

#[tokio::test]
async fn services_of_the_control_plane_get_their_names_in_the_cluster() {
    let directory = tempfile::tempdir().unwrap();
    let sentry = start(directory.path(), &["--trust-domain=example"]).await;
    let mut client = connect(&sentry).await;
    for (id, namespace, count, first) in [
        ("dapr-injector", "default", 1, "dapr-sidecar-injector.default.svc"),
        ("dapr-operator", "default", 1, "dapr-webhook.default.svc"),
        ("dapr-scheduler", "default", 3, "dapr-scheduler-server-0.dapr-scheduler-server.default.svc.example"),
        ("dapr-scheduler", "elsewhere", 0, ""),
    ] {
        let mut request = request(id, namespace);
        request.trust_domain = "example".into();
        let (uris, dns) = names(&client.sign_certificate(request).await.unwrap().into_inner());
        assert_eq!(uris, [format!("spiffe://example/ns/{namespace}/{id}")]);
        assert_eq!((dns.len(), dns.first().map(String::as_str).unwrap_or_default()), (count, first), "{id}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_with_its_code() {
    let directory = tempfile::tempdir().unwrap();
    let sentry = start(directory.path(), &[]).await;
    let mut client = connect(&sentry).await;
    let good = request("shop", "market");
    let text = String::from_utf8(good.certificate_signing_request.to_vec()).unwrap();
    let der = pem::blocks(text.as_bytes()).unwrap().remove(0).1;
    let mut forged = der.clone();
    *forged.last_mut().unwrap() ^= 1;
    let cases = [
        (
            "app without id",
            {
                let mut r = good.clone();
                r.id.clear();
                r
            },
            Code::PermissionDenied,
            "app-id cannot be empty",
        ),
        (
            "unknown validator",
            {
                let mut r = good.clone();
                r.token_validator = -1;
                r
            },
            Code::InvalidArgument,
            "not enabled",
        ),
        (
            "validator that is off",
            {
                let mut r = good.clone();
                r.token_validator = TokenValidator::Jwks as i32;
                r
            },
            Code::InvalidArgument,
            "not enabled",
        ),
        ("no PEM", with(&good, "no pem"), Code::InvalidArgument, "invalid certificate signing request"),
        ("a key", with(&good, &pem::encode("PRIVATE KEY", &der)), Code::InvalidArgument, "invalid certificate signing"),
        (
            "garbage",
            with(&good, &pem::encode("CERTIFICATE REQUEST", b"garbage")),
            Code::InvalidArgument,
            "failed to parse certificate signing request: ",
        ),
        (
            "forged",
            with(&good, &pem::encode("CERTIFICATE REQUEST", &forged)),
            Code::InvalidArgument,
            "invalid signature",
        ),
        (
            "odd id",
            {
                let mut r = good.clone();
                r.id = "a b".into();
                r
            },
            Code::Internal,
            "failed to sign certificate",
        ),
    ];
    for (name, request, code, message) in cases {
        let status = client.sign_certificate(request).await.unwrap_err();
        assert_eq!(status.code(), code, "{name}: {status}");
        assert!(status.message().contains(message), "{name}: {status}");
    }
    // Old sidecars call the block a certificate.
    client.sign_certificate(with(&good, &pem::encode("CERTIFICATE", &der))).await.unwrap();
    assert!(
        sentry.metrics().encode().contains("dapr_sentry_cert_sign_failure_total{reason=\"sign\"} 8"),
        "{}",
        sentry.metrics().encode()
    );
}

fn with(
    request: &dapr_proto::sentry::v1::SignCertificateRequest,
    text: &str,
) -> dapr_proto::sentry::v1::SignCertificateRequest {
    let mut request = request.clone();
    request.certificate_signing_request = text.to_owned().into();
    request
}

#[tokio::test]
async fn authorities_of_other_makes_are_used_as_they_are() {
    for (name, algorithm) in [
        ("Ed25519", &rcgen::PKCS_ED25519),
        ("P-256", &rcgen::PKCS_ECDSA_P256_SHA256),
        ("P-384", &rcgen::PKCS_ECDSA_P384_SHA384),
        ("P-521", &rcgen::PKCS_ECDSA_P521_SHA512),
        ("RSA", &rcgen::PKCS_RSA_SHA256),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let credentials = foreign(algorithm);
        put(directory.path(), &credentials);
        let sentry = start(directory.path(), &[]).await;
        let response = connect(&sentry).await.sign_certificate(request("shop", "market")).await.unwrap().into_inner();
        assert_trusted(&response, &credentials[0]);
        assert_eq!(chain(&response)[0].issuer, chain(&response)[1].subject, "{name}");
        assert_eq!(std::fs::read_to_string(directory.path().join("issuer.key")).unwrap(), credentials[2], "{name}");
    }
}

#[tokio::test]
async fn what_somebody_put_there_is_never_replaced() {
    let credentials = foreign(&rcgen::PKCS_ED25519);
    let other = foreign(&rcgen::PKCS_ED25519);
    for missing in ["ca.crt", "issuer.crt", "issuer.key"] {
        let directory = tempfile::tempdir().unwrap();
        put(directory.path(), &credentials);
        std::fs::remove_file(directory.path().join(missing)).unwrap();
        let error = refusal(directory.path(), &[]).await;
        assert!(error.contains("incomplete credentials") && error.contains(missing), "{error}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "nothing was written");
    }
    for (file, content, expected) in [
        ("ca.crt", "", "failed to decode trust anchors: no PEM block CERTIFICATE found"),
        ("ca.crt", credentials[1].as_str(), "certificate in trust anchor is not self-signed"),
        ("ca.crt", other[0].as_str(), "issuer chain does not belong to trust anchors"),
        ("issuer.crt", "garbage", "failed to decode issuer certificate"),
        ("issuer.key", other[2].as_str(), "issuer key does not match issuer certificate"),
        ("issuer.key", credentials[0].as_str(), "no private key found"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        put(directory.path(), &credentials);
        std::fs::write(directory.path().join(file), content).unwrap();
        let error = refusal(directory.path(), &[]).await;
        assert!(error.contains(expected) && error.contains(file), "{file}: {error}");
        assert_eq!(std::fs::read_to_string(directory.path().join(file)).unwrap(), content);
    }
}

#[tokio::test]
async fn an_expired_authority_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    start(directory.path(), &[]).await.stop().await;
    let late = Clock::manual(jiff::Timestamp::now().as_millisecond() + 366 * 24 * 60 * 60 * 1000);
    let error = try_start(directory.path(), &[], late).await.err().expect("it started with an expired issuer");
    assert!(error.to_string().contains("is valid from"), "{error}");
}

#[tokio::test]
async fn health_is_told_and_a_taken_port_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let sentry = start(directory.path(), &[]).await;
    ready(&sentry).await;
    assert_eq!(get(sentry.healthz_address(), None, "/other").await.0, 404);
    let port = format!("--port={}", sentry.grpc_address().port());
    let error = refusal(directory.path(), &[&port]).await;
    assert!(error.starts_with("could not listen on 127.0.0.1:"), "{error}");
    let address = sentry.grpc_address();
    sentry.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the port is free after a stop");
}
