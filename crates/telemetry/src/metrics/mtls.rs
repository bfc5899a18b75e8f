//! `runtime/mtls/*`: the life of this program's certificate.

use std::sync::Arc;

use super::family::Family;
use super::registry::{Builder, Fixed, Handles};
use super::value::{Counter, Gauge};

/// Certificates fetched and renewed. Reasons are the step that failed: `sentry_conn`, `sentry_token`, `sign`,
/// `invalid_ts`, `cert_parse`, `jwt_parse`, `jwt_aud`, `csr`, `write`.
pub struct Mtls {
    initialized: Arc<Family<Counter, 0>>,
    initialization_failed: Arc<Family<Counter, 1>>,
    renewed: Arc<Family<Counter, 0>>,
    renewal_failed: Arc<Family<Counter, 1>>,
    expiry: Arc<Family<Gauge, 0>>,
    initialized_handles: Handles<Arc<Counter>, 0>,
    initialization_failed_handles: Handles<Arc<Counter>, 1>,
    renewed_handles: Handles<Arc<Counter>, 0>,
    renewal_failed_handles: Handles<Arc<Counter>, 1>,
    expiry_handles: Handles<Arc<Gauge>, 0>,
}

impl Mtls {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        Self {
            initialized: builder.counter("runtime/mtls/init_total", "First certificates received.", Fixed::AppId, []),
            initialization_failed: builder.counter(
                "runtime/mtls/init_fail_total",
                "First certificates that could not be had.",
                Fixed::AppId,
                ["reason"],
            ),
            renewed: builder.counter(
                "runtime/mtls/workload_cert_rotated_total",
                "Certificates renewed.",
                Fixed::AppId,
                [],
            ),
            renewal_failed: builder.counter(
                "runtime/mtls/workload_cert_rotated_fail_total",
                "Renewals of the certificate that failed.",
                Fixed::AppId,
                ["reason"],
            ),
            expiry: builder.gauge(
                "runtime/mtls/workload_cert_expiry_timestamp",
                "When the certificate ends, in seconds since 1970.",
                Fixed::AppId,
                [],
            ),
            initialized_handles: builder.handles(),
            initialization_failed_handles: builder.handles(),
            renewed_handles: builder.handles(),
            renewal_failed_handles: builder.handles(),
            expiry_handles: builder.handles(),
        }
    }

    /// The first certificate is there.
    pub fn initialized(&self) {
        self.initialized_handles.record([], || self.initialized.resolve([]), |count| count.increment());
    }

    /// The first certificate could not be had.
    pub fn initialization_failed(&self, reason: &str) {
        let resolve = || self.initialization_failed.resolve([reason]);
        self.initialization_failed_handles.record([reason], resolve, |count| count.increment());
    }

    /// A certificate was replaced in time.
    pub fn renewed(&self) {
        self.renewed_handles.record([], || self.renewed.resolve([]), |count| count.increment());
    }

    /// A certificate could not be replaced.
    pub fn renewal_failed(&self, reason: &str) {
        let resolve = || self.renewal_failed.resolve([reason]);
        self.renewal_failed_handles.record([reason], resolve, |count| count.increment());
    }

    /// The certificate ends then, in seconds since 1970.
    pub fn valid_until(&self, seconds: i64) {
        self.expiry_handles.record([], || self.expiry.resolve([]), |gauge| gauge.set(seconds));
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::{Metrics, MetricsConfig};

    #[test]
    fn names_are_those_of_dapr() {
        let config = MetricsConfig { enabled: true, app_id: "app".to_owned(), ..MetricsConfig::default() };
        let metrics = Metrics::new(&config).unwrap();
        metrics.mtls.initialized();
        metrics.mtls.initialization_failed("sign");
        metrics.mtls.renewed();
        metrics.mtls.renewed();
        metrics.mtls.renewal_failed("sentry_conn");
        metrics.mtls.valid_until(1_800_000_000);
        let text = metrics.encode();
        for line in [
            "dapr_runtime_mtls_init_total{app_id=\"app\"} 1",
            "dapr_runtime_mtls_init_fail_total{app_id=\"app\",reason=\"sign\"} 1",
            "dapr_runtime_mtls_workload_cert_rotated_total{app_id=\"app\"} 2",
            "dapr_runtime_mtls_workload_cert_rotated_fail_total{app_id=\"app\",reason=\"sentry_conn\"} 1",
            "dapr_runtime_mtls_workload_cert_expiry_timestamp{app_id=\"app\"} 1.8e+09",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
