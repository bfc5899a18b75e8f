//! The part of OpenID Connect that lets others verify our JWTs: discovery and the key set. Nobody logs in here.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use crate::ca::{directory, pem};
use crate::core::Core;
use crate::settings::Oidc;
use crate::tls::Shown;

#[cfg(test)]
mod tests;

const JWKS: &str = "/jwks.json";
const DISCOVERY: &str = "/.well-known/openid-configuration";
/// How often the files of certificate and key are looked for.
const WAIT_FOR_FILES: Duration = Duration::from_secs(5);

/// What is published, whatever the key.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    settings: Oidc,
    issuer: Option<String>,
    algorithm: String,
}

impl Endpoints {
    /// The endpoints of `settings`, for tokens of this issuer and algorithm.
    pub(crate) fn new(settings: Oidc, issuer: Option<String>, algorithm: String) -> Self {
        Self { settings, issuer: issuer.filter(|issuer| !issuer.is_empty()), algorithm }
    }

    /// Answers with the key set of this moment.
    pub(crate) fn serve<B>(&self, core: &Core, request: &Request<B>) -> Response<Full<Bytes>> {
        let state = core.state.load();
        let key_set = state.token_key.as_ref().map(|key| key.key_set.to_json());
        self.answer(request, key_set)
    }

    fn answer<B>(&self, request: &Request<B>, key_set: Option<String>) -> Response<Full<Bytes>> {
        let path = request.uri().path().strip_prefix(self.settings.path_prefix.as_str());
        let Some(endpoint) = path.filter(|path| [JWKS, DISCOVERY].contains(path)) else {
            return text(StatusCode::NOT_FOUND, "404 page not found");
        };
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let own = header(HOST.as_str()).or_else(|| request.uri().authority().map(Authority::as_str)).unwrap_or("");
        let forwarded = header("x-forwarded-host").filter(|host| !host.is_empty());
        let host = forwarded.unwrap_or(own);
        if !self.allows(host) {
            tracing::warn!(target: "dapr.sentry.server.oidc.http", "Request from unauthorized domain: {host:?}");
            return text(StatusCode::FORBIDDEN, "Forbidden: unauthorized domain");
        }
        if request.method() != Method::GET {
            return text(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed");
        }
        let Some(key_set) = key_set else { return text(StatusCode::NOT_FOUND, "JWKS not available") };
        if endpoint == JWKS {
            return json(key_set);
        }
        // A forwarded host is a client's word: it is believed only where it was on the list itself.
        let listed = !self.settings.allowed_hosts.is_empty() && !self.settings.allowed_hosts.iter().any(|h| h == "*");
        match self.discovery(if listed { host } else { own }) {
            Some(document) => json(document),
            None => text(StatusCode::BAD_REQUEST, "Invalid host"),
        }
    }

    fn allows(&self, host: &str) -> bool {
        let allowed = &self.settings.allowed_hosts;
        let without_port = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let without_port = without_port.map_or(host, |(name, _)| name.trim_matches(['[', ']']));
        allowed.is_empty() || allowed.iter().any(|name| name == "*" || name == host || name == without_port)
    }

    /// The document, for a client that reached us under `host`.
    fn discovery(&self, host: &str) -> Option<String> {
        let scheme = if self.settings.tls.is_some() { "https" } else { "http" };
        let own = || host.parse::<Authority>().ok().map(|host| format!("{scheme}://{host}"));
        let issuer = match &self.issuer {
            Some(issuer) => issuer.clone(),
            None => own()?,
        };
        let key_set = match &self.settings.jwks_uri {
            Some(uri) => uri.clone(),
            None => {
                let base = self.issuer.as_ref().and_then(|issuer| origin(issuer));
                format!("{}{}{JWKS}", base.or_else(own)?, self.settings.path_prefix)
            }
        };
        let document = json!({
            "issuer": issuer,
            "jwks_uri": key_set,
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.algorithm],
            "scopes_supported": ["openid"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nbf", "use"],
        });
        Some(document.to_string())
    }
}

/// Scheme and authority of a URL.
fn origin(url: &str) -> Option<String> {
    let url: Uri = url.parse().ok()?;
    Some(format!("{}://{}", url.scheme_str()?, url.authority()?))
}

fn text(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{text}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn json(body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

/// Reads certificate and key; waits for them when they do not exist yet.
///
/// # Errors
/// They exist and cannot be used.
pub(crate) async fn certificate(chain: &Path, key: &Path) -> Result<Arc<Shown>, String> {
    while !(chain.exists() && key.exists()) {
        tracing::warn!(
            target: "dapr.sentry.server.oidc.http",
            "Waiting for TLS certificate and key files to be available: {}, {}", chain.display(), key.display()
        );
        tokio::time::sleep(WAIT_FOR_FILES).await;
    }
    load(chain, key).map(Arc::new)
}

/// Reads certificate and key.
///
/// # Errors
/// They cannot be read or used.
pub(crate) fn load(chain: &Path, key: &Path) -> Result<Shown, String> {
    let wrong = |path: &Path, why: String| format!("OIDC TLS file {}: {why}", path.display());
    let content = |path: &Path| match directory::read(path) {
        Ok(Some(content)) => Ok(content),
        Ok(None) => Err(wrong(path, "it does not exist".into())),
        Err(error) => Err(error.to_string()),
    };
    let certificates = pem::certificates(&content(chain)?).map_err(|error| wrong(chain, error.to_string()))?;
    let private = PrivateKeyDer::from_pem_slice(&content(key)?).map_err(|error| wrong(key, error.to_string()))?;
    Shown::of(certificates, private).map_err(|error| wrong(chain, error.to_string()))
}
