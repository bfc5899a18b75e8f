//! When to try again: a constant delay, or one that grows and is spread at random.

use std::time::Duration;

use crate::codes::Matching;

/// How many delays grow by, and how far each is spread, in exponential policies.
const FACTOR: f64 = 1.5;
const RANDOMIZATION: f64 = 0.5;
pub(crate) const INITIAL_INTERVAL: Duration = Duration::from_millis(500);
pub(crate) const MAX_ELAPSED: Duration = Duration::from_mins(15);

/// One retry policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Retry {
    pub(crate) delay: Delay,
    /// `None` is for ever, or until [`Delay::Exponential`] has taken too long.
    pub(crate) max_retries: Option<u64>,
    pub(crate) matching: Matching,
}

/// The pause before the next attempt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Delay {
    Constant(Duration),
    /// From [`INITIAL_INTERVAL`] up to `max_interval`, each half as long again as the one before and spread by ±50 %;
    /// none that would end later than `max_elapsed` after the first attempt began.
    Exponential {
        max_interval: Duration,
        max_elapsed: Duration,
    },
}

impl Retry {
    pub(crate) fn constant(delay: Duration, max_retries: u64) -> Self {
        Retry { delay: Delay::Constant(delay), max_retries: Some(max_retries), matching: Matching::default() }
    }

    pub(crate) fn exponential(max_interval: Duration, max_elapsed: Duration, max_retries: Option<u64>) -> Self {
        Retry { delay: Delay::Exponential { max_interval, max_elapsed }, max_retries, matching: Matching::default() }
    }

    /// How often and when, in words.
    pub(crate) fn describe(&self) -> String {
        let times = self.max_retries.map_or_else(|| "without end".to_owned(), |times| format!("up to {times} times"));
        let format = dapr_kit::duration::format;
        match &self.delay {
            Delay::Constant(delay) => format!("{times}, {} apart", format(*delay)),
            Delay::Exponential { max_interval, max_elapsed } => {
                format!("{times}, up to {} apart, for {}", format(*max_interval), format(*max_elapsed))
            }
        }
    }

    /// The pauses of one call.
    pub(crate) fn delays(&self) -> Delays<'_> {
        let next = match &self.delay {
            Delay::Constant(delay) => *delay,
            Delay::Exponential { .. } => INITIAL_INTERVAL,
        };
        Delays { retry: self, left: self.max_retries, next }
    }
}

/// The pauses of one call, in order.
#[derive(Debug)]
pub(crate) struct Delays<'a> {
    retry: &'a Retry,
    left: Option<u64>,
    next: Duration,
}

impl Delays<'_> {
    /// The pause before the next attempt, or `None` to give up. `elapsed` is counted from the first attempt's begin.
    pub(crate) fn next(&mut self, elapsed: Duration) -> Option<Duration> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(1)?;
        }
        match self.retry.delay {
            Delay::Constant(delay) => Some(delay),
            Delay::Exponential { max_interval, max_elapsed } => {
                let delay = self.next.mul_f64(1.0 - RANDOMIZATION + 2.0 * RANDOMIZATION * fastrand::f64());
                self.next = self.next.mul_f64(FACTOR).min(max_interval);
                (elapsed.saturating_add(delay) <= max_elapsed).then_some(delay)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_policy_gives_up_after_its_retries() {
        let retry = Retry::constant(Duration::from_secs(1), 3);
        let mut delays = retry.delays();
        for _ in 0..3 {
            assert_eq!(delays.next(Duration::MAX), Some(Duration::from_secs(1)));
        }
        assert_eq!(delays.next(Duration::ZERO), None);
        assert_eq!(delays.next(Duration::ZERO), None);
        assert_eq!(Retry::constant(Duration::ZERO, 0).delays().next(Duration::ZERO), None);
    }

    #[test]
    fn exponential_delays_grow_within_their_spread_to_the_cap() {
        let retry = Retry::exponential(Duration::from_secs(2), MAX_ELAPSED, None);
        let mut delays = retry.delays();
        for middle in [500, 750, 1_125, 1_687, 2_000, 2_000, 2_000] {
            let delay = delays.next(Duration::ZERO).unwrap();
            let middle = Duration::from_millis(middle);
            assert!(delay >= middle.mul_f64(0.5) && delay <= middle.mul_f64(1.501), "{delay:?} around {middle:?}");
        }
    }

    #[test]
    fn exponential_delays_stop_when_they_would_take_too_long() {
        let retry = Retry::exponential(Duration::from_secs(1), Duration::from_secs(10), None);
        assert_eq!(retry.delays().next(Duration::from_secs(10)), None);
        assert!(retry.delays().next(Duration::from_secs(9)).is_some());
        assert_eq!(retry.delays().next(Duration::MAX), None);
    }
}
