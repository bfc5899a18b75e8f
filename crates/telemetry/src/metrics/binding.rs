//! `component/input_binding/*`: events that went to the application.

use std::sync::Arc;
use std::time::Duration;

use super::family::Family;
use super::registry::{Builder, Fixed, Handles};
use super::value::{Counter, Histogram};

const LABELS: [&str; 2] = ["component", "success"];

/// Events of input bindings.
pub struct InputBindingEvents {
    count: Arc<Family<Counter, 2>>,
    latency: Arc<Family<Histogram, 2>>,
    handles: Handles<(Arc<Counter>, Arc<Histogram>), 2>,
}

impl InputBindingEvents {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        let fixed = Fixed::AppIdAndNamespace;
        Self {
            count: builder.counter("component/input_binding/count", "Events of an input binding.", fixed, LABELS),
            latency: builder.latency(
                "component/input_binding/latencies",
                "Milliseconds until the application had processed an event.",
                fixed,
                LABELS,
            ),
            handles: builder.handles(),
        }
    }

    /// Records one event and whether the application processed it.
    pub fn record(&self, component: &str, ok: bool, latency: Duration) {
        let labels = [component, if ok { "true" } else { "false" }];
        let resolve = || (self.count.resolve(labels), self.latency.resolve(labels));
        self.handles.record(labels, resolve, |(count, histogram)| {
            count.increment();
            histogram.observe_latency(latency);
        });
    }
}
