//! What a series holds: a counter, a gauge or a histogram, updated with relaxed atomics.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::text::{self, SampleName};
use crate::otlp::messages::{self, CUMULATIVE, Data, HistogramDataPoint, KeyValue, Number, NumberDataPoint, Sum};

/// A value that can print itself under a name and labels.
pub(super) trait Value: Send + Sync + Sized + 'static {
    const KIND: &'static str;
    fn write(&self, name: &SampleName<'_>, out: &mut String);
    /// Series with their attributes as OTLP.
    fn data(series: Vec<(Vec<KeyValue>, &Self)>, interval: &Interval) -> Data;
}

/// When counting began and when it was looked at, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval {
    pub(crate) start: u64,
    pub(crate) now: u64,
}

impl Interval {
    pub(super) fn point(&self, attributes: Vec<KeyValue>, value: Number) -> NumberDataPoint {
        NumberDataPoint { start_time_unix_nano: self.start, time_unix_nano: self.now, attributes, value: Some(value) }
    }
}

#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub(super) fn increment(&self) {
        self.add(1);
    }

    #[inline]
    pub(super) fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }
}

impl Value for Counter {
    const KIND: &'static str = "counter";

    fn write(&self, name: &SampleName<'_>, out: &mut String) {
        #[expect(clippy::cast_precision_loss, reason = "the exposition format has floats only")]
        name.write("", "", self.0.load(Relaxed) as f64, out);
    }

    fn data(series: Vec<(Vec<KeyValue>, &Self)>, interval: &Interval) -> Data {
        let value = |counter: &Self| Number::Integer(i64::try_from(counter.0.load(Relaxed)).unwrap_or(i64::MAX));
        let point = |(attributes, counter)| interval.point(attributes, value(counter));
        Data::Sum(Sum {
            data_points: series.into_iter().map(point).collect(),
            aggregation_temporality: CUMULATIVE,
            is_monotonic: true,
        })
    }
}

/// A value that is what was last set.
#[derive(Default)]
pub(super) struct Gauge(AtomicI64);

impl Gauge {
    pub(super) fn set(&self, value: i64) {
        self.0.store(value, Relaxed);
    }

    pub(super) fn add(&self, delta: i64) {
        self.0.fetch_add(delta, Relaxed);
    }
}

impl Value for Gauge {
    const KIND: &'static str = "gauge";

    fn write(&self, name: &SampleName<'_>, out: &mut String) {
        #[expect(clippy::cast_precision_loss, reason = "the exposition format has floats only")]
        name.write("", "", self.0.load(Relaxed) as f64, out);
    }

    fn data(series: Vec<(Vec<KeyValue>, &Self)>, interval: &Interval) -> Data {
        let point =
            |(attributes, gauge): (_, &Self)| interval.point(attributes, Number::Integer(gauge.0.load(Relaxed)));
        Data::Gauge(messages::Gauge { data_points: series.into_iter().map(point).collect() })
    }
}

/// The upper limits of a histogram's buckets, shared by its series.
pub(super) struct Buckets {
    /// In the unit that is observed, ascending.
    limits: Box<[u64]>,
    /// As printed for `le`, the last being `+Inf`.
    printed: Box<[String]>,
    /// How many observed units make one exported unit.
    per_unit: f64,
}

const DEFAULT_MILLISECONDS: [u64; 34] = [
    1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300, 400, 500, 650, 800,
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
];
const KIBIBYTES: [u64; 13] = [1, 2, 4, 16, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20];
const NANOSECONDS_PER_MILLISECOND: u64 = 1_000_000;

impl Buckets {
    /// Observes nanoseconds, exports milliseconds. An empty list gives the default one.
    pub(super) fn latency(milliseconds: &[u64]) -> Self {
        let given = if milliseconds.is_empty() { &DEFAULT_MILLISECONDS[..] } else { milliseconds };
        Self::scaled(given, NANOSECONDS_PER_MILLISECOND, 1)
    }

    /// Observes and exports bytes.
    pub(super) fn size() -> Self {
        Self::scaled(&KIBIBYTES, 1024, 1024)
    }

    /// `observed` and `exported` are what one step of `given` is worth in the two units. A limit of zero
    /// would hold nothing and is left out.
    fn scaled(given: &[u64], observed: u64, exported: u64) -> Self {
        let mut given: Vec<u64> = given.iter().copied().filter(|limit| *limit > 0).collect();
        given.sort_unstable();
        given.dedup();
        #[expect(clippy::cast_precision_loss, reason = "bucket limits are small")]
        let printed = given.iter().map(|limit| text::go_float((limit * exported) as f64));
        let printed = printed.chain([String::from("+Inf")]).collect();
        #[expect(clippy::cast_precision_loss, reason = "unit factors are small")]
        let per_unit = observed as f64 / exported as f64;
        Buckets { limits: given.iter().map(|limit| limit * observed).collect(), printed, per_unit }
    }
}

pub(super) struct Histogram {
    buckets: Arc<Buckets>,
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    pub(super) fn new(buckets: Arc<Buckets>) -> Self {
        let counts = (0..=buckets.limits.len()).map(|_| AtomicU64::new(0)).collect();
        Histogram { buckets, counts, sum: AtomicU64::new(0) }
    }

    #[inline]
    pub(super) fn observe(&self, value: u64) {
        let index = self.buckets.limits.partition_point(|limit| *limit < value);
        if let Some(count) = self.counts.get(index) {
            count.fetch_add(1, Relaxed);
        }
        self.sum.fetch_add(value, Relaxed);
    }

    #[inline]
    pub(super) fn observe_latency(&self, latency: Duration) {
        self.observe(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }
}

impl Value for Histogram {
    const KIND: &'static str = "histogram";

    #[expect(clippy::cast_precision_loss, reason = "the exposition format has floats only")]
    fn write(&self, name: &SampleName<'_>, out: &mut String) {
        let mut total = 0;
        for (count, limit) in self.counts.iter().zip(&self.buckets.printed) {
            total += count.load(Relaxed);
            name.write("_bucket", limit, total as f64, out);
        }
        name.write("_sum", "", self.sum.load(Relaxed) as f64 / self.buckets.per_unit, out);
        name.write("_count", "", total as f64, out);
    }

    fn data(series: Vec<(Vec<KeyValue>, &Self)>, interval: &Interval) -> Data {
        let point = |(attributes, histogram): (_, &Self)| histogram.point(attributes, interval);
        Data::Histogram(messages::Histogram {
            data_points: series.into_iter().map(point).collect(),
            aggregation_temporality: CUMULATIVE,
        })
    }
}

impl Histogram {
    #[expect(clippy::cast_precision_loss, reason = "OTLP has floats for limits and sums")]
    fn point(&self, attributes: Vec<KeyValue>, interval: &Interval) -> HistogramDataPoint {
        let bucket_counts: Vec<u64> = self.counts.iter().map(|count| count.load(Relaxed)).collect();
        let per_unit = self.buckets.per_unit;
        HistogramDataPoint {
            start_time_unix_nano: interval.start,
            time_unix_nano: interval.now,
            count: bucket_counts.iter().sum(),
            sum: Some(self.sum.load(Relaxed) as f64 / per_unit),
            explicit_bounds: self.buckets.limits.iter().map(|limit| *limit as f64 / per_unit).collect(),
            bucket_counts,
            attributes,
        }
    }
}
