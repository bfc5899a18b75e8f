//! Builds the families of a runtime and prints them all.

use std::sync::Arc;

use super::config::MetricsConfig;
use super::family::{Encode, Family};
use super::relabel::Rules;
use super::table::Table;
use super::value::{Buckets, Counter, Histogram};

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
    config: &'c MetricsConfig,
    rules: Rules,
    latency: Arc<Buckets>,
    size: Arc<Buckets>,
    families: Vec<Arc<dyn Encode>>,
}

/// Which of the runtime's labels a family carries besides `app_id`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fixed {
    AppId,
    AppIdAndNamespace,
}

impl<'c> Builder<'c> {
    pub(super) fn new(config: &'c MetricsConfig) -> Result<Self, MetricsError> {
        Ok(Builder {
            config,
            rules: Rules::compile(&config.rules)?,
            latency: Arc::new(Buckets::latency(&config.latency_buckets)),
            size: Arc::new(Buckets::size()),
            families: Vec::new(),
        })
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
        let buckets = Arc::clone(&self.latency);
        self.family(stat, help, fixed, labels, Box::new(move || Histogram::new(Arc::clone(&buckets))))
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

    pub(super) fn finish(mut self) -> Registry {
        self.families.sort_by(|one, other| one.name().cmp(other.name()));
        Registry { families: self.families }
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
        let fixed = if fixed == Fixed::AppId { &both[..1] } else { &both[..] };
        let family = Arc::new(Family::new(stat, help, fixed, labels, &self.rules, make));
        self.families.push(Arc::<Family<V, N>>::clone(&family));
        family
    }
}

/// The families of a runtime, in order of their names.
pub(super) struct Registry {
    families: Vec<Arc<dyn Encode>>,
}

impl Registry {
    pub(super) fn encode(&self, out: &mut String) {
        for family in &self.families {
            family.encode(out);
        }
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
