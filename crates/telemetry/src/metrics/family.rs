//! One metric and its series.

use std::sync::Arc;

use super::relabel::{self, Rewrite, Rules};
use super::table::Table;
use super::text::{self, SampleName};
use super::value::{Interval, Value};
use crate::otlp::messages::{KeyValue, Metric};

/// The label value of the series that takes what is over the limit.
const OTHER: &str = "other";

/// A metric with `N` labels of its own besides the fixed ones.
pub(super) struct Family<V, const N: usize> {
    name: String,
    help: &'static str,
    /// Labels with one value for the whole runtime.
    fixed: Vec<(&'static str, String)>,
    labels: [&'static str; N],
    rewrites: [Vec<Rewrite>; N],
    make: Box<dyn Fn() -> V + Send + Sync>,
    series: Table<Arc<V>, N>,
}

/// A family as the registry sees it.
pub(super) trait Encode: Send + Sync {
    fn name(&self) -> &str;
    fn encode(&self, out: &mut String);
    /// The same as an OTLP message; `None` while there is no series.
    fn collect(&self, span: &Interval) -> Option<Metric>;
}

impl<V: Value, const N: usize> Family<V, N> {
    pub(super) fn new(
        stat: &str,
        help: &'static str,
        fixed: &[(&'static str, &str)],
        labels: [&'static str; N],
        rules: &Rules,
        make: Box<dyn Fn() -> V + Send + Sync>,
    ) -> Self {
        let rewritten = |label: &str, value| relabel::apply(&rules.of(stat, label), value).into_owned();
        Family {
            name: format!("dapr_{}", stat.replace(['/', '.'], "_")),
            help,
            fixed: fixed.iter().map(|(label, value)| (*label, rewritten(label, value))).collect(),
            rewrites: labels.map(|label| rules.of(stat, label)),
            labels,
            make,
            series: Table::new(),
        }
    }

    /// The series of `labels`, made if there is room for it. Callers on the hot path keep the result.
    pub(super) fn resolve(&self, labels: [&str; N]) -> Arc<V> {
        let values: [_; N] = std::array::from_fn(|index| relabel::apply(&self.rewrites[index], labels[index]));
        let values = values.each_ref().map(|value| &**value);
        if let Some(known) = self.series.get(&values, Arc::clone) {
            return known;
        }
        let values = if self.series.is_full() { [OTHER; N] } else { values };
        self.series.get_or_insert(&values, || Arc::new((self.make)()))
    }

    /// The labels of one series that have a value.
    fn attributes(&self, values: &[Box<str>; N]) -> Vec<KeyValue> {
        let own = self.labels.iter().copied().zip(values.iter().map(|value| &**value));
        let fixed = self.fixed.iter().map(|(label, value)| (*label, value.as_str()));
        let all = fixed.chain(own).filter(|(_, value)| !value.is_empty());
        all.map(|(name, value)| KeyValue::text(name, value)).collect()
    }

    /// The labels of one series in order of their names.
    fn render_labels(&self, values: &[Box<str>; N]) -> String {
        let own = self.labels.iter().copied().zip(values.iter().map(|value| &**value));
        let fixed = self.fixed.iter().map(|(label, value)| (*label, value.as_str()));
        let mut all: Vec<_> = fixed.chain(own).collect();
        all.sort_unstable();
        let mut out = String::new();
        for (name, value) in all {
            text::label(name, value, &mut out);
        }
        out
    }
}

impl<V: Value, const N: usize> Encode for Family<V, N> {
    fn name(&self) -> &str {
        &self.name
    }

    /// Series in order of their labels; nothing at all while there is none.
    fn encode(&self, out: &mut String) {
        let rows = self.series.read();
        let mut series: Vec<_> = rows.iter().map(|row| (self.render_labels(&row.labels), &row.value)).collect();
        if series.is_empty() {
            return;
        }
        series.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        text::header(&self.name, self.help, V::KIND, out);
        for (labels, value) in series {
            value.write(&SampleName { metric: &self.name, labels: &labels }, out);
        }
    }

    fn collect(&self, span: &Interval) -> Option<Metric> {
        let rows = self.series.read();
        let points: Vec<_> = rows.iter().map(|row| (self.attributes(&row.labels), &*row.value)).collect();
        if points.is_empty() {
            return None;
        }
        let data = Some(V::data(points, span));
        Some(Metric { name: self.name.clone(), description: self.help.to_owned(), data })
    }
}
