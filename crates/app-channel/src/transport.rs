//! Connections to the application.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dapr_net::{Body, Origin, SendError, Tls, http1, http2};
use dapr_spi::app_channel::CallError;
use http::header::HOST;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri, Version};
use rustls::pki_types::ServerName;

use crate::error;
use crate::settings::{InvalidSettings, Protocol, Settings};
use crate::tls;

/// Sends requests to one application.
pub(crate) struct Transport {
    protocol: Protocol,
    kind: Kind,
    authority: Authority,
    host: HeaderValue,
    /// It has answered, so it speaks the protocol.
    answered: AtomicBool,
}

enum Kind {
    Http1(http1::Pool),
    Http2(http2::Client),
}

impl Transport {
    /// Without connections yet.
    pub(crate) fn new(settings: &Settings) -> Result<Self, InvalidSettings> {
        let origin = origin(settings)?;
        let authority = Authority::try_from(origin.to_string()).map_err(|_| wrong_address())?;
        let host = HeaderValue::try_from(authority.as_str()).map_err(|_| wrong_address())?;
        let kind = if settings.protocol.uses_http2() {
            Kind::Http2(http2::Client::without_pings(origin))
        } else {
            Kind::Http1(http1::Pool::new(origin))
        };
        Ok(Self { protocol: settings.protocol, kind, authority, host, answered: AtomicBool::new(false) })
    }

    fn origin(&self) -> &Origin {
        match &self.kind {
            Kind::Http1(pool) => pool.origin(),
            Kind::Http2(client) => client.origin(),
        }
    }

    /// Sends a request whose URI is a path and a query.
    ///
    /// # Errors
    /// [`CallError::Unreachable`], with the reason.
    pub(crate) async fn send(&self, request: Request<Body>) -> Result<Response<Body>, CallError> {
        self.try_send(request).await.map_err(|error| self.explain(&error))
    }

    /// Sends a request, and says of a failure whether the application can have seen it.
    pub(crate) async fn try_send(&self, request: Request<Body>) -> Result<Response<Body>, SendError> {
        let sent = self.send_on(request).await;
        if sent.is_ok() && !self.answered.load(Ordering::Relaxed) {
            self.answered.store(true, Ordering::Relaxed);
        }
        sent
    }

    async fn send_on(&self, mut request: Request<Body>) -> Result<Response<Body>, SendError> {
        match &self.kind {
            Kind::Http1(pool) => {
                if request.uri().authority().is_some() {
                    *request.uri_mut() = Uri::from(path_and_query(&request));
                }
                *request.version_mut() = Version::HTTP_11;
                request.headers_mut().insert(HOST, self.host.clone());
                pool.send(request).await
            }
            Kind::Http2(client) => {
                let mut parts = Parts::default();
                parts.scheme = Some(if self.protocol.uses_tls() { Scheme::HTTPS } else { Scheme::HTTP });
                parts.authority = Some(self.authority.clone());
                parts.path_and_query = Some(path_and_query(&request));
                *request.uri_mut() = Uri::from_parts(parts).map_err(|error| SendError::Unsent(error.into()))?;
                *request.version_mut() = Version::HTTP_2;
                request.headers_mut().remove(HOST);
                Box::pin(client.send(request)).await
            }
        }
    }

    /// What a failure means, in words for whoever runs the application.
    pub(crate) fn explain(&self, error: &SendError) -> CallError {
        error::unreachable(error, self.origin(), self.protocol, self.answered.load(Ordering::Relaxed))
    }
}

fn wrong_address() -> InvalidSettings {
    InvalidSettings::new("--app-channel-address", "is neither a host name nor an address")
}

fn path_and_query(request: &Request<Body>) -> PathAndQuery {
    request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"))
}

fn origin(settings: &Settings) -> Result<Origin, InvalidSettings> {
    let host = settings.address.trim_start_matches('[').trim_end_matches(']').to_owned();
    let tls = if settings.protocol.uses_tls() {
        let server_name = ServerName::try_from(host.clone()).map_err(|_| wrong_address())?;
        let alpn: &[u8] = if settings.protocol.uses_http2() { b"h2" } else { b"http/1.1" };
        Some(Tls { config: Arc::new(tls::any_server(alpn)), server_name })
    } else {
        None
    };
    Ok(Origin { host, port: settings.port, tls })
}
