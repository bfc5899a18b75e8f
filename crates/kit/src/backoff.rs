//! Delays between attempts: exponential, capped, jittered.

use std::time::Duration;

/// A growing delay with a cap and ±25 % jitter, so that many clients do not come back together.
#[derive(Clone, Debug)]
pub struct Backoff {
    initial: Duration,
    cap: Duration,
    next: Duration,
}

impl Backoff {
    /// Starts at `initial`, doubles each time, never beyond `cap`.
    pub fn new(initial: Duration, cap: Duration) -> Self {
        Self { initial, cap, next: initial }
    }

    /// The delay to wait before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        let delay = self.next;
        self.next = (delay * 2).min(self.cap);
        jittered(delay)
    }

    /// Starts over; call it after a success.
    pub fn reset(&mut self) {
        self.next = self.initial;
    }
}

/// `delay`, longer or shorter by up to a quarter.
pub fn jittered(delay: Duration) -> Duration {
    delay.mul_f64(0.75 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_the_cap_and_starts_over() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        let delays: Vec<_> = (0..8).map(|_| backoff.next_delay()).collect();
        assert!(delays[0] >= Duration::from_millis(75) && delays[0] <= Duration::from_millis(125), "{delays:?}");
        assert!(delays.iter().all(|delay| *delay <= Duration::from_millis(1_250)), "{delays:?}");
        assert!(delays[7] >= Duration::from_millis(750), "{delays:?}");
        backoff.reset();
        assert!(backoff.next_delay() <= Duration::from_millis(125));
    }
}
