//! What an application is, and how it is called.

use std::sync::Arc;
use std::time::Duration;

use dapr_spi::http_middleware::HttpMiddleware;
use dapr_telemetry::metrics::Metrics;

/// What the application speaks: `--app-protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/1.1 over TLS; the certificate is not verified.
    Https,
    /// HTTP/2 without TLS, with prior knowledge.
    H2c,
    /// gRPC without TLS.
    Grpc,
    /// gRPC over TLS; the certificate is not verified.
    Grpcs,
}

impl Protocol {
    /// The protocol of that name; upper case counts as lower case.
    pub fn from_name(name: &str) -> Option<Self> {
        let known = [Self::Http, Self::Https, Self::H2c, Self::Grpc, Self::Grpcs];
        known.into_iter().find(|protocol| name.eq_ignore_ascii_case(protocol.name()))
    }

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::H2c => "h2c",
            Self::Grpc => "grpc",
            Self::Grpcs => "grpcs",
        }
    }

    /// Whether calls are gRPC.
    pub fn is_grpc(self) -> bool {
        matches!(self, Self::Grpc | Self::Grpcs)
    }

    pub(crate) fn uses_tls(self) -> bool {
        matches!(self, Self::Https | Self::Grpcs)
    }

    pub(crate) fn uses_http2(self) -> bool {
        matches!(self, Self::H2c | Self::Grpc | Self::Grpcs)
    }
}

/// How the application is called.
#[derive(Clone)]
pub struct Settings {
    /// What it speaks.
    pub protocol: Protocol,
    /// Host name or address, IPv6 with or without brackets: `--app-channel-address`.
    pub address: String,
    /// `--app-port`.
    pub port: u16,
    /// What the application expects in `dapr-api-token`, when it expects anything.
    pub token: Option<String>,
    /// Calls at once; zero or less for no limit: `--app-max-concurrency`.
    pub max_concurrency: i32,
    /// Bytes of a gRPC message in either direction; HTTP bodies have no limit here: `--max-body-size`.
    pub max_body_size: usize,
    /// How its health is probed; without, it counts as healthy.
    pub health: Option<HealthSettings>,
    /// Middleware around HTTP calls, from the outside in: `spec.appHttpPipeline`.
    pub pipeline: Vec<Arc<dyn HttpMiddleware>>,
    /// Where calls and probes are counted.
    pub metrics: Metrics,
}

/// How the application's health is probed.
#[derive(Clone, Debug)]
pub struct HealthSettings {
    /// Path that is asked with GET; not used for gRPC applications: `--app-health-check-path`.
    pub path: String,
    /// Time from one probe to the next.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Failed probes in a row after which the application is unhealthy; zero counts as one.
    pub threshold: u32,
}

/// A setting that no application can be called with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct InvalidSettings {
    setting: &'static str,
    reason: String,
}

impl InvalidSettings {
    pub(crate) fn new(setting: &'static str, reason: impl Into<String>) -> Self {
        Self { setting, reason: reason.into() }
    }
}
