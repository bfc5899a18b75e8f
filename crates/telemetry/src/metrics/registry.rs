//! Builds the families of a runtime and prints them all.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::config::MetricsConfig;
use super::family::{Encode, Family};
use super::process;
use super::relabel::Rules;
use super::table::Table;
use super::value::{Buckets, Counter, Gauge, Histogram, Interval};
use crate::otlp::messages::Metric;
use crate::unix_nanoseconds;

/// Why metrics could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// A pattern in `spec.metric.rules` is not a regular expression.
    #[error("failed to compile regex for rule {metric}/{label}: {source}")]
    Regex {
        /// The rule's name.
        metric: String,
        /// The label it is for.
        label: String,
        /// What is wrong with it. Boxed as it is large and rare.
        source: Box<regex::Error>,
    },
}

/// Makes families that share the runtime's labels, rules and buckets.
pub(super) struct Builder<'c> {
    config: Cow<'c, MetricsConfig>,
    rules: Rules,
    latency: Arc<Buckets>,
    size: Arc<Buckets>,
    families: Vec<Arc<dyn Encode>>,
}

/// Which of the runtime's labels a family carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fixed {
    None,
    AppId,
    AppIdAndNamespace,
}

impl<'c> Builder<'c> {
    pub(super) fn new(config: &'c MetricsConfig) -> Result<Self, MetricsError> {
        Ok(Self::with_rules(Cow::Borrowed(config), Rules::compile(&config.rules)?))
    }

    pub(super) fn with_rules(config: Cow<'c, MetricsConfig>, rules: Rules) -> Self {
        let latency = Arc::new(Buckets::latency(&config.latency_buckets));
        Builder { config, rules, latency, size: Arc::new(Buckets::size()), families: Vec::new() }
    }

    pub(super) fn counter<const N: usize>(
        &mut self,
        stat: &str,
        help: &'static str,
        fixed: Fixed,
        labels: [&'static str; N],
    ) -> Arc<Family<Counter, N>> {
        self.family(stat, help, fixed, labels, Box::new(Counter::default))
    }

    /// A histogram of durations, exported in milliseconds.
    pub(super) fn latency<const N: usize>(
        &mut self,
        stat: &str,
        help: &'static str,
        fixed: Fixed,
        labels: [&'static str; N],
    ) -> Arc<Family<Histogram, N>> {
        self.latency_in(Arc::clone(&self.latency), stat, help, fixed, labels)
    }

    /// The same with buckets of its own.
    pub(super) fn latency_in<const N: usize>(
        &mut self,
        buckets: Arc<Buckets>,
        stat: &str,
        help: &'static str,
        fixed: Fixed,
        labels: [&'static str; N],
    ) -> Arc<Family<Histogram, N>> {
        self.family(stat, help, fixed, labels, Box::new(move || Histogram::new(Arc::clone(&buckets))))
    }

    pub(super) fn gauge<const N: usize>(
        &mut self,
        stat: &str,
        help: &'static str,
        fixed: Fixed,
        labels: [&'static str; N],
    ) -> Arc<Family<Gauge, N>> {
        self.family(stat, help, fixed, labels, Box::new(Gauge::default))
    }

    /// A histogram of bytes.
    pub(super) fn size<const N: usize>(
        &mut self,
        stat: &str,
        help: &'static str,
        labels: [&'static str; N],
    ) -> Arc<Family<Histogram, N>> {
        let buckets = Arc::clone(&self.size);
        self.family(stat, help, Fixed::AppId, labels, Box::new(move || Histogram::new(Arc::clone(&buckets))))
    }

    /// Remembers, by raw label values, the series that a call is recorded in.
    pub(super) fn handles<H, const N: usize>(&self) -> Handles<H, N> {
        Handles { enabled: self.config.enabled, known: Table::new() }
    }

    pub(super) fn finish(mut self) -> Exposition {
        self.families.sort_by(|one, other| one.name().cmp(other.name()));
        Exposition { families: self.families.into(), started: SystemTime::now() }
    }

    pub(super) fn family<V: super::value::Value, const N: usize>(
        &mut self,
        stat: &str,
        help: &'static str,
        fixed: Fixed,
        labels: [&'static str; N],
        make: Box<dyn Fn() -> V + Send + Sync>,
    ) -> Arc<Family<V, N>> {
        let both = [("app_id", self.config.app_id.as_str()), ("namespace", self.config.namespace.as_str())];
        let fixed = match fixed {
            Fixed::None => &both[..0],
            Fixed::AppId => &both[..1],
            Fixed::AppIdAndNamespace => &both[..],
        };
        let family = Arc::new(Family::new(stat, help, fixed, labels, &self.rules, make));
        self.families.push(Arc::<Family<V, N>>::clone(&family));
        family
    }
}

/// The families of a process, in order of their names: what is scraped and pushed. Cheap to clone.
#[derive(Clone)]
pub struct Exposition {
    families: Arc<[Arc<dyn Encode>]>,
    started: SystemTime,
}

impl Exposition {
    /// Every series in Prometheus text format, then the `process_*` values of this moment.
    pub fn encode(&self) -> String {
        let mut out = String::with_capacity(16 * 1024);
        for family in &*self.families {
            family.encode(&mut out);
        }
        process::encode(&mut out);
        out
    }

    /// The same as OTLP messages.
    pub(crate) fn collect(&self) -> Vec<Metric> {
        let interval = Interval { start: unix_nanoseconds(self.started), now: unix_nanoseconds(SystemTime::now()) };
        let mut metrics: Vec<_> = self.families.iter().filter_map(|family| family.collect(&interval)).collect();
        process::collect(&interval, &mut metrics);
        metrics
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exposition({} families)", self.families.len())
    }
}

/// From the raw label values of a call to the series of every metric it touches. It exists because
/// relabelling is per metric: one request may end in differently labelled series.
pub(super) struct Handles<H, const N: usize> {
    enabled: bool,
    known: Table<Arc<H>, N>,
}

impl<H, const N: usize> Handles<H, N> {
    /// Never records, whatever the configuration says of metrics as a whole.
    pub(super) fn off(mut self) -> Self {
        self.enabled = false;
        self
    }

    #[inline]
    pub(super) fn record(&self, labels: [&str; N], resolve: impl FnOnce() -> H, record: impl Fn(&H)) {
        if self.enabled && self.known.get(&labels, |handles| record(handles)).is_none() {
            record(&self.learn(&labels, resolve));
        }
    }

    #[cold]
    fn learn(&self, labels: &[&str; N], resolve: impl FnOnce() -> H) -> Arc<H> {
        let handles = Arc::new(resolve());
        if self.known.is_full() { handles } else { self.known.get_or_insert(labels, || handles) }
    }
}
