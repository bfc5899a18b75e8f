//! Circuit breakers: too many slow or failed calls, and for a while there are none.

use std::time::Duration;

use tokio::time::Instant;

use crate::rules::BreakerRule;
use crate::window::Window;

const SLOW_RATIO: u32 = 0;
const ERROR_COUNT: u32 = 2;
const TOTAL: usize = 0;
const BAD: usize = 1;

/// A rule and what it has counted.
pub(crate) struct Breaker {
    rule: BreakerRule,
    counts: Window<2>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    /// Nothing passes until then.
    Open(Instant),
    /// So many calls went well since.
    HalfOpen(u64),
}

impl Breaker {
    pub(crate) fn new(rule: BreakerRule) -> Self {
        let counts = Window::new(Duration::from_millis(rule.stat_interval_ms.into()), rule.buckets());
        Self { rule, counts, state: State::Closed }
    }

    /// Whether a call may pass. One that does while the breaker is half open is a probe.
    pub(crate) fn passes(&mut self, now: Instant) -> bool {
        match self.state {
            State::Closed => true,
            State::Open(until) if now >= until => {
                self.state = State::HalfOpen(0);
                true
            }
            State::Open(_) => false,
            State::HalfOpen(_) => self.rule.probe_num > 0,
        }
    }

    /// A probe that did not happen after all: the next call is it.
    pub(crate) fn give_up(&mut self, now: Instant) {
        if let State::HalfOpen(_) = self.state {
            self.state = State::Open(now);
        }
    }

    /// Counts a call that has ended.
    pub(crate) fn ended(&mut self, took: Duration, failed: bool, now: Instant) {
        let is_slow = took > Duration::from_millis(self.rule.max_allowed_rt_ms);
        let is_bad = if self.rule.strategy == SLOW_RATIO { is_slow } else { failed };
        self.counts.add(TOTAL, 1, now);
        self.counts.add(BAD, is_bad.into(), now);
        match self.state {
            State::Open(_) => {}
            State::HalfOpen(_) if is_bad => self.open(now),
            State::HalfOpen(good) if good + 1 >= self.rule.probe_num => {
                self.state = State::Closed;
                self.counts.reset();
            }
            State::HalfOpen(good) => self.state = State::HalfOpen(good + 1),
            State::Closed if self.is_too_much(now) => self.open(now),
            State::Closed => {}
        }
    }

    fn is_too_much(&self, now: Instant) -> bool {
        let sums = self.counts.sums(now);
        let measure = match self.rule.strategy {
            ERROR_COUNT => sums[BAD] as f64,
            _ => sums[BAD] as f64 / sums[TOTAL].max(1) as f64,
        };
        sums[TOTAL] >= self.rule.min_request_amount && measure >= self.rule.threshold
    }

    fn open(&mut self, now: Instant) {
        self.state = State::Open(now + Duration::from_millis(self.rule.retry_timeout_ms.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker(json: &str) -> Breaker {
        Breaker::new(serde_json::from_str(json).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn failures_open_it_and_a_probe_closes_it() {
        let mut breaker = breaker(
            r#"{"strategy": 2, "retryTimeoutMs": 3000, "minRequestAmount": 3, "statIntervalMs": 5000, "threshold": 2}"#,
        );
        let start = Instant::now();
        let fast = Duration::from_millis(1);
        breaker.ended(fast, true, start);
        breaker.ended(fast, true, start);
        assert!(breaker.passes(start), "too few calls yet");
        breaker.ended(fast, false, start);
        assert!(!breaker.passes(start + Duration::from_millis(2_999)));
        let later = start + Duration::from_secs(3);
        assert!(breaker.passes(later), "a probe");
        assert!(!breaker.passes(later), "one at a time");
        breaker.ended(fast, true, later);
        assert!(!breaker.passes(later + Duration::from_millis(2_999)), "open again");
        let later = later + Duration::from_secs(3);
        assert!(breaker.passes(later));
        breaker.give_up(later);
        assert!(breaker.passes(later), "a probe that another rule refused");
        breaker.ended(fast, false, later);
        assert!(breaker.passes(later) && breaker.passes(later), "closed");
    }

    #[tokio::test(start_paused = true)]
    async fn slow_calls_open_it() {
        let mut breaker = breaker(
            r#"{"strategy": 0, "retryTimeoutMs": 1000, "minRequestAmount": 4, "statIntervalMs": 1000, "maxAllowedRtMs": 50,
                "threshold": 0.5, "probeNum": 2}"#,
        );
        let start = Instant::now();
        for milliseconds in [10, 51, 50] {
            breaker.ended(Duration::from_millis(milliseconds), true, start);
        }
        assert!(breaker.passes(start), "failures are not slow");
        breaker.ended(Duration::from_millis(100), false, start);
        assert!(!breaker.passes(start));
        let later = start + Duration::from_secs(1);
        assert!(breaker.passes(later) && breaker.passes(later), "several probes");
        breaker.ended(Duration::ZERO, false, later);
        assert!(matches!(breaker.state, State::HalfOpen(1)));
        breaker.ended(Duration::ZERO, false, later);
        assert_eq!(breaker.state, State::Closed);
    }
}
