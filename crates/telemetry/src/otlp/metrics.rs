//! Pushes metrics to a collector at an interval.

use std::sync::Arc;
use std::time::Duration;

use dapr_kit::task::{self, Task};
use prost::Message as _;
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, timeout};

use super::client::{Client, Signal};
use super::messages::{Data, Metric, MetricsRequest, ResourceMetrics, Scope, ScopeMetrics};
use super::resource::{Resource, SCHEMA_URL};
use super::settings::{VariableError, Variables};
use crate::metrics::Exposition;

const INTERVAL: Duration = Duration::from_secs(60);
/// Points in one request; collectors take messages of 4 MiB.
const MAX_POINTS: usize = 1500;
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// Metrics on their way to a collector, until dropped or stopped. Values are cumulative, so a push that fails is
/// not repeated: the next one tells the same.
pub struct MetricPush {
    stop: Arc<Notify>,
    task: Mutex<Option<Task<()>>>,
}

impl MetricPush {
    /// Starts pushing if the environment asks for it: by `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT`, or by
    /// `OTEL_METRICS_EXPORTER=otlp` with `OTEL_EXPORTER_OTLP_ENDPOINT`; every
    /// `OTEL_METRIC_EXPORT_INTERVAL` milliseconds, 60,000 if that is not set. `service` is the default of the
    /// resource's `service.name`, `variable` looks into the environment. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// A variable whose value cannot be meant.
    pub fn start(
        metrics: impl Into<Exposition>,
        service: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, VariableError> {
        let Some(client) = Variables::new("METRICS", variable).client(Signal::METRICS)? else { return Ok(None) };
        let milliseconds = |name| variable(name).and_then(|text| text.trim().parse().ok()).filter(|ms: &u64| *ms > 0);
        let push = Push {
            client,
            metrics: metrics.into(),
            resource: Resource::of(service, variable),
            interval: milliseconds("OTEL_METRIC_EXPORT_INTERVAL").map_or(INTERVAL, Duration::from_millis),
            told: None,
        };
        tracing::info!(
            target: "dapr.metrics",
            "metrics are pushed to {} every {} s",
            push.client.target(),
            push.interval.as_secs_f32()
        );
        let stop = Arc::new(Notify::new());
        let task = task::spawn("metrics push", push.run(stop.clone()));
        Ok(Some(MetricPush { stop, task: Mutex::new(Some(task)) }))
    }

    /// Pushes once more and ends, within `deadline`.
    pub async fn stop(&self, deadline: Duration) {
        self.stop.notify_one();
        if let Some(task) = self.task.lock().await.take() {
            let _ = timeout(deadline, task.join()).await;
        }
    }
}

struct Push {
    client: Client,
    metrics: Exposition,
    resource: Resource,
    interval: Duration,
    /// When a failure was logged.
    told: Option<Instant>,
}

impl Push {
    async fn run(mut self, stop: Arc<Notify>) {
        loop {
            let is_last = timeout(self.interval, stop.notified()).await.is_ok();
            self.push().await;
            if is_last {
                return;
            }
        }
    }

    async fn push(&mut self) {
        for request in self.requests() {
            let Err(failure) = self.client.send(request.encode_to_vec().into()).await else { continue };
            if self.told.is_none_or(|told| told.elapsed() >= BETWEEN_LINES) {
                self.told = Some(Instant::now());
                tracing::warn!(
                    target: "dapr.metrics",
                    "metrics cannot be pushed to {}: {}; they are pushed again in {} s",
                    self.client.target(),
                    failure.reason,
                    self.interval.as_secs_f32()
                );
            }
            return;
        }
    }

    fn requests(&self) -> Vec<MetricsRequest> {
        let mut requests: Vec<Vec<Metric>> = Vec::new();
        let mut points = 0;
        for metric in self.metrics.collect() {
            let size = points_of(&metric);
            match requests.last_mut() {
                Some(last) if points + size <= MAX_POINTS => {
                    last.push(metric);
                    points += size;
                }
                _ => {
                    requests.push(vec![metric]);
                    points = size;
                }
            }
        }
        requests.into_iter().map(|metrics| self.request(metrics)).collect()
    }

    fn request(&self, metrics: Vec<Metric>) -> MetricsRequest {
        let scope = Some(Scope { name: "dapr".to_owned() });
        MetricsRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource.message()),
                scope_metrics: vec![ScopeMetrics { scope, metrics }],
                schema_url: SCHEMA_URL.to_owned(),
            }],
        }
    }
}

fn points_of(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        None => 0,
    }
}
