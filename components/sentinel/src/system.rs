//! System rules: all calls together, and the machine.

use std::time::Duration;

use tokio::time::Instant;

use crate::machine::Machine;
use crate::rules::SystemRule;
use crate::window::Window;

const PASSED: usize = 0;
const ENDED: usize = 1;
/// Milliseconds of all ended calls.
const TIME: usize = 2;
const BBR: i32 = 1;

/// The rules and what they have counted.
pub(crate) struct System {
    rules: Vec<SystemRule>,
    counts: Window<3>,
    under_way: u64,
    /// The quickest call yet, in milliseconds.
    quickest: f64,
    machine: Machine,
}

impl System {
    pub(crate) fn new(rules: Vec<SystemRule>) -> Self {
        let counts = Window::new(Duration::from_secs(1), 2);
        Self { rules, counts, under_way: 0, quickest: f64::from(60_000), machine: Machine::default() }
    }

    /// Whether a call may pass.
    pub(crate) fn passes(&mut self, now: Instant) -> bool {
        if self.rules.is_empty() {
            return true;
        }
        let sums = self.counts.sums(now);
        let needs_machine = self.rules.iter().any(|rule| matches!(rule.metric_type, 0 | 4));
        let (load, cpu) = if needs_machine { self.machine.figures(now) } else { (0.0, 0.0) };
        self.rules.iter().all(|rule| {
            let trigger = rule.trigger_count;
            let has_room = || rule.strategy == BBR && self.has_room(sums);
            match rule.metric_type {
                0 => load <= trigger || has_room(),
                1 => sums[ENDED] == 0 || (sums[TIME] as f64 / sums[ENDED] as f64) < trigger,
                2 => (self.under_way as f64) < trigger,
                3 => (sums[PASSED] as f64) < trigger,
                _ => cpu <= trigger || has_room(),
            }
        })
    }

    /// Whether no more calls are under way than the machine has lately ended in the time of its quickest (the idea of
    /// TCP BBR).
    fn has_room(&self, sums: [u64; 3]) -> bool {
        self.under_way <= 1 || self.under_way as f64 <= sums[ENDED] as f64 * self.quickest / 1_000.0
    }

    pub(crate) fn began(&mut self, now: Instant) {
        self.under_way += 1;
        self.counts.add(PASSED, 1, now);
    }

    pub(crate) fn ended(&mut self, took: Duration, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        self.quickest = self.quickest.min(took.as_secs_f64() * 1_000.0);
        self.counts.add(ENDED, 1, now);
        self.counts.add(TIME, u64::try_from(took.as_millis()).unwrap_or(u64::MAX >> 20), now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(json: &str) -> System {
        System::new(serde_json::from_str(json).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn calls_together_are_limited() {
        let now = Instant::now();
        let mut under_way = system(r#"[{"metricType": 2, "triggerCount": 2}]"#);
        under_way.began(now);
        assert!(under_way.passes(now));
        under_way.began(now);
        assert!(!under_way.passes(now));
        under_way.ended(Duration::ZERO, now);
        assert!(under_way.passes(now));
        let mut each_second = system(r#"[{"metricType": 3, "triggerCount": 1}]"#);
        each_second.began(now);
        assert!(!each_second.passes(now));
        assert!(each_second.passes(now + Duration::from_secs(2)));
        let mut time = system(r#"[{"metricType": 1, "triggerCount": 100}]"#);
        assert!(time.passes(now));
        time.ended(Duration::from_millis(150), now);
        assert!(!time.passes(now));
        time.ended(Duration::from_millis(10), now);
        assert!(time.passes(now), "80 on average");
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_machine_takes_what_it_can() {
        let now = Instant::now();
        let mut strict = system(r#"[{"metricType": 0, "triggerCount": 1}]"#);
        strict.machine = Machine::with_load(5.0, now);
        assert!(!strict.passes(now));
        let mut adaptive = system(r#"[{"metricType": 0, "triggerCount": 1, "strategy": 1}]"#);
        adaptive.machine = Machine::with_load(5.0, now);
        adaptive.began(now);
        assert!(adaptive.passes(now), "one call is always possible");
        adaptive.began(now);
        adaptive.ended(Duration::from_millis(1), now);
        adaptive.began(now);
        assert!(!adaptive.passes(now));
    }
}
