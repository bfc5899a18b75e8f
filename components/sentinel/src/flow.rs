//! Flow rules: how often a resource is called.

use std::time::Duration;

use tokio::time::Instant;

use crate::rules::FlowRule;
use crate::window::Window;

/// The interval of a rule that names none, and how finely it is counted.
const INTERVAL: Duration = Duration::from_secs(1);
const BUCKETS: u32 = 2;
/// How much less a cold resource gets, when the rule does not say.
const COLD_FACTOR: u32 = 3;

/// What a rule says of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Pass,
    Wait(Duration),
    Block,
}

/// A rule and what it has counted.
pub(crate) struct Flow {
    rule: FlowRule,
    interval: Duration,
    passed: Window<1>,
    warm_up: Option<WarmUp>,
    /// When the last call that had to wait passes, for rules that let calls wait.
    last: Option<Instant>,
}

impl Flow {
    pub(crate) fn new(rule: FlowRule) -> Self {
        let (interval, buckets) = match rule.stat_interval_in_ms {
            0 | 1_000 => (INTERVAL, BUCKETS),
            milliseconds => (Duration::from_millis(milliseconds.into()), 1.max(milliseconds / 500).min(20)),
        };
        let warm_up = (rule.token_calculate_strategy == 1).then(|| WarmUp::new(&rule));
        Self { interval, passed: Window::new(interval, buckets), warm_up, last: None, rule }
    }

    /// Whether a call passes now; one that does is counted.
    pub(crate) fn check(&mut self, now: Instant) -> Verdict {
        let passed = self.passed.sums(now)[0] as f64;
        let threshold = match &mut self.warm_up {
            Some(warm_up) => warm_up.threshold(now),
            None => self.rule.threshold,
        };
        let verdict = match self.rule.control_behavior {
            0 if passed + 1.0 > threshold => Verdict::Block,
            0 => Verdict::Pass,
            _ => self.queue(threshold, now),
        };
        if verdict != Verdict::Block {
            self.passed.add(0, 1, now);
            if let Some(warm_up) = &mut self.warm_up {
                warm_up.passed += 1.0;
            }
        }
        verdict
    }

    /// A call every so often: one that comes earlier waits until its turn, if that is soon enough.
    fn queue(&mut self, threshold: f64, now: Instant) -> Verdict {
        if threshold < 1.0 {
            return Verdict::Block;
        }
        let Some(last) = self.last else {
            self.last = Some(now);
            return Verdict::Pass;
        };
        let turn = (last + self.interval.div_f64(threshold)).max(now);
        let wait = turn - now;
        if wait > Duration::from_millis(self.rule.max_queueing_time_ms.into()) {
            return Verdict::Block;
        }
        self.last = Some(turn);
        if wait.is_zero() { Verdict::Pass } else { Verdict::Wait(wait) }
    }
}

/// A resource that gets little at first: tokens pile up while nobody calls, and many tokens mean it is cold.
struct WarmUp {
    threshold: f64,
    cold_factor: f64,
    warning: f64,
    most: f64,
    slope: f64,
    tokens: f64,
    filled: Option<Instant>,
    /// Calls since then.
    passed: f64,
}

impl WarmUp {
    fn new(rule: &FlowRule) -> Self {
        let cold_factor = f64::from(if rule.warm_up_cold_factor <= 1 { COLD_FACTOR } else { rule.warm_up_cold_factor });
        let period = f64::from(rule.warm_up_period_sec);
        let warning = (period * rule.threshold / (cold_factor - 1.0)).trunc();
        let most = warning + (2.0 * period * rule.threshold / (1.0 + cold_factor)).trunc();
        // No tokens between the two means that it is never cold.
        let slope = (cold_factor - 1.0) / rule.threshold / (most - warning).max(1.0);
        Self { threshold: rule.threshold, cold_factor, warning, most, slope, tokens: most, filled: None, passed: 0.0 }
    }

    /// What may pass now.
    fn threshold(&mut self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(*self.filled.get_or_insert(now)).as_secs_f64();
        if elapsed >= 1.0 {
            let is_idle = self.passed / elapsed < (self.threshold / self.cold_factor).trunc();
            let more = if self.tokens < self.warning || is_idle { elapsed * self.threshold } else { 0.0 };
            self.tokens = ((self.tokens + more).min(self.most) - self.passed).max(0.0);
            self.passed = 0.0;
            self.filled = Some(now);
        }
        match self.tokens - self.warning {
            above if above >= 0.0 && self.threshold > 0.0 => 1.0 / (above * self.slope + 1.0 / self.threshold) + 1e-9,
            _ => self.threshold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(json: &str) -> Flow {
        Flow::new(serde_json::from_str(json).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_much_is_refused() {
        let mut flow = flow(r#"{"threshold": 10}"#);
        let start = Instant::now();
        let passed = |flow: &mut Flow, at| (0..100).filter(|_| flow.check(at) == Verdict::Pass).count();
        assert_eq!(passed(&mut flow, start), 10);
        assert_eq!(passed(&mut flow, start + Duration::from_millis(400)), 0);
        assert_eq!(passed(&mut flow, start + Duration::from_millis(1_100)), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn an_interval_of_its_own() {
        let mut flow = flow(r#"{"threshold": 2, "statIntervalInMs": 10000}"#);
        let start = Instant::now();
        assert_eq!([0, 1, 2].map(|_| flow.check(start)), [Verdict::Pass, Verdict::Pass, Verdict::Block]);
        assert_eq!(flow.check(start + Duration::from_secs(9)), Verdict::Block);
        assert_eq!(flow.check(start + Duration::from_secs(10)), Verdict::Pass);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_much_waits() {
        let mut flow = flow(r#"{"threshold": 10, "controlBehavior": 1, "maxQueueingTimeMs": 250}"#);
        let start = Instant::now();
        let verdicts = [0; 4].map(|_| flow.check(start));
        let wait = |milliseconds| Verdict::Wait(Duration::from_millis(milliseconds));
        assert_eq!(verdicts, [Verdict::Pass, wait(100), wait(200), Verdict::Block]);
        assert_eq!(flow.check(start + Duration::from_secs(1)), Verdict::Pass);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cold_resource_gets_less() {
        let mut flow = flow(r#"{"threshold": 30, "tokenCalculateStrategy": 1, "warmUpPeriodSec": 10}"#);
        let start = Instant::now();
        let mut counts = Vec::new();
        for second in 0..30 {
            let at = start + Duration::from_secs(second);
            counts.push((0..100).filter(|_| flow.check(at) == Verdict::Pass).count());
        }
        assert_eq!(counts[0], 10, "a third: {counts:?}");
        assert_eq!(counts[29], 30, "all of it: {counts:?}");
        assert!(counts.is_sorted(), "{counts:?}");
    }
}
