//! What happens to the identity, as metrics.

use std::sync::Arc;

use dapr_security::Observer;
use dapr_telemetry::metrics::Metrics;

/// Counts into `runtime/mtls/*`.
pub fn mtls_observer(metrics: Metrics) -> Arc<dyn Observer> {
    Arc::new(Counting(metrics))
}

struct Counting(Metrics);

impl Observer for Counting {
    fn initialized(&self) {
        self.0.mtls.initialized();
    }

    fn initialization_failed(&self, reason: &'static str) {
        self.0.mtls.initialization_failed(reason);
    }

    fn renewed(&self) {
        self.0.mtls.renewed();
    }

    fn renewal_failed(&self, reason: &'static str) {
        self.0.mtls.renewal_failed(reason);
    }

    fn valid_until(&self, seconds: i64) {
        self.0.mtls.valid_until(seconds);
    }
}

#[cfg(test)]
mod tests {
    use dapr_telemetry::metrics::MetricsConfig;

    use super::*;

    #[test]
    fn each_event_is_counted_in_its_own_metric() {
        let config = MetricsConfig { enabled: true, app_id: "app".to_owned(), ..MetricsConfig::default() };
        let metrics = Metrics::new(&config).unwrap();
        let observer = mtls_observer(metrics.clone());
        observer.initialized();
        observer.initialization_failed("sign");
        observer.renewed();
        observer.renewal_failed("sentry_conn");
        observer.valid_until(60);
        let text = metrics.encode();
        for line in [
            "mtls_init_total{app_id=\"app\"} 1",
            "mtls_init_fail_total{app_id=\"app\",reason=\"sign\"} 1",
            "mtls_workload_cert_rotated_total{app_id=\"app\"} 1",
            "mtls_workload_cert_rotated_fail_total{app_id=\"app\",reason=\"sentry_conn\"} 1",
            "mtls_workload_cert_expiry_timestamp{app_id=\"app\"} 60",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
