//! What a runtime wants of its traces, as plain data: `spec.tracing` of the Configuration resource, completed
//! from the environment.

use std::time::Duration;

use crate::otlp::{self, EndpointError};

/// Settings of one [`super::Tracer`].
#[derive(Debug, Clone, Default)]
pub struct TraceConfig {
    /// `spec.tracing.samplingRate`, a number as text: empty for 0.0001, `0` for no tracing.
    pub sampling_rate: String,
    /// `spec.tracing.stdout`: spans become log lines of `dapr.runtime.trace`.
    pub stdout: bool,
    /// `spec.tracing.zipkin.endpointAddress`, such as `http://zipkin:9411/api/v2/spans`; empty for none.
    pub zipkin_endpoint: String,
    /// `spec.tracing.otel`
    pub otlp: OtlpConfig,
}

/// A collector that takes OTLP.
#[derive(Debug, Clone)]
pub struct OtlpConfig {
    /// `grpc` or `http` (protobuf). Empty for no export.
    pub protocol: String,
    /// `host:port`, with HTTP also `host:port/path`; empty for no export. A scheme is taken off.
    pub endpoint: String,
    /// TLS, the default.
    pub is_secure: bool,
    /// Sent with every request; values from secrets are already resolved.
    pub headers: Vec<(String, String)>,
    /// How long one request may take; 10 s when absent.
    pub timeout: Option<Duration>,
}

impl Default for OtlpConfig {
    fn default() -> Self {
        OtlpConfig {
            protocol: String::new(),
            endpoint: String::new(),
            is_secure: true,
            headers: Vec::new(),
            timeout: None,
        }
    }
}

/// Why tracing could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// `spec.tracing.otel.protocol`
    #[error("invalid protocol {0} provided for Otel endpoint: spec.tracing.otel.protocol must be grpc or http")]
    Protocol(String),
    /// An address that is none.
    #[error("{field}: {source}")]
    Endpoint {
        /// The setting it comes from.
        field: &'static str,
        /// What is wrong with it.
        source: EndpointError,
    },
    /// A variable that cannot be read.
    #[error("environment variable {name}: {reason}")]
    Variable {
        /// Which.
        name: &'static str,
        /// What is wrong with its value.
        reason: String,
    },
}

impl TraceConfig {
    /// Takes endpoint, protocol, headers and timeout from the `OTEL_EXPORTER_OTLP_*` variables, unless the
    /// Configuration names an OTLP endpoint itself; what is named for traces wins over what is named for all
    /// signals. An endpoint from there with no sampling rate set means a rate of 1.
    ///
    /// # Errors
    /// A variable whose value cannot be read.
    pub fn apply_environment(&mut self, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), TraceError> {
        if !self.otlp.endpoint.is_empty() {
            return Ok(());
        }
        let set = |name: &'static str| variable(name).filter(|value| !value.is_empty()).map(|value| (name, value));
        let either = |traces, all| set(traces).or_else(|| set(all));
        if let Some((_, endpoint)) = either("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT") {
            self.otlp.endpoint = otlp::without_scheme(&endpoint).to_owned();
            if self.sampling_rate.is_empty() {
                "1".clone_into(&mut self.sampling_rate);
            }
            let protocol = either("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");
            let is_http = protocol.is_some_and(|(_, protocol)| protocol.starts_with("http"));
            if is_http { "http" } else { "grpc" }.clone_into(&mut self.otlp.protocol);
            if set("OTEL_EXPORTER_OTLP_INSECURE").is_some_and(|(_, value)| value == "true") {
                self.otlp.is_secure = false;
            }
        }
        if let Some((name, headers)) = either("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS") {
            let headers = otlp::headers_of(&headers).map_err(|reason| TraceError::Variable { name, reason })?;
            self.otlp.headers.extend(headers);
        }
        if let Some((name, timeout)) = either("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT") {
            let milliseconds: i64 = timeout.parse().map_err(|_| TraceError::Variable {
                name,
                reason: format!("{timeout:?} is not a whole number of milliseconds"),
            })?;
            self.otlp.timeout = u64::try_from(milliseconds).ok().filter(|ms| *ms > 0).map(Duration::from_millis);
        }
        Ok(())
    }
}
