//! Which parts of Sentry are ready, and the endpoint that tells: `GET /healthz`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;

/// The names of the parts (interface/observability.md 6.7).
pub(crate) mod target {
    pub(crate) const HEALTHZ: &str = "healthz-server";
    pub(crate) const METRICS: &str = "metrics-exporter";
    pub(crate) const SERVER: &str = "sentry-server";
    pub(crate) const KUBERNETES: &str = "sentry-kubernetes-validator";
    pub(crate) const JWKS: &str = "sentry-jwks-validator";
    pub(crate) const OIDC: &str = "oidc-server";
}

/// Parts by name, each ready or not. Sentry is ready when all are, and there is one.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<BTreeMap<&'static str, bool>>);

impl Health {
    /// Sets a part, which counts from then on.
    pub(crate) fn set(&self, part: &'static str, ready: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(part, ready);
    }

    /// The parts that are not ready.
    pub(crate) fn waiting(&self) -> Vec<&'static str> {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parts.iter().filter(|(_, ready)| !**ready).map(|(part, _)| *part).collect()
    }

    /// Answers a request to the health port.
    pub(crate) fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let waiting = self.waiting();
        let (status, body) = match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/healthz") if waiting.is_empty() => (StatusCode::OK, String::new()),
            (&Method::GET | &Method::HEAD, "/healthz") => {
                (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}", waiting.join(", ")))
            }
            (_, "/healthz") => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
            _ => (StatusCode::NOT_FOUND, String::new()),
        };
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = status;
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_that_waits_is_named() {
        let health = Health::default();
        health.set(target::SERVER, false);
        health.set(target::METRICS, true);
        let ask = |path: &str| health.answer(&Request::get(path).body(()).unwrap()).status().as_u16();
        assert_eq!((ask("/healthz"), ask("/")), (503, 404));
        assert_eq!(health.waiting(), ["sentry-server"]);
        health.set(target::SERVER, true);
        assert_eq!(ask("/healthz"), 200);
    }
}
