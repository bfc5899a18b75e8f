//! The identity over the real protocol.

use std::sync::Arc;

use dapr_kit::clock::Clock;
use dapr_proto::sentry::v1::sign_certificate_request::TokenValidator;
use dapr_security::{CertificateSource, Security, SecurityError, Settings, SigningRequest, SourceError};
use dapr_testkit::authority::Authority;
use tonic::Status;

use super::server::{Sentry, settings};
use crate::sentry::Client;

const SENTRY: &str = "spiffe://localhost/ns/default/dapr-sentry";

pub(super) async fn start(settings: Settings) -> Result<Security, SecurityError> {
    let source = Arc::new(Client::new(&settings));
    Security::start(settings, source, Arc::new(()), Clock::system()).await
}

#[tokio::test]
async fn an_app_gets_its_certificate_and_tokens() {
    let authority = Authority::new("root");
    let sentry = Sentry::new(&authority);
    let server = sentry.serve(SENTRY).await;
    let mut settings = settings("orders", &authority, &server);
    settings.jwt_audiences = vec!["bank".to_owned()];
    settings.namespace = "shop".to_owned();
    let security = start(settings).await.unwrap();
    assert_eq!(security.id().unwrap().as_str(), "spiffe://public/ns/shop/orders");
    assert!(security.jwt("bank").is_ok() && security.jwt("public").is_ok() && security.jwt("other").is_err());
    let [asked] = sentry.asked().try_into().unwrap();
    assert_eq!((asked.id.as_str(), asked.namespace.as_str(), asked.trust_domain.as_str()), ("orders", "shop", ""));
    assert_eq!((asked.token.as_str(), asked.token_validator()), ("", TokenValidator::Unknown));
    assert_eq!(asked.jwt_audiences, ["bank"]);
    assert!(asked.certificate_signing_request.starts_with(b"-----BEGIN CERTIFICATE REQUEST-----"));
}

#[tokio::test]
async fn a_token_of_a_file_is_shown_to_the_jwks_validator() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "a.b.c").unwrap();
    let authority = Authority::new("root");
    let sentry = Sentry::new(&authority);
    let server = sentry.serve(SENTRY).await;
    let mut settings = settings("orders", &authority, &server);
    settings.sentry_token_file = Some(file);
    start(settings.clone()).await.unwrap();
    let [asked] = sentry.asked().try_into().unwrap();
    assert_eq!((asked.token.as_str(), asked.token_validator()), ("a.b.c", TokenValidator::Jwks));
    settings.sentry_token_file = Some(Default::default());
    let error = start(settings).await.unwrap_err().to_string();
    assert!(error.contains("DAPR_SENTRY_TOKEN_FILE is set with an empty value"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_sentry_gets_nothing() {
    let authority = Authority::new("root");
    for id in [
        "spiffe://public/ns/default/dapr-sentry",
        "spiffe://localhost/ns/other/dapr-sentry",
        "spiffe://localhost/ns/default/dapr-operator",
    ] {
        let sentry = Sentry::new(&authority);
        let server = sentry.serve(id).await;
        let error = start(settings("orders", &authority, &server)).await.unwrap_err().to_string();
        assert!(error.starts_with("failed to retrieve the initial identity: error establishing connection"), "{error}");
        assert!(error.contains("unexpected SPIFFE ID"), "{error}");
        assert!(sentry.asked().is_empty());
    }
    let sentry = Sentry::new(&authority);
    let server = sentry.serve(SENTRY).await;
    let error = start(settings("orders", &Authority::new("root"), &server)).await.unwrap_err().to_string();
    assert!(error.contains("tls: failed to verify certificate: ") && error.contains("UnknownIssuer"), "{error}");
}

#[tokio::test]
async fn a_refusal_is_final_and_a_busy_sentry_is_asked_again() {
    let authority = Authority::new("root");
    let sentry = Sentry::failing(&authority, 9, Status::permission_denied("not you"));
    let server = sentry.serve(SENTRY).await;
    let error = start(settings("orders", &authority, &server)).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "failed to retrieve the initial identity: error from sentry SignCertificate: \
         rpc error: code = PermissionDenied desc = not you"
    );
    assert_eq!(sentry.asked().len(), 1);
    let sentry = Sentry::failing(&authority, 2, Status::unavailable("busy"));
    let server = sentry.serve(SENTRY).await;
    start(settings("orders", &authority, &server)).await.unwrap();
    assert_eq!(sentry.asked().len(), 3);
}

#[tokio::test]
async fn an_answer_without_its_date_is_refused() {
    let authority = Authority::new("root");
    let sentry = Sentry::with(&authority, 0, Status::ok(""), None);
    let server = sentry.serve(SENTRY).await;
    let error = start(settings("orders", &authority, &server)).await.unwrap_err().to_string();
    assert!(error.contains("ValidUntil"), "{error}");
}

#[tokio::test]
async fn a_sentry_that_is_not_there_is_unreachable() {
    let authority = Authority::new("root");
    let sentry = Sentry::new(&authority);
    let server = sentry.serve(SENTRY).await;
    // TLS of an identity, to ask by hand.
    let security = start(settings("orders", &authority, &server)).await.unwrap();
    let tls = security.control_plane_client_config("dapr-sentry").unwrap().unwrap();
    let mut gone = settings("orders", &authority, &server);
    drop(server);
    let request = SigningRequest { request_pem: String::new(), tls };
    let SourceError { reason, unreachable, message } = Client::new(&gone).sign(request.clone()).await.err().unwrap();
    assert!(unreachable && reason == "sentry_conn" && message.contains("cannot connect to 127.0.0.1"), "{message}");
    gone.sentry_address = String::new();
    let SourceError { unreachable, message, .. } = Client::new(&gone).sign(request).await.err().unwrap();
    assert!(!unreachable && message.contains("--sentry-address"), "{message}");
}
