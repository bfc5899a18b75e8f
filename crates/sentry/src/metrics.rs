//! What Sentry counts (interface/observability.md 6.3).

use dapr_telemetry::metrics::{CounterFamily, Declaration, Exposition, GaugeFamily};
use jiff::Timestamp;

/// The families of Sentry. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) exposition: Exposition,
    received: CounterFamily<0>,
    succeeded: CounterFamily<0>,
    failed: CounterFamily<1>,
    server_failed: CounterFamily<1>,
    changed: CounterFamily<0>,
    expiry: GaugeFamily<0>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut declare = Declaration::new();
        let received = declare.counter("sentry/cert/sign/request_received_total", "The number of CSRs received.", []);
        let succeeded = declare.counter("sentry/cert/sign/success_total", "Certificates that were issued.", []);
        let failed =
            declare.counter("sentry/cert/sign/failure_total", "Requests for certificates that failed.", ["reason"]);
        let server_failed = declare.counter(
            "sentry/servercert/issue_failed_total",
            "Failures to issue Sentry's own server certificate.",
            ["reason"],
        );
        let changed = declare.counter(
            "sentry/issuercert/changed_total",
            "How often the issuer's certificate or key was made or changed.",
            [],
        );
        let expiry = declare.gauge(
            "sentry/issuercert/expiry_timestamp",
            "When the issuer's certificate expires, in seconds since 1970.",
            [],
        );
        Self { exposition: declare.finish(), received, succeeded, failed, server_failed, changed, expiry }
    }

    pub(crate) fn received(&self) {
        self.received.increment([]);
    }

    pub(crate) fn signed(&self) {
        self.succeeded.increment([]);
    }

    /// The incumbent has one reason for all failures, which dashboards filter by.
    pub(crate) fn failed(&self) {
        self.failed.increment(["sign"]);
    }

    pub(crate) fn server_certificate_failed(&self) {
        self.server_failed.increment(["ca_error"]);
    }

    pub(crate) fn changed(&self) {
        self.changed.increment([]);
    }

    pub(crate) fn expires(&self, not_after: Timestamp) {
        self.expiry.set([], not_after.as_second());
    }
}
