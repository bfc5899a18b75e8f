//! Judging the application's health from probes: a core without I/O.
//!
//! A shell probes at an interval and feeds the outcome; what comes back is a
//! change, if there is one. The application starts out unhealthy, one good probe
//! makes it healthy, `threshold` bad ones in a row make it unhealthy again.

/// What the shell must act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Start or resume what calls the application.
    BecameHealthy,
    /// Stop what calls the application.
    BecameUnhealthy,
}

/// The application's health.
#[derive(Clone, Debug)]
pub struct Judge {
    threshold: u32,
    failures: u32,
    healthy: bool,
}

impl Judge {
    /// Unhealthy until the first good probe; `threshold` of zero counts as one.
    pub fn new(threshold: u32) -> Self {
        Self { threshold: threshold.max(1), failures: 0, healthy: false }
    }

    /// Whether calls may be sent.
    pub fn is_healthy(&self) -> bool {
        self.healthy
    }

    /// Takes the outcome of a probe.
    pub fn observe(&mut self, succeeded: bool) -> Option<Change> {
        if succeeded {
            self.failures = 0;
            return (!std::mem::replace(&mut self.healthy, true)).then_some(Change::BecameHealthy);
        }
        self.failures = self.failures.saturating_add(1);
        let falls = self.healthy && self.failures >= self.threshold;
        self.healthy &= !falls;
        falls.then_some(Change::BecameUnhealthy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_good_probe_heals_and_a_row_of_bad_ones_breaks() {
        let mut judge = Judge::new(3);
        assert_eq!(judge.observe(false), None);
        assert_eq!(judge.observe(true), Some(Change::BecameHealthy));
        assert_eq!([false, false].map(|ok| judge.observe(ok)), [None, None]);
        assert_eq!(judge.observe(true), None, "a good probe ends the row");
        assert_eq!([false, false].map(|ok| judge.observe(ok)), [None, None]);
        assert_eq!(judge.observe(false), Some(Change::BecameUnhealthy));
        assert!(!judge.is_healthy());
        assert_eq!(judge.observe(false), None, "it is known already");
    }
}
