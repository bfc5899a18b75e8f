//! Who may have which identity: what every request must have, and the three ways to prove the rest.

mod claims;
mod jwks;
mod kubernetes;

use std::collections::HashMap;
use std::sync::Arc;

use dapr_proto::sentry::v1::SignCertificateRequest;
use dapr_proto::sentry::v1::sign_certificate_request::TokenValidator;
use dapr_security::spiffe::is_trust_domain;
use tonic::Status;

pub(crate) use jwks::{Jwks, JwksOptions};
pub(crate) use kubernetes::Kubernetes;

/// The trust domain of apps that have none of their own.
const PUBLIC: &str = "public";
/// The longest app id, as in a label of Kubernetes and then one.
const MAX_APP_ID: usize = 64;

/// What a validator vouches for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) trust_domain: String,
    /// JSON for the extension of container images.
    pub(crate) images: Option<String>,
}

/// A way to prove an identity.
pub(crate) enum Validator {
    /// Everybody is believed: for one machine, where everybody could read everything anyway.
    Insecure,
    Kubernetes(Arc<Kubernetes>),
    Jwks(Arc<Jwks>),
}

/// The validators that are on.
pub(crate) struct Validators {
    pub(crate) by_kind: HashMap<TokenValidator, Validator>,
    /// For requests that name none.
    pub(crate) default: Option<TokenValidator>,
}

impl Validators {
    /// Checks a request with the validator it names.
    pub(crate) async fn validate(&self, request: &SignCertificateRequest) -> Result<Verdict, Status> {
        let named = TokenValidator::try_from(request.token_validator).ok();
        let kind = match named {
            Some(TokenValidator::Unknown) => self
                .default
                .ok_or_else(|| Status::invalid_argument("a validator name must be specified in this environment"))?,
            Some(kind) => kind,
            None => return Err(not_enabled()),
        };
        let validator = self.by_kind.get(&kind).ok_or_else(not_enabled)?;
        let verdict = match validator {
            Validator::Insecure => common(request).map(|trust_domain| Verdict { trust_domain, images: None }),
            Validator::Kubernetes(kubernetes) => kubernetes.validate(request).await,
            Validator::Jwks(jwks) => jwks.validate(request).await,
        };
        verdict.map_err(|why| {
            let (namespace, id) = (&request.namespace, &request.id);
            tracing::debug!(target: "dapr.sentry.server", "Failed to validate request for {namespace}/{id}: {why}");
            Status::permission_denied(why)
        })
    }
}

fn not_enabled() -> Status {
    Status::invalid_argument("the requested validator is not enabled")
}

/// What every request must have. Returns the trust domain that it asks for.
pub(crate) fn common(request: &SignCertificateRequest) -> Result<String, String> {
    let mut wrong = Vec::new();
    if request.id.is_empty() {
        wrong.push("parameter app-id cannot be empty");
    }
    if request.id.contains('.') {
        wrong.push("parameter app-id cannot contain dots");
    }
    if request.id.len() > MAX_APP_ID {
        wrong.push("app ID must be 64 characters or less");
    }
    if request.certificate_signing_request.is_empty() {
        wrong.push("CSR is required");
    }
    if request.namespace.is_empty() {
        wrong.push("namespace is required");
    }
    if !wrong.is_empty() {
        return Err(format!("invalid request: {}", wrong.join("\n")));
    }
    match request.trust_domain.as_str() {
        "" => Ok(PUBLIC.to_owned()),
        trust_domain if is_trust_domain(trust_domain) => Ok(trust_domain.to_owned()),
        _ => {
            Err("trust domain characters are limited to lowercase letters, numbers, dots, dashes, and underscores"
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(id: &str, namespace: &str, trust_domain: &str) -> SignCertificateRequest {
        SignCertificateRequest {
            id: id.into(),
            namespace: namespace.into(),
            trust_domain: trust_domain.into(),
            certificate_signing_request: "x".into(),
            ..SignCertificateRequest::default()
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let mut wrong = request("", "", "");
        wrong.certificate_signing_request = "".into();
        assert_eq!(
            common(&wrong).unwrap_err(),
            "invalid request: parameter app-id cannot be empty\nCSR is required\nnamespace is required"
        );
        assert!(common(&request("a.b", "n", "")).unwrap_err().contains("cannot contain dots"));
        assert!(common(&request(&"a".repeat(65), "n", "")).unwrap_err().contains("64 characters or less"));
        assert!(common(&request("a", "n", "Not/A/Domain")).unwrap_err().starts_with("trust domain characters"));
    }

    #[test]
    fn the_trust_domain_defaults_to_public() {
        assert_eq!(common(&request(&"a".repeat(64), "n", "")).unwrap(), "public");
        assert_eq!(common(&request("a", "n", "mine")).unwrap(), "mine");
    }

    #[tokio::test]
    async fn a_validator_must_be_on_and_named_unless_there_is_a_default() {
        let mut validators =
            Validators { by_kind: [(TokenValidator::Insecure, Validator::Insecure)].into(), default: None };
        let mut asked = request("a", "n", "");
        let code = |result: Result<Verdict, Status>| result.map_err(|status| status.message().to_owned());
        let unnamed = code(validators.validate(&asked).await).unwrap_err();
        assert_eq!(unnamed, "a validator name must be specified in this environment");
        validators.default = Some(TokenValidator::Insecure);
        assert!(validators.validate(&asked).await.is_ok());
        for other in [TokenValidator::Jwks as i32, TokenValidator::Kubernetes as i32, -1, 99] {
            asked.token_validator = other;
            assert_eq!(code(validators.validate(&asked).await).unwrap_err(), "the requested validator is not enabled");
        }
    }
}
