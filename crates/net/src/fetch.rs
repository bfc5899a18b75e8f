//! Rare requests to URLs of somebody else: keys, tokens, files. A connection each; nothing is kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderValue, LOCATION};
use http::uri::Scheme;
use http::{Method, Request, Response, StatusCode, Uri};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;

use crate::body::CollectError;
use crate::http1::Pool;
use crate::{Body, Origin, SendError, Tls, tls};

/// How long a request may take, with its connection and its answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How often a GET follows a redirection.
const MAX_REDIRECTIONS: usize = 5;

/// Makes the requests. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    tls: Arc<ClientConfig>,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL has no host, or a scheme other than `http` and `https`.
    #[error("`{0}` is not a URL that begins with http:// or https:// and names a host")]
    Url(Uri),
    /// The connection failed.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The answer did not come whole.
    #[error(transparent)]
    Answer(#[from] CollectError),
    /// It took longer than 30 seconds.
    #[error("no answer within {} seconds", TIMEOUT.as_secs())]
    Timeout,
    /// One redirection led to the next, or to where no request may go.
    #[error("the answer is a redirection that is not followed")]
    Redirection,
}

impl Client {
    /// A client that trusts the certificate authorities this machine trusts.
    ///
    /// Reads them from disk, once: use one client for all requests.
    pub fn new() -> Self {
        Self::with_roots(tls::system_roots())
    }

    /// A client that trusts these certificate authorities.
    pub fn with_roots(roots: RootCertStore) -> Self {
        Self::with_config(tls::client_builder().with_root_certificates(roots).with_no_client_auth())
    }

    /// A client with these settings of TLS.
    pub fn with_config(config: ClientConfig) -> Self {
        Self { tls: Arc::new(config) }
    }

    /// GETs a URL and follows redirections, but never from `https` to `http`; the answer may have any status.
    ///
    /// # Errors
    /// There was no answer, or its body is longer than `limit` bytes.
    pub async fn get(&self, url: &Uri, limit: usize) -> Result<Response<Bytes>, FetchError> {
        let following = async {
            let mut url = url.clone();
            for _ in 0..=MAX_REDIRECTIONS {
                let mut request = Request::new(Bytes::new());
                *request.uri_mut() = url.clone();
                let response = self.exchange(request, limit).await?;
                match target(&url, &response)? {
                    Some(next) => url = next,
                    None => return Ok(response),
                }
            }
            Err(FetchError::Redirection)
        };
        timeout(TIMEOUT, following).await.unwrap_or(Err(FetchError::Timeout))
    }

    /// Sends a request whose URI is a URL; redirections are not followed.
    ///
    /// # Errors
    /// There was no answer, or its body is longer than `limit` bytes.
    pub async fn send(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError> {
        timeout(TIMEOUT, self.exchange(request, limit)).await.unwrap_or(Err(FetchError::Timeout))
    }

    async fn exchange(&self, mut request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError> {
        let origin = self.origin(request.uri())?;
        let authority = request.uri().authority().map(|authority| host_of(authority.as_str()));
        if let Some(host) = authority.and_then(|host| HeaderValue::from_str(host).ok()) {
            request.headers_mut().entry(HOST).or_insert(host);
        }
        if request.method() != Method::GET {
            let length = HeaderValue::from(request.body().len());
            request.headers_mut().insert(CONTENT_LENGTH, length);
        }
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().map_err(|_| FetchError::Url(request.uri().clone()))?;
        let response = Pool::new(origin).send(request.map(Body::full)).await?;
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, body.collect(limit).await?))
    }

    fn origin(&self, url: &Uri) -> Result<Origin, FetchError> {
        let wrong = || FetchError::Url(url.clone());
        let host = url.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let secure = url.scheme() == Some(&Scheme::HTTPS);
        if !secure && url.scheme() != Some(&Scheme::HTTP) {
            return Err(wrong());
        }
        let tls = match secure {
            true => {
                let server_name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
                Some(Tls { config: self.tls.clone(), server_name })
            }
            false => None,
        };
        Ok(Origin { host, port: url.port_u16().unwrap_or(if secure { 443 } else { 80 }), tls })
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

/// An authority without the user's name and password.
fn host_of(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// Where the answer to a GET of `url` leads.
fn target(url: &Uri, response: &Response<Bytes>) -> Result<Option<Uri>, FetchError> {
    let follows = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !follows {
        return Ok(None);
    }
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let next: Uri = location.and_then(|location| location.parse().ok()).ok_or(FetchError::Redirection)?;
    let mut parts = next.into_parts();
    if parts.authority.is_none() {
        parts.authority = url.authority().cloned();
        parts.scheme = url.scheme().cloned();
    }
    let next = Uri::from_parts(parts).map_err(|_| FetchError::Redirection)?;
    if url.scheme() == Some(&Scheme::HTTPS) && next.scheme() != Some(&Scheme::HTTPS) {
        return Err(FetchError::Redirection);
    }
    Ok(Some(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirected(from: &str, status: u16, location: &str) -> Result<Option<String>, FetchError> {
        let response = Response::builder().status(status).header(LOCATION, location).body(Bytes::new()).unwrap();
        target(&from.parse().unwrap(), &response).map(|next| next.map(|next| next.to_string()))
    }

    #[test]
    fn redirections_keep_what_they_do_not_name() {
        assert_eq!(redirected("http://a:1/x", 302, "/y?z").unwrap().as_deref(), Some("http://a:1/y?z"));
        assert_eq!(redirected("http://a/x", 308, "https://b/y").unwrap().as_deref(), Some("https://b/y"));
        assert_eq!(redirected("http://a/x", 200, "/y").unwrap(), None);
        assert!(redirected("https://a/x", 301, "http://a/y").is_err(), "TLS is not given up");
        assert!(redirected("http://a/x", 301, "y z").is_err());
    }

    #[test]
    fn urls_become_origins() {
        let client = Client::with_roots(RootCertStore::empty());
        let origin =
            |url: &str| client.origin(&url.parse().unwrap()).map(|origin| (origin.to_string(), origin.tls.is_some()));
        assert_eq!(origin("http://a/b").unwrap(), ("a:80".to_owned(), false));
        assert_eq!(origin("https://user@a:8443/b").unwrap(), ("a:8443".to_owned(), true));
        assert_eq!(origin("https://[::1]/").unwrap(), ("[::1]:443".to_owned(), true));
        assert!(matches!(origin("ftp://a/"), Err(FetchError::Url(_))));
        assert!(matches!(origin("/only/a/path"), Err(FetchError::Url(_))));
        assert_eq!(host_of("user:secret@host:80"), "host:80");
    }
}
