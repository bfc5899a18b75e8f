//! `resiliency/*`: policies that were loaded, applied and needed, and the state of circuit breakers.
//!
//! Here the label `namespace` is that of the Resiliency resource, not of the host, and `name` is the resource that
//! was loaded last, as in the incumbent's metrics.

use std::sync::{Arc, OnceLock};

use super::family::Family;
use super::registry::{Builder, Fixed};
use super::value::{Counter, Gauge};

const LABELS: [&str; 6] = ["name", "policy", "namespace", "flow_direction", "target", "status"];
const STATES: [BreakerState; 4] =
    [BreakerState::Closed, BreakerState::HalfOpen, BreakerState::Open, BreakerState::Unknown];

/// What a circuit breaker may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// A few calls pass, to see whether the target has recovered.
    HalfOpen,
    /// No call passes.
    Open,
    /// Never reported; its series exists because dashboards expect four of them.
    Unknown,
}

impl BreakerState {
    /// The value of the label `status`.
    pub fn as_str(self) -> &'static str {
        match self {
            BreakerState::Closed => "closed",
            BreakerState::HalfOpen => "half-open",
            BreakerState::Open => "open",
            BreakerState::Unknown => "unknown",
        }
    }
}

/// The families of resiliency policies.
pub struct Resiliency(Option<Arc<ResiliencyFamilies>>);

struct ResiliencyFamilies {
    loaded: Arc<Family<Counter, 2>>,
    count: Arc<Family<Counter, 6>>,
    activations: Arc<Family<Counter, 6>>,
    state: Arc<Family<Gauge, 6>>,
}

impl Resiliency {
    pub(super) fn new(builder: &mut Builder<'_>, enabled: bool) -> Self {
        let families = ResiliencyFamilies {
            loaded: builder.counter(
                "resiliency/loaded",
                "Resiliency resources that were loaded.",
                Fixed::AppId,
                ["name", "namespace"],
            ),
            count: builder.counter(
                "resiliency/count",
                "Calls that a resiliency policy was applied to.",
                Fixed::AppId,
                LABELS,
            ),
            activations: builder.counter(
                "resiliency/activations_total",
                "Calls in which a resiliency policy acted: a timeout passed, a retry began, a breaker changed.",
                Fixed::AppId,
                LABELS,
            ),
            state: builder.gauge(
                "resiliency/cb_state",
                "1 for the state that a circuit breaker is in, 0 for the others.",
                Fixed::AppId,
                LABELS,
            ),
        };
        Resiliency(enabled.then(|| Arc::new(families)))
    }

    /// Records that a Resiliency resource was loaded.
    pub fn loaded(&self, name: &str, namespace: &str) {
        if let Some(families) = &self.0 {
            families.loaded.resolve([name, namespace]).increment();
        }
    }

    /// What the calls to one target are recorded in. `target` is such as `app_orders`, `actor_Cart` or
    /// `Statestore_redis`; keep the result, for making it costs allocations.
    pub fn target(&self, labels: TargetLabels<'_>) -> ResiliencyTarget {
        ResiliencyTarget(self.0.as_ref().map(|families| {
            Box::new(TargetSeries {
                families: Arc::clone(families),
                name: labels.name.into(),
                namespace: labels.namespace.into(),
                direction: if labels.inbound { "inbound" } else { "outbound" },
                target: labels.target.into(),
                timeout: PolicySeries::default(),
                retry: PolicySeries::default(),
                breaker: Default::default(),
                states: OnceLock::new(),
            })
        }))
    }
}

/// Which target a [`ResiliencyTarget`] is for.
#[derive(Clone, Copy, Debug)]
pub struct TargetLabels<'a> {
    /// The Resiliency resource that was loaded last.
    pub name: &'a str,
    /// That resource's namespace.
    pub namespace: &'a str,
    /// Whether calls come from the target instead of going to it.
    pub inbound: bool,
    /// The kind and name of the target.
    pub target: &'a str,
}

/// The series of one target. Each exists from the first time that it is recorded.
pub struct ResiliencyTarget(Option<Box<TargetSeries>>);

struct TargetSeries {
    families: Arc<ResiliencyFamilies>,
    name: Box<str>,
    namespace: Box<str>,
    direction: &'static str,
    target: Box<str>,
    timeout: PolicySeries,
    retry: PolicySeries,
    breaker: [PolicySeries; STATES.len()],
    states: OnceLock<[Arc<Gauge>; STATES.len()]>,
}

#[derive(Default)]
struct PolicySeries {
    applied: OnceLock<Arc<Counter>>,
    activated: OnceLock<Arc<Counter>>,
}

impl ResiliencyTarget {
    /// A call begins under a timeout.
    pub fn timeout_applied(&self) {
        self.with(|series| series.applied(&series.timeout, "timeout", ""));
    }

    /// A call took too long.
    pub fn timeout_activated(&self) {
        self.with(|series| series.activated(&series.timeout, "timeout", ""));
    }

    /// A call begins that may be retried.
    pub fn retry_applied(&self) {
        self.with(|series| series.applied(&series.retry, "retry", ""));
    }

    /// A call is retried for the first time.
    pub fn retry_activated(&self) {
        self.with(|series| series.activated(&series.retry, "retry", ""));
    }

    /// A call begins under a circuit breaker, which is in this state.
    pub fn breaker_applied(&self, state: BreakerState) {
        self.with(|series| {
            series.applied(&series.breaker[state as usize], "circuitbreaker", state.as_str());
            let families = &series.families;
            let resolve = |state: BreakerState| families.state.resolve(series.labels("circuitbreaker", state.as_str()));
            let gauges = series.states.get_or_init(|| STATES.map(resolve));
            for (gauge, of) in gauges.iter().zip(STATES) {
                gauge.set(i64::from(of == state));
            }
        });
    }

    /// A call moved its circuit breaker to this state.
    pub fn breaker_activated(&self, state: BreakerState) {
        self.with(|series| series.activated(&series.breaker[state as usize], "circuitbreaker", state.as_str()));
    }

    fn with(&self, record: impl FnOnce(&TargetSeries)) {
        if let Some(series) = &self.0 {
            record(series);
        }
    }
}

impl TargetSeries {
    fn labels<'a>(&'a self, policy: &'a str, status: &'a str) -> [&'a str; 6] {
        [&self.name, policy, &self.namespace, self.direction, &self.target, status]
    }

    fn applied(&self, series: &PolicySeries, policy: &str, status: &str) {
        series.applied.get_or_init(|| self.families.count.resolve(self.labels(policy, status))).increment();
    }

    fn activated(&self, series: &PolicySeries, policy: &str, status: &str) {
        series.activated.get_or_init(|| self.families.activations.resolve(self.labels(policy, status))).increment();
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Metrics, MetricsConfig};
    use super::*;

    fn recorded(enabled: bool) -> String {
        let metrics = Metrics::new(&MetricsConfig { app_id: "a".into(), enabled, ..MetricsConfig::default() }).unwrap();
        metrics.resiliency.loaded("myresiliency", "");
        let labels = TargetLabels { name: "myresiliency", namespace: "", inbound: false, target: "app_server" };
        let target = metrics.resiliency.target(labels);
        target.timeout_applied();
        target.retry_applied();
        target.retry_activated();
        target.breaker_applied(BreakerState::Closed);
        target.breaker_activated(BreakerState::Open);
        target.breaker_applied(BreakerState::Open);
        metrics.encode()
    }

    #[test]
    fn series_have_the_names_and_labels_that_dashboards_ask_for() {
        let text = recorded(true);
        let series = |metric: &str, policy: &str, status: &str, value: u8| {
            let line = format!(
                "dapr_resiliency_{metric}{{app_id=\"a\",flow_direction=\"outbound\",name=\"myresiliency\",\
                 namespace=\"\",policy=\"{policy}\",status=\"{status}\",target=\"app_server\"}} {value}"
            );
            assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
        };
        assert!(
            text.contains("dapr_resiliency_loaded{app_id=\"a\",name=\"myresiliency\",namespace=\"\"} 1\n"),
            "{text}"
        );
        assert!(text.contains("# TYPE dapr_resiliency_cb_state gauge\n"), "{text}");
        series("count", "timeout", "", 1);
        series("count", "retry", "", 1);
        series("count", "circuitbreaker", "closed", 1);
        series("count", "circuitbreaker", "open", 1);
        series("activations_total", "retry", "", 1);
        series("activations_total", "circuitbreaker", "open", 1);
        for (state, value) in [("closed", 0), ("half-open", 0), ("open", 1), ("unknown", 0)] {
            series("cb_state", "circuitbreaker", state, value);
        }
        assert!(!text.contains("activations_total{app_id=\"a\",flow_direction=\"outbound\",name=\"myresiliency\",namespace=\"\",policy=\"timeout\""), "{text}");
    }

    #[test]
    fn nothing_is_recorded_without_metrics() {
        assert!(!recorded(false).contains("dapr_resiliency"));
    }
}
