//! `middleware.http.opa`: asks a policy whether a request may pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use dapr_net::Body;
use dapr_net::body::CollectError;
use dapr_spi::http_middleware::{HttpMiddleware, Next, Request, Response, answer, answer_status};
use dapr_spi::{Context, Error, Factory, Metadata, Result};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::input;
use crate::policy::{Decision, Policy};

/// The longest body a policy reads; the default limit of the API's own bodies.
const MAX_BODY: usize = 4 << 20;
/// Tells a policy that failed from one that denied.
const FAILED: HeaderName = HeaderName::from_static("x-dapr-opa-error");

/// Fields of `middleware.http.opa`.
#[derive(Clone, Debug, Metadata)]
pub struct OpaMetadata {
    /// The policy, a module in Rego: `package http` with a rule `allow`, which is `true`, `false`, or an object with
    /// `allow`, `status_code` and `additional_headers`.
    #[metadata(required)]
    pub rego: String,
    /// Status of the answer to a request that is denied, when the policy says none, from 100 to 599.
    #[metadata(default = "403")]
    pub default_status: u16,
    /// Headers of the request that the policy sees, separated by commas.
    #[metadata(default = "")]
    pub included_headers: String,
    /// Whether the policy sees the body, up to 4 MiB; longer ones are answered with 413.
    #[metadata(default = "false")]
    pub read_body: bool,
}

/// Makes `middleware.http.opa`.
pub struct Opa;

/// Checked settings.
#[derive(Clone)]
pub struct Valid {
    policy: Arc<Policy>,
    status: StatusCode,
    included: Vec<HeaderName>,
    read_body: bool,
}

#[async_trait]
impl Factory for Opa {
    type Metadata = OpaMetadata;
    type Valid = Valid;
    type Component = dyn HttpMiddleware;

    fn validate(metadata: OpaMetadata) -> Result<Valid> {
        let status = StatusCode::from_u16(metadata.default_status).ok().filter(|status| status.as_u16() < 600);
        let status = status.ok_or_else(|| {
            Error::invalid(format!("field `defaultStatus` is from 100 to 599, found {}", metadata.default_status))
        })?;
        let names =
            metadata.included_headers.split(',').map(|name| name.replace(' ', "")).filter(|name| !name.is_empty());
        let header = |name: String| {
            name.parse()
                .map_err(|_| Error::invalid(format!("field `includedHeaders`: `{name}` is not the name of a header")))
        };
        let policy = Policy::compile(&metadata.rego)
            .map_err(|error| Error::invalid(format!("field `rego` cannot be compiled: {}", error.trim())))?;
        Ok(Valid {
            policy: Arc::new(policy),
            status,
            included: names.map(header).collect::<Result<_>>()?,
            read_body: metadata.read_body,
        })
    }

    async fn init(valid: Valid, _: Context) -> Result<Arc<dyn HttpMiddleware>> {
        Ok(Arc::new(valid))
    }
}

#[async_trait]
impl HttpMiddleware for Valid {
    async fn handle(&self, request: Request, next: Next<'_>) -> Response {
        let (mut parts, mut body) = request.into_parts();
        let mut text = String::new();
        if self.read_body {
            let (bytes, trailers) = match body.collect_all(MAX_BODY).await {
                Ok(all) => all,
                Err(error @ CollectError::TooLarge(_)) => {
                    return answer(StatusCode::PAYLOAD_TOO_LARGE, error.to_string());
                }
                Err(error) => return answer(StatusCode::BAD_REQUEST, error.to_string()),
            };
            text = String::from_utf8_lossy(&bytes).into_owned();
            body = whole(bytes, trailers);
        }
        match self.policy.decide(&input::of(&parts, &self.included, &text)) {
            Ok(Decision::Allow(headers)) => {
                set(&mut parts.headers, headers);
                next.run(Request::from_parts(parts, body)).await
            }
            Ok(Decision::Deny(status, headers)) => {
                // A status without a name becomes 500, as in the incumbent.
                let known = |status: &StatusCode| status.canonical_reason().is_some();
                let status = status.map_or(Some(self.status), |status| StatusCode::from_u16(status).ok());
                let mut response = answer_status(status.filter(known).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
                let content_type = response.headers().clone();
                set(response.headers_mut(), headers);
                response.headers_mut().extend(content_type);
                response
            }
            Err(error) => {
                tracing::warn!(%error, "a policy failed; the request was denied");
                let mut response = answer_status(self.status);
                response.headers_mut().insert(FAILED, HeaderValue::from_static("true"));
                response
            }
        }
    }
}

/// A body that was read, with its trailers.
fn whole(bytes: impl Into<bytes::Bytes>, trailers: Option<HeaderMap>) -> Body {
    use http_body_util::{BodyExt, Full};
    match trailers {
        None => Body::full(bytes),
        Some(trailers) => Body::stream(Full::new(bytes.into()).with_trailers(async { Some(Ok(trailers)) })),
    }
}

/// Sets headers; those that no header can be are left out, with a word in the log.
fn set(headers: &mut HeaderMap, more: BTreeMap<String, String>) {
    for (name, value) in more {
        match (name.parse::<HeaderName>(), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                headers.insert(name, value);
            }
            _ => tracing::warn!(%name, "a policy sets a header that is none"),
        }
    }
}

#[cfg(test)]
mod tests;
