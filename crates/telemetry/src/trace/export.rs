//! Finished spans on their way out: a queue for each exporter, so that one that is slow holds up no other.

mod otlp;
mod stdout;
mod zipkin;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::config::{TraceConfig, TraceError};
use super::span::Finished;
use crate::otlp::{Endpoint, Export, Limits, Queue, Resource, Variables};

/// The name of the instrumentation, as the incumbent has it.
const SCOPE: &str = "dapr-diagnostics";

const ZIPKIN_FIELD: &str = "spec.tracing.zipkin.endpointAddress";
const OTLP_FIELD: &str = "spec.tracing.otel.endpointAddress";

/// OpenTelemetry's default for spans.
const DELAY: Duration = Duration::from_secs(5);

/// All exporters of one tracer.
pub(super) struct Sinks(Vec<Queue<Arc<Finished>>>);

impl Sinks {
    /// `None` when the configuration names no exporter.
    pub(super) fn start(
        config: &TraceConfig,
        service: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, TraceError> {
        let limits = Limits::of("OTEL_BSP", DELAY, variable);
        let resource = Resource::of(service, variable);
        let files = Variables::new("TRACES", variable).files();
        let mut queues = Vec::new();
        if config.stdout {
            queues.push(queue(limits, stdout::Exporter));
        }
        if !config.zipkin_endpoint.is_empty() {
            let endpoint = Endpoint::parse(&config.zipkin_endpoint, false, 0);
            let exporter = endpoint.and_then(|endpoint| zipkin::Exporter::new(&endpoint, &files, resource.clone()));
            let exporter = exporter.map_err(|source| TraceError::Endpoint { field: ZIPKIN_FIELD, source })?;
            queues.push(queue(limits, exporter));
        }
        if !config.otlp.endpoint.is_empty() && !config.otlp.protocol.is_empty() {
            queues.push(queue(limits, otlp::Exporter::new(&config.otlp, &files, resource)?));
        }
        Ok((!queues.is_empty()).then_some(Sinks(queues)))
    }

    #[cfg(test)]
    pub(super) fn to(exporter: impl Export<Arc<Finished>>) -> Self {
        let limits = Limits { items: 2048, batch: 512, delay: DELAY };
        Sinks(vec![queue(limits, exporter)])
    }

    pub(super) fn send(&self, span: Finished) {
        let span = Arc::new(span);
        for queue in &self.0 {
            queue.push(span.clone());
        }
    }

    pub(super) async fn stop(&self, deadline: Duration) {
        join_all(self.0.iter().map(|queue| queue.stop(deadline))).await;
    }

    pub(super) fn dropped(&self) -> u64 {
        self.0.iter().map(Queue::dropped).sum()
    }
}

fn queue(limits: Limits, exporter: impl Export<Arc<Finished>>) -> Queue<Arc<Finished>> {
    Queue::start("spans", limits, exporter)
}
