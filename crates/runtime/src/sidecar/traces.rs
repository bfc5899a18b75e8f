//! Tracing as the Configuration and the environment ask for it.

use dapr_resources::configuration::Tracing;
use dapr_telemetry::trace::{OtlpConfig, Sampler, TraceConfig, Tracer};

use super::StartError;
use crate::Config;

/// Starts the exporters; headers from secrets are resolved by then.
pub(super) fn start(config: &Config, spec: &Tracing) -> Result<Tracer, StartError> {
    let variable = |name: &str| config.environment.get(name).map(str::to_owned);
    let mut settings = TraceConfig {
        sampling_rate: spec.sampling_rate.clone(),
        stdout: spec.stdout,
        zipkin_endpoint: spec.zipkin.as_ref().map(|zipkin| zipkin.endpoint_address.clone()).unwrap_or_default(),
        otlp: OtlpConfig {
            protocol: spec.otel.protocol.clone(),
            endpoint: spec.otel.endpoint_address.clone(),
            is_secure: spec.otel.is_secure,
            headers: spec
                .otel
                .headers
                .iter()
                .map(|header| (header.0.name.clone(), header.0.value.text().into_owned()))
                .collect(),
            timeout: spec.otel.timeout.map(|timeout| timeout.0),
        },
    };
    settings.apply_environment(&variable).map_err(StartError::new)?;
    tracing::info!(target: "dapr.runtime", "Dapr trace sampler initialized: {}", Sampler::of(&settings.sampling_rate));
    Tracer::new(&settings, &config.app_id, &variable).map_err(StartError::new)
}
