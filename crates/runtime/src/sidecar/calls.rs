//! Service invocation of a sidecar, put together from settings and resources.

use dapr_invocation::{AccessControl, EndpointSettings, Endpoints, Invocation, Settings};
use dapr_resiliency::Provider;
use dapr_resources::configuration::Configuration;
use dapr_resources::{HttpEndpoint, Loaded};
use dapr_telemetry::metrics::Metrics;
use dapr_telemetry::trace::Tracer;

use super::StartError;
use crate::components::Components;
use crate::{Config, host};

/// The policies of all building blocks.
pub(super) fn resiliency(resources: &Loaded, metrics: &Metrics) -> Provider {
    let (resiliency, problems) = Provider::new(&resources.resiliencies, metrics);
    for resource in &resources.resiliencies {
        tracing::info!(target: "dapr.runtime", "Loading Resiliency configuration: {}", resource.metadata.name);
    }
    for problem in problems {
        tracing::warn!(target: "dapr.runtime", "{problem}");
    }
    resiliency
}

/// Service invocation that knows no registry, no application and no HTTPEndpoint yet.
pub(super) fn invocation(
    config: &Config,
    configuration: &Configuration,
    resiliency: Provider,
    metrics: &Metrics,
    tracer: &Tracer,
    internal_port: u16,
) -> Result<Invocation, StartError> {
    let access_control = AccessControl::new(&configuration.spec.access_control).map_err(StartError::new)?;
    Ok(Invocation::new(Settings {
        app_id: config.app_id.clone(),
        namespace: config.namespace_or_default().to_owned(),
        port: internal_port,
        max_body_size: config.max_body_size,
        host_address: host::address(&config.environment),
        host_name: host::name(),
        access_control,
        resiliency,
        metrics: metrics.clone(),
        tracer: tracer.clone(),
    }))
}

/// HTTPEndpoints with the secrets that their stores have.
pub(crate) async fn endpoint_settings(components: &Components, resources: Vec<HttpEndpoint>) -> Vec<EndpointSettings> {
    let mut settings = Vec::new();
    for endpoint in resources {
        settings.push(settings_of(components, endpoint).await);
    }
    settings
}

/// HTTPEndpoints that can be called; what is wrong with the others is reported.
pub(crate) fn endpoints(settings: Vec<EndpointSettings>) -> Endpoints {
    let (endpoints, problems) = Endpoints::new(settings);
    for problem in problems {
        tracing::error!(target: "dapr.runtime", "{problem}; calls to it will fail");
    }
    endpoints
}

async fn settings_of(components: &Components, mut endpoint: HttpEndpoint) -> EndpointSettings {
    components.resolve_endpoint(&mut endpoint).await;
    let tls = endpoint.spec.client_tls.unwrap_or_default();
    let text = |document: Option<dapr_resources::http_endpoint::TlsDocument>| {
        document.map(|document| document.value.text().into_owned())
    };
    EndpointSettings {
        name: endpoint.metadata.name,
        base_url: endpoint.spec.base_url,
        headers: endpoint
            .spec
            .headers
            .iter()
            .map(|header| (header.name.clone(), header.value.text().into_owned()))
            .collect(),
        root_ca: text(tls.root_ca).unwrap_or_default(),
        certificate: text(tls.certificate).unwrap_or_default(),
        private_key: text(tls.private_key).unwrap_or_default(),
    }
}
