//! `component/<block>/{count,latencies}`: operations on components.

use std::sync::Arc;
use std::time::Duration;

use super::family::Family;
use super::registry::{Builder, Fixed, Handles};
use super::value::{Counter, Histogram};

const LABELS: [&str; 3] = ["component", "operation", "success"];

/// Operations on the components of one building block.
pub struct ComponentCalls {
    count: Arc<Family<Counter, 3>>,
    latency: Arc<Family<Histogram, 3>>,
    handles: Handles<(Arc<Counter>, Arc<Histogram>), 3>,
}

impl ComponentCalls {
    pub(super) fn state(builder: &mut Builder<'_>) -> Self {
        Self::new(
            builder,
            ("component/state/count", "Operations on a state store."),
            ("component/state/latencies", "Milliseconds until a state store answered."),
        )
    }

    pub(super) fn secret(builder: &mut Builder<'_>) -> Self {
        Self::new(
            builder,
            ("component/secret/count", "Operations on a secret store."),
            ("component/secret/latencies", "Milliseconds until a secret store answered."),
        )
    }

    pub(super) fn crypto(builder: &mut Builder<'_>) -> Self {
        Self::new(
            builder,
            ("component/crypto/count", "Operations on a crypto provider."),
            ("component/crypto/latencies", "Milliseconds until a crypto provider answered."),
        )
    }

    pub(super) fn output_binding(builder: &mut Builder<'_>) -> Self {
        Self::new(
            builder,
            ("component/output_binding/count", "Calls of an output binding."),
            ("component/output_binding/latencies", "Milliseconds until an output binding answered."),
        )
    }

    fn new(builder: &mut Builder<'_>, count: (&str, &'static str), latency: (&str, &'static str)) -> Self {
        ComponentCalls {
            count: builder.counter(count.0, count.1, Fixed::AppIdAndNamespace, LABELS),
            latency: builder.latency(latency.0, latency.1, Fixed::AppIdAndNamespace, LABELS),
            handles: builder.handles(),
        }
    }

    /// Records one operation: `get`, `set`, `delete`, `bulk_get`, `bulk_delete`, `query` or `transaction`
    /// for state, `get` or `bulk_get` for secrets, the name of the operation for output bindings and crypto.
    pub fn record(&self, component: &str, operation: &str, ok: bool, latency: Duration) {
        let labels = [component, operation, if ok { "true" } else { "false" }];
        let resolve = || (self.count.resolve(labels), self.latency.resolve(labels));
        self.handles.record(labels, resolve, |(count, histogram)| {
            count.increment();
            histogram.observe_latency(latency);
        });
    }
}
