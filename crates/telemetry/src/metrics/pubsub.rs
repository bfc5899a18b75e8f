//! `component/pubsub_egress/*` and `component/pubsub_ingress/*`: messages to brokers, and from brokers to the application.

use std::sync::Arc;
use std::time::Duration;

use super::family::Family;
use super::registry::{Builder, Fixed, Handles};
use super::value::{Counter, Histogram};

const EGRESS: [&str; 3] = ["component", "success", "topic"];
const INGRESS: [&str; 4] = ["component", "process_status", "status", "topic"];
const BULK_INGRESS: [&str; 3] = ["component", "process_status", "topic"];

/// Messages that were published.
pub struct PubSubEgress {
    count: Arc<Family<Counter, 3>>,
    latency: Arc<Family<Histogram, 3>>,
    bulk_count: Arc<Family<Counter, 3>>,
    bulk_events: Arc<Family<Counter, 3>>,
    bulk_latency: Arc<Family<Histogram, 3>>,
    single: Handles<(Arc<Counter>, Arc<Histogram>), 3>,
    bulk: Handles<(Arc<Counter>, Arc<Histogram>), 3>,
    events: Handles<Arc<Counter>, 3>,
}

/// Messages that were delivered to the application.
pub struct PubSubIngress {
    count: Arc<Family<Counter, 4>>,
    latency: Arc<Family<Histogram, 4>>,
    bulk_count: Arc<Family<Counter, 3>>,
    bulk_events: Arc<Family<Counter, 3>>,
    bulk_latency: Arc<Family<Histogram, 3>>,
    single: Handles<(Arc<Counter>, Arc<Histogram>), 4>,
    bulk: Handles<(Arc<Counter>, Arc<Histogram>), 3>,
    events: Handles<Arc<Counter>, 3>,
}

impl PubSubEgress {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        let fixed = Fixed::AppIdAndNamespace;
        Self {
            count: builder.counter("component/pubsub_egress/count", "Messages published.", fixed, EGRESS),
            latency: builder.latency(
                "component/pubsub_egress/latencies",
                "Milliseconds until the broker had a message.",
                fixed,
                EGRESS,
            ),
            bulk_count: builder.counter("component/pubsub_egress/bulk/count", "Bulk publish calls.", fixed, EGRESS),
            bulk_events: builder.counter(
                "component/pubsub_egress/bulk/event_count",
                "Messages that bulk publish calls published.",
                fixed,
                EGRESS,
            ),
            bulk_latency: builder.latency(
                "component/pubsub_egress/bulk/latencies",
                "Milliseconds until the broker had all messages of a call.",
                fixed,
                EGRESS,
            ),
            single: builder.handles(),
            bulk: builder.handles(),
            events: builder.handles(),
        }
    }

    /// A message went to the broker, or did not.
    pub fn record(&self, component: &str, topic: &str, ok: bool, latency: Duration) {
        let labels = [component, text(ok), topic];
        let resolve = || (self.count.resolve(labels), self.latency.resolve(labels));
        self.single.record(labels, resolve, |(count, histogram)| {
            count.increment();
            histogram.observe_latency(latency);
        });
    }

    /// A bulk call: `ok` if every message went to the broker, `events` how many did.
    pub fn record_bulk(&self, component: &str, topic: &str, ok: bool, events: u64, latency: Duration) {
        let labels = [component, text(ok), topic];
        let resolve = || (self.bulk_count.resolve(labels), self.bulk_latency.resolve(labels));
        self.bulk.record(labels, resolve, |(count, histogram)| {
            count.increment();
            histogram.observe_latency(latency);
        });
        if events > 0 {
            let labels = [component, text(true), topic];
            self.events.record(labels, || self.bulk_events.resolve(labels), |count| count.add(events));
        }
    }
}

impl PubSubIngress {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        let fixed = Fixed::AppIdAndNamespace;
        Self {
            count: builder.counter("component/pubsub_ingress/count", "Messages delivered.", fixed, INGRESS),
            latency: builder.latency(
                "component/pubsub_ingress/latencies",
                "Milliseconds until the application had processed a message.",
                fixed,
                INGRESS,
            ),
            bulk_count: builder.counter("component/pubsub_ingress/bulk/count", "Bulk deliveries.", fixed, BULK_INGRESS),
            bulk_events: builder.counter(
                "component/pubsub_ingress/bulk/event_count",
                "Messages of bulk deliveries.",
                fixed,
                BULK_INGRESS,
            ),
            bulk_latency: builder.latency(
                "component/pubsub_ingress/bulk/latencies",
                "Milliseconds until the application had processed a bulk delivery.",
                fixed,
                BULK_INGRESS,
            ),
            single: builder.handles(),
            bulk: builder.handles(),
            events: builder.handles(),
        }
    }

    /// The application processed a message: `process_status` is what became of it (`success`, `retry` or `drop`),
    /// `status` what the application said, or the same when it said nothing.
    pub fn record(&self, component: &str, process_status: &str, status: &str, topic: &str, latency: Duration) {
        let status = if status.is_empty() { process_status } else { status };
        let labels = [component, process_status, status, topic];
        let resolve = || (self.count.resolve(labels), self.latency.resolve(labels));
        self.single.record(labels, resolve, |(count, histogram)| {
            count.increment();
            histogram.observe_latency(latency);
        });
    }

    /// The application answered a bulk delivery.
    pub fn record_bulk(&self, component: &str, topic: &str, latency: Duration) {
        let labels = [component, "", topic];
        let resolve = || (self.bulk_count.resolve(labels), self.bulk_latency.resolve(labels));
        self.bulk.record(labels, resolve, |(count, histogram)| {
            count.increment();
            histogram.observe_latency(latency);
        });
    }

    /// Messages of a bulk delivery with the same `process_status`: `success`, `retry` or `drop`.
    pub fn record_bulk_events(&self, component: &str, process_status: &str, topic: &str, events: u64) {
        if events > 0 {
            let labels = [component, process_status, topic];
            self.events.record(labels, || self.bulk_events.resolve(labels), |count| count.add(events));
        }
    }
}

fn text(ok: bool) -> &'static str {
    if ok { "true" } else { "false" }
}
