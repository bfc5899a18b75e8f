//! The metrics of one runtime: families by building block and their Prometheus text.
//!
//! Names, labels and units are those of Dapr's published metrics (prefix `dapr_`, counters without an
//! added `_total`, milliseconds), with two differences on purpose: latencies keep what is below a
//! millisecond, and a metric holds at most [`SERIES_LIMIT`] series, after which new label values are
//! counted in one series whose labels read `other`.
//!
//! Recording is for the hot path: one hash lookup and a few relaxed atomic additions, no allocation once
//! a label set is known.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

mod access_control;
mod binding;
mod component;
mod config;
mod control_plane;
mod error_code;
mod family;
mod grpc;
mod http;
mod mtls;
mod path;
mod process;
mod pubsub;
mod registry;
mod relabel;
mod resiliency;
mod runtime;
mod service_invocation;
mod table;
mod text;
mod value;

#[cfg(test)]
mod tests;

pub use access_control::AccessControl;
pub use binding::InputBindingEvents;
pub use component::ComponentCalls;
pub use config::{HttpMetricsConfig, LabelRule, MetricRule, MetricsConfig};
pub use control_plane::{CounterFamily, Declaration, GaugeFamily, LatencyFamily};
pub use error_code::ErrorCodes;
pub use grpc::{GrpcClient, GrpcHealthProbes, GrpcServer};
pub use http::{HealthProbes, HttpCall, HttpClient, HttpServer};
pub use mtls::Mtls;
pub use pubsub::{PubSubEgress, PubSubIngress};
pub use registry::{Exposition, MetricsError};
pub use resiliency::{BreakerState, Resiliency, ResiliencyTarget, TargetLabels};
pub use runtime::{ComponentInit, InitFailure};
pub use service_invocation::{CallKind, ServiceInvocation};
pub use table::SERIES_LIMIT;

use registry::Builder;

/// The content type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics of one runtime. Cheap to clone; a reload makes a fresh one.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    families: Families,
    exposition: Exposition,
}

/// What a caller records to, by building block.
pub struct Families {
    /// `http/server/*`
    pub http_server: HttpServer,
    /// `http/client/*`: calls to the application.
    pub http_client: HttpClient,
    /// `http/healthprobes/*`: probes of the application.
    pub http_health_probes: HealthProbes,
    /// `grpc.io/server/*`
    pub grpc_server: GrpcServer,
    /// `grpc.io/client/*`: calls to other sidecars and to the application.
    pub grpc_client: GrpcClient,
    /// `grpc.io/healthprobes/*`: probes of the application.
    pub grpc_health_probes: GrpcHealthProbes,
    /// `runtime/service_invocation/*`
    pub service_invocation: ServiceInvocation,
    /// `runtime/acl/*`
    pub access_control: AccessControl,
    /// `component/state/*`
    pub state: ComponentCalls,
    /// `component/secret/*`
    pub secret: ComponentCalls,
    /// `component/crypto/*`
    pub crypto: ComponentCalls,
    /// `component/output_binding/*`
    pub output_binding: ComponentCalls,
    /// `component/input_binding/*`
    pub input_binding: InputBindingEvents,
    /// `component/pubsub_egress/*`
    pub pubsub_egress: PubSubEgress,
    /// `component/pubsub_ingress/*`
    pub pubsub_ingress: PubSubIngress,
    /// `runtime/component/*`
    pub components: ComponentInit,
    /// `runtime/mtls/*`
    pub mtls: Mtls,
    /// `resiliency/*`
    pub resiliency: Resiliency,
    /// `error_code/total`
    pub error_codes: ErrorCodes,
}

impl Metrics {
    /// Fails on a rule whose regular expression does not compile.
    pub fn new(config: &MetricsConfig) -> Result<Self, MetricsError> {
        let mut builder = Builder::new(config)?;
        let families = Families {
            http_server: HttpServer::new(&mut builder, &config.http),
            http_client: HttpClient::new(&mut builder, &config.http),
            http_health_probes: HealthProbes::new(&mut builder),
            grpc_server: GrpcServer::new(&mut builder),
            grpc_client: GrpcClient::new(&mut builder),
            grpc_health_probes: GrpcHealthProbes::new(&mut builder),
            service_invocation: ServiceInvocation::new(&mut builder),
            access_control: AccessControl::new(&mut builder),
            state: ComponentCalls::state(&mut builder),
            secret: ComponentCalls::secret(&mut builder),
            crypto: ComponentCalls::crypto(&mut builder),
            output_binding: ComponentCalls::output_binding(&mut builder),
            input_binding: InputBindingEvents::new(&mut builder),
            pubsub_egress: PubSubEgress::new(&mut builder),
            pubsub_ingress: PubSubIngress::new(&mut builder),
            components: ComponentInit::new(&mut builder),
            mtls: Mtls::new(&mut builder),
            resiliency: Resiliency::new(&mut builder, config.enabled),
            error_codes: ErrorCodes::new(&mut builder, config.record_error_codes),
        };
        Ok(Metrics(Arc::new(Inner { families, exposition: builder.finish() })))
    }

    /// Every series in Prometheus text format, then the `process_*` values of this moment.
    pub fn encode(&self) -> String {
        self.0.exposition.encode()
    }

    /// What is scraped and pushed.
    pub fn exposition(&self) -> Exposition {
        self.0.exposition.clone()
    }
}

impl Deref for Metrics {
    type Target = Families;

    fn deref(&self) -> &Families {
        &self.0.families
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl From<Metrics> for Exposition {
    fn from(metrics: Metrics) -> Self {
        metrics.exposition()
    }
}
