//! Calls of what is no Dapr app: HTTPEndpoint resources and URLs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use dapr_net::{Body, Origin, Tls, http1, tls};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::{Request, Uri};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tonic::Status;

use crate::call::{Answer, Call};
use crate::serve::{app_request, of_app};
use dapr_spi::app_channel::Answer as AppAnswer;

/// Origins whose connections are kept for calls of URLs.
const MAX_ORIGINS: usize = 256;

/// An HTTPEndpoint resource whose secrets are resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointSettings {
    /// Its name.
    pub name: String,
    /// Where it is, with the beginning of every path.
    pub base_url: String,
    /// Headers of every call, in place of the caller's.
    pub headers: Vec<(String, String)>,
    /// PEM of the authorities that the endpoint's certificate is checked against; empty for those of the machine.
    pub root_ca: String,
    /// PEM of the certificate that is shown to the endpoint; empty for none.
    pub certificate: String,
    /// PEM of its key.
    pub private_key: String,
}

/// What is wrong with an HTTPEndpoint.
#[derive(Debug, thiserror::Error)]
#[error("HTTPEndpoint {name}: {field}: {message}")]
pub struct InvalidEndpoint {
    name: String,
    field: &'static str,
    message: String,
}

/// The endpoints of a sidecar.
#[derive(Default)]
pub struct Endpoints {
    named: HashMap<String, Endpoint>,
    urls: Mutex<HashMap<String, http1::Pool>>,
    trust: std::sync::OnceLock<Arc<ClientConfig>>,
}

struct Endpoint {
    base: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    pool: http1::Pool,
}

impl Endpoints {
    /// Endpoints by name. Those that cannot be used are reported and left out.
    pub fn new(settings: Vec<EndpointSettings>) -> (Self, Vec<InvalidEndpoint>) {
        let mut endpoints = Self::default();
        let mut problems = Vec::new();
        for setting in settings {
            match endpoints.endpoint(&setting) {
                Ok(endpoint) => drop(endpoints.named.insert(setting.name, endpoint)),
                Err(problem) => problems.push(problem),
            }
        }
        (endpoints, problems)
    }

    /// Whether there is an endpoint of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// Where the endpoint of that name is.
    pub fn base_url(&self, name: &str) -> Option<String> {
        self.named.get(name).map(|endpoint| endpoint.base.to_string())
    }

    fn endpoint(&self, setting: &EndpointSettings) -> Result<Endpoint, InvalidEndpoint> {
        let wrong = |field, message: String| InvalidEndpoint { name: setting.name.clone(), field, message };
        let base: Uri = setting.base_url.parse().map_err(|error| wrong("spec.baseUrl", format!("{error}")))?;
        let tls = if base.scheme_str() == Some("https") { Some(self.tls_of(setting)?) } else { None };
        let origin = origin(&base, tls).ok_or_else(|| {
            wrong("spec.baseUrl", format!("`{base}` must begin with http:// or https:// and name a host"))
        })?;
        let headers = setting.headers.iter().map(|(name, value)| {
            let name =
                HeaderName::try_from(name).map_err(|_| wrong("spec.headers", format!("`{name}` is no header name")))?;
            let value = HeaderValue::try_from(value)
                .map_err(|_| wrong("spec.headers", format!("the value of `{name}` is no header value")))?;
            Ok((name, value))
        });
        Ok(Endpoint { headers: headers.collect::<Result<_, _>>()?, base, pool: http1::Pool::new(origin) })
    }

    fn tls_of(&self, setting: &EndpointSettings) -> Result<Arc<ClientConfig>, InvalidEndpoint> {
        if setting.root_ca.is_empty() && setting.certificate.is_empty() {
            return Ok(self.trust.get_or_init(|| config(tls::system_roots())).clone());
        }
        let wrong = |field, message: String| InvalidEndpoint { name: setting.name.clone(), field, message };
        let roots = if setting.root_ca.is_empty() {
            tls::system_roots()
        } else {
            let mut roots = RootCertStore::empty();
            for certificate in CertificateDer::pem_slice_iter(setting.root_ca.as_bytes()) {
                let certificate = certificate.map_err(|error| wrong("spec.clientTLS.rootCA", error.to_string()))?;
                roots.add(certificate).map_err(|error| wrong("spec.clientTLS.rootCA", error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(wrong("spec.clientTLS.rootCA", "holds no certificate".into()));
            }
            roots
        };
        if setting.certificate.is_empty() {
            return Ok(config(roots));
        }
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(setting.certificate.as_bytes()).collect();
        let chain = chain.map_err(|error| wrong("spec.clientTLS.certificate", error.to_string()))?;
        let key = PrivateKeyDer::from_pem_slice(setting.private_key.as_bytes())
            .map_err(|error| wrong("spec.clientTLS.privateKey", error.to_string()))?;
        let config = tls::client_builder().with_root_certificates(roots).with_client_auth_cert(chain, key);
        config.map(Arc::new).map_err(|error| wrong("spec.clientTLS", error.to_string()))
    }

    /// Calls an endpoint by name.
    pub(crate) async fn call(&self, name: &str, call: Call) -> Result<Answer, Status> {
        let endpoint = self.named.get(name).ok_or_else(|| Status::not_found(format!("no HTTPEndpoint {name}")))?;
        send(&endpoint.pool, &endpoint.base, &endpoint.headers, call).await
    }

    /// Calls a URL; `url` is the part before the method.
    pub(crate) async fn call_url(&self, url: &str, call: Call) -> Result<Answer, Status> {
        let base: Uri = url.parse().map_err(|error| Status::invalid_argument(format!("invalid URL {url}: {error}")))?;
        let pool = self.pool(&base).ok_or_else(|| Status::invalid_argument(format!("invalid URL {url}")))?;
        send(&pool, &base, &[], call).await
    }

    fn pool(&self, base: &Uri) -> Option<http1::Pool> {
        let tls = (base.scheme_str() == Some("https"))
            .then(|| self.trust.get_or_init(|| config(tls::system_roots())).clone());
        let origin = origin(base, tls)?;
        let key = format!("{}://{origin}", base.scheme_str().unwrap_or_default());
        let mut urls = self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = urls.get(&key) {
            return Some(pool.clone());
        }
        if urls.len() >= MAX_ORIGINS
            && let Some(any) = urls.keys().next().cloned()
        {
            urls.remove(&any);
        }
        let pool = http1::Pool::new(origin);
        urls.insert(key, pool.clone());
        Some(pool)
    }
}

async fn send(pool: &http1::Pool, base: &Uri, own: &[(HeaderName, HeaderValue)], call: Call) -> Result<Answer, Status> {
    let Call { path, verb, query, mut headers, content_type, span, body, .. } = call;
    crate::serve::set_content_type(&mut headers, &content_type);
    crate::serve::span_headers(&span, &mut headers, false);
    dapr_net::headers::remove_hop_by_hop(&mut headers);
    let binary: Vec<_> = headers.keys().filter(|name| name.as_str().ends_with("-bin")).cloned().collect();
    for name in binary {
        headers.remove(name);
    }
    if body.length() != Some(content_length(&headers)) {
        headers.remove(CONTENT_LENGTH);
    }
    if let Some(host) = base.authority().and_then(|authority| HeaderValue::from_str(host_of(authority)).ok()) {
        headers.insert(HOST, host);
    }
    for (name, value) in own {
        headers.insert(name.clone(), value.clone());
    }
    let mut request: Request<Body> = app_request(&verb, &path, false, &query, headers, body)?;
    let prefix = base.path().trim_end_matches('/');
    if !prefix.is_empty() {
        let whole = format!("{prefix}{}", request.uri());
        *request.uri_mut() =
            whole.parse().map_err(|error| Status::invalid_argument(format!("invalid path: {error}")))?;
    }
    let answered = pool.send(request).await;
    let mut response = answered.map_err(|error| Status::unavailable(format!("error invoking {base}: {error}")))?;
    let content_type = response.headers().get(CONTENT_TYPE).cloned();
    dapr_net::headers::remove_hop_by_hop(response.headers_mut());
    response.headers_mut().remove(CONTENT_LENGTH);
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    of_app(Ok(AppAnswer::Http(response)))
}

fn content_length(headers: &http::HeaderMap) -> u64 {
    headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok()).unwrap_or_default()
}

/// Host and port without user and password.
fn host_of(authority: &http::uri::Authority) -> &str {
    authority.as_str().rsplit('@').next().unwrap_or_default()
}

fn origin(base: &Uri, tls: Option<Arc<ClientConfig>>) -> Option<Origin> {
    let default = match base.scheme_str()? {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let host = base.host().filter(|host| !host.is_empty())?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let tls = match tls {
        None => None,
        Some(config) => Some(Tls { config, server_name: ServerName::try_from(host.clone()).ok()? }),
    };
    Some(Origin { host, port: base.port_u16().unwrap_or(default), tls })
}

fn config(roots: RootCertStore) -> Arc<ClientConfig> {
    Arc::new(tls::client_builder().with_root_certificates(roots).with_no_client_auth())
}
