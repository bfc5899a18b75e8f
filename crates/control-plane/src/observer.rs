//! What happens to the identity, as metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dapr_security::Observer;
use dapr_telemetry::metrics::Metrics;

/// Counts into `runtime/mtls/*`. In Kubernetes the identity comes before the Configuration, which decides about metrics:
/// what happens before [`MtlsObserver::count_into`] is kept and counted then.
#[derive(Default)]
pub struct MtlsObserver(Mutex<State>);

enum State {
    Early(Early),
    Counting(Metrics),
}

/// What happened before there were metrics.
#[derive(Default)]
struct Early {
    events: BTreeMap<Event, u32>,
    valid_until: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Initialized,
    InitializationFailed(&'static str),
    Renewed,
    RenewalFailed(&'static str),
}

impl Default for State {
    fn default() -> Self {
        Self::Early(Early::default())
    }
}

impl MtlsObserver {
    /// From now on, and what came before, too.
    pub fn count_into(&self, metrics: &Metrics) {
        let mut state = self.lock();
        if let State::Early(Early { events, valid_until }) = &*state {
            for (event, times) in events {
                (0..*times).for_each(|_| count(metrics, *event));
            }
            if let Some(seconds) = valid_until {
                metrics.mtls.valid_until(*seconds);
            }
        }
        *state = State::Counting(metrics.clone());
    }

    fn event(&self, event: Event) {
        match &mut *self.lock() {
            State::Early(early) => *early.events.entry(event).or_default() += 1,
            State::Counting(metrics) => count(metrics, event),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(metrics: &Metrics, event: Event) {
    match event {
        Event::Initialized => metrics.mtls.initialized(),
        Event::InitializationFailed(reason) => metrics.mtls.initialization_failed(reason),
        Event::Renewed => metrics.mtls.renewed(),
        Event::RenewalFailed(reason) => metrics.mtls.renewal_failed(reason),
    }
}

impl Observer for MtlsObserver {
    fn initialized(&self) {
        self.event(Event::Initialized);
    }

    fn initialization_failed(&self, reason: &'static str) {
        self.event(Event::InitializationFailed(reason));
    }

    fn renewed(&self) {
        self.event(Event::Renewed);
    }

    fn renewal_failed(&self, reason: &'static str) {
        self.event(Event::RenewalFailed(reason));
    }

    fn valid_until(&self, seconds: i64) {
        match &mut *self.lock() {
            State::Early(early) => early.valid_until = Some(seconds),
            State::Counting(metrics) => metrics.mtls.valid_until(seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use dapr_telemetry::metrics::MetricsConfig;

    use super::*;

    fn happen(observer: &MtlsObserver) {
        observer.initialized();
        observer.initialization_failed("sign");
        observer.renewed();
        observer.renewal_failed("sentry_conn");
    }

    fn check(metrics: &Metrics, times: u32, until: i64) {
        let text = metrics.encode();
        for line in [
            format!("mtls_init_total{{app_id=\"app\"}} {times}"),
            format!("mtls_init_fail_total{{app_id=\"app\",reason=\"sign\"}} {times}"),
            format!("mtls_workload_cert_rotated_total{{app_id=\"app\"}} {times}"),
            format!("mtls_workload_cert_rotated_fail_total{{app_id=\"app\",reason=\"sentry_conn\"}} {times}"),
            format!("mtls_workload_cert_expiry_timestamp{{app_id=\"app\"}} {until}"),
        ] {
            assert!(text.contains(&line), "{line} is missing in\n{text}");
        }
    }

    #[test]
    fn each_event_is_counted_in_its_own_metric_before_and_after_there_are_metrics() {
        let config = MetricsConfig { enabled: true, app_id: "app".to_owned(), ..MetricsConfig::default() };
        let metrics = Metrics::new(&config).unwrap();
        let observer = MtlsObserver::default();
        observer.valid_until(59);
        observer.valid_until(60);
        happen(&observer);
        happen(&observer);
        observer.count_into(&metrics);
        check(&metrics, 2, 60);
        happen(&observer);
        observer.valid_until(90);
        check(&metrics, 3, 90);
    }
}
