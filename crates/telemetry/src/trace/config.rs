//! What a runtime wants of its traces, as plain data: `spec.tracing` of the Configuration resource, completed
//! from the environment.

use std::time::Duration;

use crate::otlp::{EndpointError, Signal, VariableError, Variables};

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
    /// `host:port`, with HTTP also `host:port/path`; empty for no export. `http://` and `https://` in front win
    /// over `is_secure`.
    pub endpoint: String,
    /// TLS, the default. Variables such as `OTEL_EXPORTER_OTLP_CERTIFICATE` name files for it.
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
    #[error(transparent)]
    Variable(#[from] VariableError),
}

impl TraceConfig {
    /// Takes endpoint, protocol, headers and timeout from the `OTEL_EXPORTER_OTLP_*` variables where the
    /// Configuration does not say; what is named for traces wins over what is named for all signals. An endpoint
    /// from there with no sampling rate set means a rate of 1.
    ///
    /// # Errors
    /// A variable whose value cannot be read.
    pub fn apply_environment(&mut self, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), TraceError> {
        let variables = Variables::new("TRACES", variable);
        if self.otlp.endpoint.is_empty() {
            self.take_endpoint(&variables);
        }
        if self.otlp.headers.is_empty() {
            self.otlp.headers = variables.headers()?;
        }
        if self.otlp.timeout.is_none() {
            self.otlp.timeout = variables.timeout()?;
        }
        Ok(())
    }

    fn take_endpoint(&mut self, variables: &Variables<'_>) {
        let own = variables.of_signal("ENDPOINT").map(|(_, endpoint)| endpoint);
        let is_http = variables.either("PROTOCOL").is_some_and(|(_, protocol)| protocol.starts_with("http"));
        let endpoint = own.or_else(|| {
            let (_, endpoint) = variables.of_all("ENDPOINT")?;
            // An address for all signals is the base of their paths.
            let has_path = endpoint.split("://").last().is_some_and(|rest| rest.trim_end_matches('/').contains('/'));
            let base = endpoint.trim_end_matches('/');
            Some(if is_http && has_path { format!("{base}{}", Signal::TRACES.http_path) } else { endpoint })
        });
        let Some(endpoint) = endpoint else { return };
        self.otlp.endpoint = endpoint;
        if self.sampling_rate.is_empty() {
            "1".clone_into(&mut self.sampling_rate);
        }
        if is_http { "http" } else { "grpc" }.clone_into(&mut self.otlp.protocol);
        if variables.of_all("INSECURE").is_some_and(|(_, value)| value == "true") {
            self.otlp.is_secure = false;
        }
    }
}
