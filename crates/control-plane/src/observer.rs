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
