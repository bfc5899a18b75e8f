//! The calls of Consul's HTTP API that name resolution needs.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dapr_net::http1::Pool;
use dapr_net::{Body, Origin, Tls};
use dapr_spi::{Error, ErrorKind, Result};
use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
};
use http::uri::Authority;
use http::{Method, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use serde_json::Value;

use crate::settings::{Client as Settings, QueryOptions};
use crate::tls;

/// Bound of one request, with its connection.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const MAX_ANSWER: usize = 16 << 20;
/// Bytes of a refusal that are shown.
const MAX_SHOWN: usize = 300;
/// A file that is longer holds no token.
const MAX_TOKEN: usize = 4 << 10;
const TOKEN: HeaderName = HeaderName::from_static("x-consul-token");
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A healthy instance of a service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Entry {
    pub(crate) node: Option<Node>,
    pub(crate) service: Service,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Node {
    #[serde(default)]
    pub(crate) address: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Service {
    #[serde(default)]
    pub(crate) address: String,
    pub(crate) meta: Option<std::collections::BTreeMap<String, String>>,
}

pub(crate) struct Client {
    authority: Authority,
    origin: Origin,
    headers: HeaderMap,
    datacenter: String,
}

impl Client {
    /// Reads the files of the settings; connects to nobody. Blocks.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        let authority: Authority = settings.address.parse().map_err(|error| {
            Error::from_source(ErrorKind::Invalid, &format!("`{}` is no address", settings.address), error)
        })?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let secure = settings.scheme == "https";
        let tls = if secure { Some(with_tls(settings, &host)?) } else { None };
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let mut headers = HeaderMap::new();
        if let Some(token) = token(settings)? {
            headers.insert(TOKEN, secret(&token, "token")?);
        }
        if let Some(auth) = &settings.http_auth {
            let text = STANDARD.encode(format!("{}:{}", auth.username, auth.password));
            headers.insert(AUTHORIZATION, secret(&format!("Basic {text}"), "httpAuth")?);
        }
        Ok(Self { authority, origin: Origin { host, port, tls }, headers, datacenter: settings.datacenter.clone() })
    }

    /// Asks whether there is an agent that lets us in.
    pub(crate) async fn check(&self) -> Result<()> {
        self.send(Method::GET, "/v1/agent/self".into(), HeaderMap::new(), Bytes::new()).await.map(|_| ())
    }

    pub(crate) async fn register(&self, service: &Value) -> Result<()> {
        let body = Bytes::from(service.to_string());
        let path = self.path("/v1/agent/service/register", &[]);
        self.send(Method::PUT, path, HeaderMap::new(), body).await.map(|_| ())
    }

    pub(crate) async fn deregister(&self, id: &str) -> Result<()> {
        let path = self.path(&format!("/v1/agent/service/deregister/{}", encoded(id)), &[]);
        self.send(Method::PUT, path, HeaderMap::new(), Bytes::new()).await.map(|_| ())
    }

    /// The instances of a service that pass all checks.
    pub(crate) async fn healthy(&self, service: &str, options: &QueryOptions) -> Result<Vec<Entry>> {
        let (parameters, headers) = question(options)?;
        let path = self.path(&format!("/v1/health/service/{}", encoded(service)), &parameters);
        let answer = self.send(Method::GET, path, headers, Bytes::new()).await?;
        serde_json::from_slice(&answer)
            .map_err(|error| Error::from_source(ErrorKind::Failed, "Consul's answer is not a list of services", error))
    }

    fn path(&self, path: &str, parameters: &[(&str, String)]) -> String {
        let has_datacenter = parameters.iter().any(|(name, _)| *name == "dc");
        let own = (!self.datacenter.is_empty() && !has_datacenter).then(|| ("dc", self.datacenter.clone()));
        let all: Vec<String> = parameters
            .iter()
            .cloned()
            .chain(own)
            .map(|(name, value)| if value.is_empty() { name.to_owned() } else { format!("{name}={}", encoded(&value)) })
            .collect();
        if all.is_empty() { path.to_owned() } else { format!("{path}?{}", all.join("&")) }
    }

    async fn send(&self, method: Method, path: String, headers: HeaderMap, body: Bytes) -> Result<Bytes> {
        let exchange = self.exchange(method, path, headers, body);
        let late = |_| Error::unavailable(format!("no answer from Consul at `{}` within {TIMEOUT:?}", self.authority));
        tokio::time::timeout(TIMEOUT, exchange).await.map_err(late)?
    }

    async fn exchange(&self, method: Method, path: String, headers: HeaderMap, body: Bytes) -> Result<Bytes> {
        let what = || format!("cannot ask Consul at `{}`", self.authority);
        let failed = |error: &dyn std::error::Error| Error::unavailable(format!("{}: {error}", what()));
        let length = HeaderValue::from(body.len());
        let mut request = Request::new(Body::full(body));
        *request.uri_mut() = path.parse().map_err(|error| failed(&error))?;
        let all = request.headers_mut();
        all.extend(self.headers.clone());
        all.extend(headers);
        all.insert(HOST, HeaderValue::from_str(self.authority.as_str()).map_err(|error| failed(&error))?);
        if method != Method::GET {
            all.insert(CONTENT_LENGTH, length);
            all.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        *request.method_mut() = method;
        let response = Pool::new(self.origin.clone()).send(request).await.map_err(|error| failed(&error))?;
        let status = response.status();
        let answer = response.into_body().collect(MAX_ANSWER).await.map_err(|error| failed(&error))?;
        if status.is_success() {
            return Ok(answer);
        }
        let kind = if status.is_server_error() { ErrorKind::Unavailable } else { ErrorKind::Failed };
        let text = String::from_utf8_lossy(&answer[..answer.len().min(MAX_SHOWN)]).trim().to_owned();
        Err(Error::new(kind, format!("{}: it answered {status}: {text}", what())))
    }
}

/// The parameters and headers of a question for a service (Consul's API, "HTTP API structure" and "Agent caching").
fn question(options: &QueryOptions) -> Result<(Vec<(&'static str, String)>, HeaderMap)> {
    let mut parameters = vec![("passing", "1".to_owned())];
    let texts = [
        ("dc", &options.datacenter),
        ("ns", &options.namespace),
        ("partition", &options.partition),
        ("near", &options.near),
        ("filter", &options.filter),
    ];
    parameters.extend(texts.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (*name, (*text).clone())));
    parameters.extend(options.node_meta.iter().map(|(name, value)| ("node-meta", format!("{name}:{value}"))));
    let cached = options.use_cache && !options.require_consistent;
    let flags = [("stale", options.allow_stale), ("consistent", options.require_consistent), ("cached", cached)];
    parameters.extend(flags.iter().filter(|(_, on)| *on).map(|(name, _)| (*name, String::new())));
    if options.relay_factor != 0 {
        parameters.push(("relay-factor", options.relay_factor.to_string()));
    }
    let truths = [("local-only", options.local_only), ("connect", options.connect)];
    parameters.extend(truths.iter().filter(|(_, on)| *on).map(|(name, _)| (*name, "true".to_owned())));
    let mut headers = HeaderMap::new();
    if !options.token.is_empty() {
        headers.insert(TOKEN, secret(&options.token, "queryOptions.token")?);
    }
    let ages = [("max-age", options.max_age), ("stale-if-error", options.stale_if_error)];
    let ages: Vec<String> =
        ages.iter().filter_map(|(name, age)| age.map(|age| format!("{name}={}", age.as_secs()))).collect();
    if cached
        && let Ok(value) = HeaderValue::from_str(&ages.join(", "))
        && !ages.is_empty()
    {
        headers.insert(CACHE_CONTROL, value);
    }
    Ok((parameters, headers))
}

fn with_tls(settings: &Settings, host: &str) -> Result<Tls> {
    let config: Arc<ClientConfig> = tls::config(&settings.tls)?;
    let name = match settings.tls.address.as_str() {
        "" => host,
        address => address.rsplit_once(':').map_or(address, |(name, _)| name),
    };
    let server_name = ServerName::try_from(name.to_owned())
        .map_err(|_| Error::invalid(format!("field `client.tlsConfig.address`: `{name}` is no name of a server")))?;
    Ok(Tls { config, server_name })
}

/// The token of the file, or the one that was given.
fn token(settings: &Settings) -> Result<Option<String>> {
    if settings.token_file.is_empty() {
        return Ok(Some(settings.token.clone()).filter(|token| !token.is_empty()));
    }
    let what = format!("cannot read the token file `{}`", settings.token_file);
    let text = std::fs::read_to_string(&settings.token_file)
        .map_err(|error| Error::from_source(ErrorKind::Failed, &what, error))?;
    if text.len() > MAX_TOKEN {
        return Err(Error::failed(format!("`{}` is too long to be a token", settings.token_file)));
    }
    Ok(Some(text.trim().to_owned()).filter(|token| !token.is_empty()))
}

fn secret(text: &str, field: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Error::invalid(format!("field `client.{field}`: holds characters that no header can")))?;
    value.set_sensitive(true);
    Ok(value)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}
