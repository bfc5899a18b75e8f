//! The servers that requests go to: that of the URL, whose connections are kept, and those that redirections name.

use std::sync::Arc;

use dapr_net::http1::Pool;
use dapr_net::{Body, Origin, SendError, Tls};
use dapr_spi::{Error, Result};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, LOCATION};
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::request::Outgoing;
use crate::settings::Settings;

/// How many redirections are followed.
const MAX_REDIRECTIONS: usize = 10;

/// Sends requests. The URL's origin has a pool of connections.
pub(crate) struct Target {
    pool: Pool,
    authority: String,
    tls: Arc<ClientConfig>,
    token: Option<HeaderName>,
}

/// Whether requests can go to `url`.
pub(crate) fn check(url: &Uri) -> Result<(), String> {
    let is_http = url.scheme() == Some(&Scheme::HTTP) || url.scheme() == Some(&Scheme::HTTPS);
    if !is_http || url.host().is_none_or(str::is_empty) {
        return Err(format!("`{url}` is no URL that begins with http:// or https:// and names a host"));
    }
    Ok(())
}

impl Target {
    /// Reads certificates from disk where the settings name files.
    pub(crate) async fn new(settings: &Settings) -> Result<Self> {
        let root = pem("MTLSRootCA", &settings.root_ca).await?;
        let certificate = pem("MTLSClientCert", &settings.certificate).await?;
        let key = pem("MTLSClientKey", &settings.key).await?;
        let config = tokio::task::spawn_blocking(move || dapr_net::tls::client_config(&root, &certificate, &key)).await;
        let config = config.map_err(|error| Error::failed(error.to_string()))?;
        let config = config.map_err(|why| {
            let named = why.replace("caCert", "MTLSRootCA").replace("clientCert", "MTLSClientCert");
            Error::invalid(format!("metadata field {}", named.replace("clientKey", "MTLSClientKey")))
        })?;
        let tls = Arc::new(config);
        let url: Uri = settings.url.parse().map_err(|_| Error::invalid("metadata field url is no URL"))?;
        let origin = origin(&url, &tls).map_err(Error::invalid)?;
        let token = settings.token.as_ref().map(|(name, _)| name.clone());
        Ok(Self { pool: Pool::new(origin), authority: authority_of(&url), tls, token })
    }

    /// Sends a request, and again where redirections lead.
    pub(crate) async fn send(&self, mut outgoing: Outgoing) -> Result<Response<Body>, String> {
        for _ in 0..=MAX_REDIRECTIONS {
            let response = self.send_once(&outgoing).await?;
            let Some(next) = redirection(&outgoing.url, &response) else { return Ok(response) };
            self.follow(&mut outgoing, next, response.status());
        }
        Err(format!("stopped after {MAX_REDIRECTIONS} redirects"))
    }

    async fn send_once(&self, outgoing: &Outgoing) -> Result<Response<Body>, String> {
        let Outgoing { method, url, headers, body } = outgoing;
        check(url)?;
        let authority = authority_of(url);
        let host = HeaderValue::try_from(&authority).map_err(|_| format!("`{authority}` is no host"))?;
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let body = body.clone().map_or_else(Body::empty, Body::full);
        let length = body.length().unwrap_or_default();
        let mut request = Request::new(body);
        *request.method_mut() = method.clone();
        *request.uri_mut() = path.parse().map_err(|error| format!("`{path}` is no path: {error}"))?;
        *request.headers_mut() = headers.clone();
        request.headers_mut().insert(HOST, host);
        if outgoing.body.is_some() {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        let is_own =
            authority == self.authority && (url.scheme() == Some(&Scheme::HTTPS)) == self.pool.origin().tls.is_some();
        let sent =
            if is_own { self.pool.send(request).await } else { Pool::new(origin(url, &self.tls)?).send(request).await };
        sent.map_err(|error: SendError| format!("{method} {}: {error}", without_user(url)))
    }

    /// As browsers do: most redirections are followed with a GET, and another host learns no secrets.
    fn follow(&self, outgoing: &mut Outgoing, next: Uri, status: StatusCode) {
        let keeps = matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        if !keeps {
            if outgoing.method != Method::HEAD {
                outgoing.method = Method::GET;
            }
            outgoing.body = None;
            outgoing.headers.remove(CONTENT_TYPE);
        }
        if next.host() != outgoing.url.host() {
            outgoing.headers.remove(AUTHORIZATION);
            outgoing.headers.remove(COOKIE);
            if let Some(token) = &self.token {
                outgoing.headers.remove(token);
            }
        }
        outgoing.url = next;
    }
}

fn origin(url: &Uri, tls: &Arc<ClientConfig>) -> Result<Origin, String> {
    check(url)?;
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let is_secure = url.scheme() == Some(&Scheme::HTTPS);
    let tls = match is_secure {
        true => {
            let server_name =
                ServerName::try_from(host.clone()).map_err(|_| format!("`{host}` is no name of a server"))?;
            Some(Tls { config: tls.clone(), server_name })
        }
        false => None,
    };
    Ok(Origin { host, port: url.port_u16().unwrap_or(if is_secure { 443 } else { 80 }), tls })
}

/// Host and port, without the user's name and password.
fn authority_of(url: &Uri) -> String {
    let authority = url.authority().map(|authority| authority.as_str()).unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
}

fn without_user(url: &Uri) -> String {
    format!("{}://{}{}", url.scheme_str().unwrap_or_default(), authority_of(url), url.path())
}

/// Where an answer to a request of `url` leads. One that names no place is an answer like any other.
fn redirection(url: &Uri, response: &Response<Body>) -> Option<Uri> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let next: Uri = response.headers().get(LOCATION)?.to_str().ok()?.parse().ok()?;
    let mut parts = next.into_parts();
    if parts.authority.is_none() {
        parts.authority = url.authority().cloned();
        parts.scheme = url.scheme().cloned();
    }
    Uri::from_parts(parts).ok()
}

/// PEM as it is, or from the file of that path; empty when the field is.
async fn pem(field: &str, value: &str) -> Result<String> {
    if value.is_empty() || value.contains("-----BEGIN ") {
        return Ok(value.to_owned());
    }
    tokio::fs::read_to_string(value).await.map_err(|error| {
        let what = format!("metadata field {field} is neither PEM text nor a file that can be read");
        Error::from_source(dapr_spi::ErrorKind::Invalid, &what, error)
    })
}
