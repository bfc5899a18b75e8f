//! Families that a process other than `daprd` declares for itself.
//!
//! ```
//! # use dapr_telemetry::metrics::Declaration;
//! let mut declare = Declaration::new();
//! let failed = declare.counter("sentry/cert/sign/failure_total", "Certificates not signed.", ["reason"]);
//! let expiry = declare.gauge("sentry/issuercert/expiry_timestamp", "When the issuer expires.", []);
//! let exposition = declare.finish();
//! failed.increment(["bad_csr"]);
//! expiry.set([], 1_900_000_000);
//! assert!(exposition.encode().contains("dapr_sentry_cert_sign_failure_total{reason=\"bad_csr\"} 1\n"));
//! ```

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::config::MetricsConfig;
use super::family::Family;
use super::registry::{Builder, Exposition, Fixed};
use super::relabel::Rules;
use super::value::{Buckets, Counter, Gauge, Histogram};

/// Collects the families of a process; [`Declaration::finish`] gives what is served and pushed.
///
/// Names are as in the published list (`sentry/cert/sign/success_total`); on the page they begin with `dapr_`
/// and have underscores. A family prints nothing until it is first recorded.
pub struct Declaration(Builder<'static>);

impl Declaration {
    /// No family yet.
    pub fn new() -> Self {
        Declaration(Builder::with_rules(Cow::Owned(MetricsConfig::default()), Rules::default()))
    }

    /// What only grows.
    pub fn counter<const N: usize>(
        &mut self,
        stat: &str,
        help: &'static str,
        labels: [&'static str; N],
    ) -> CounterFamily<N> {
        CounterFamily(self.0.counter(stat, help, Fixed::None, labels))
    }

    /// What is what it was last set to.
    pub fn gauge<const N: usize>(
        &mut self,
        stat: &str,
        help: &'static str,
        labels: [&'static str; N],
    ) -> GaugeFamily<N> {
        GaugeFamily(self.0.gauge(stat, help, Fixed::None, labels))
    }

    /// Durations, exported in milliseconds. `buckets` are upper limits in milliseconds; empty for the default
    /// list.
    pub fn latency<const N: usize>(
        &mut self,
        stat: &str,
        help: &'static str,
        labels: [&'static str; N],
        buckets: &[u64],
    ) -> LatencyFamily<N> {
        LatencyFamily(self.0.latency_in(Arc::new(Buckets::latency(buckets)), stat, help, Fixed::None, labels))
    }

    /// All families so far.
    pub fn finish(self) -> Exposition {
        self.0.finish()
    }
}

impl Default for Declaration {
    fn default() -> Self {
        Self::new()
    }
}

/// Counters by `N` labels. Cheap to clone.
#[derive(Clone)]
pub struct CounterFamily<const N: usize>(Arc<Family<Counter, N>>);

impl<const N: usize> CounterFamily<N> {
    /// Adds one.
    pub fn increment(&self, labels: [&str; N]) {
        self.0.resolve(labels).increment();
    }
}

/// Gauges by `N` labels. Cheap to clone.
#[derive(Clone)]
pub struct GaugeFamily<const N: usize>(Arc<Family<Gauge, N>>);

impl<const N: usize> GaugeFamily<N> {
    /// Sets the value.
    pub fn set(&self, labels: [&str; N], value: i64) {
        self.0.resolve(labels).set(value);
    }

    /// Adds to the value, which begins at 0.
    pub fn add(&self, labels: [&str; N], delta: i64) {
        self.0.resolve(labels).add(delta);
    }
}

/// Histograms of durations by `N` labels. Cheap to clone.
#[derive(Clone)]
pub struct LatencyFamily<const N: usize>(Arc<Family<Histogram, N>>);

impl<const N: usize> LatencyFamily<N> {
    /// Records one duration.
    pub fn observe(&self, labels: [&str; N], latency: Duration) {
        self.0.resolve(labels).observe_latency(latency);
    }
}
