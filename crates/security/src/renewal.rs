//! When a certificate is renewed: a core without I/O that is told the time.
//!
//! Times are milliseconds since 1970, from the clock of the machine, which may jump.

use dapr_kit::backoff::jittered;
use std::time::Duration;

/// The longest sleep, so that a clock that jumped, or a machine that slept, is noticed.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Time until another try after a failure, ±25 %.
const RETRY: Duration = Duration::from_secs(10);

/// The shortest time between two renewals that succeed, whatever the certificates say.
const SHORTEST: i64 = 200;

/// The span in which a certificate and its tokens are good.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Validity {
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    /// The end of the token that ends first.
    pub(crate) jwt_not_after: Option<i64>,
}

/// Knows when the next try is due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Renewal {
    due: i64,
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Ask again after this time.
    Wait(Duration),
    /// Fetch a certificate, then say how it went.
    Renew,
}

impl Renewal {
    /// For a certificate that arrived at `now`.
    pub(crate) fn new(now: i64, validity: Validity) -> Self {
        let Validity { not_before, not_after, jwt_not_after } = validity;
        let half = midpoint(not_before, not_after);
        // A short life behind a long allowance for clock skew is past its half from the start. Half of what is left
        // then counts, or else each new certificate would ask for the next one at once.
        let half = if half > now { half } else { midpoint(now, not_after) };
        let due = jwt_not_after.map_or(half, |end| half.min(midpoint(now, end)));
        Self { due: due.max(now.saturating_add(SHORTEST)) }
    }

    /// When the next try is due.
    pub(crate) fn due(&self) -> i64 {
        self.due
    }

    pub(crate) fn step(&self, now: i64) -> Step {
        match u64::try_from(self.due.saturating_sub(now)) {
            Ok(left) if left > 0 => Step::Wait(Duration::from_millis(left).min(LONGEST_WAIT)),
            _ => Step::Renew,
        }
    }

    /// A try failed.
    pub(crate) fn failed(&mut self, now: i64) {
        let delay = i64::try_from(jittered(RETRY).as_millis()).unwrap_or(SHORTEST);
        self.due = now.saturating_add(delay);
    }
}

fn midpoint(from: i64, to: i64) -> i64 {
    from.saturating_add(to.saturating_sub(from) / 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600_000;

    fn validity(not_before: i64, not_after: i64) -> Validity {
        Validity { not_before, not_after, jwt_not_after: None }
    }

    #[test]
    fn it_is_due_at_half_of_the_validity() {
        let now = 100 * HOUR;
        let renewal = Renewal::new(now, validity(now, now + 24 * HOUR));
        assert_eq!(renewal.due(), now + 12 * HOUR);
        assert_eq!(renewal.step(now), Step::Wait(LONGEST_WAIT));
        assert_eq!(renewal.step(now + 12 * HOUR - 5_000), Step::Wait(Duration::from_secs(5)));
        assert_eq!(renewal.step(now + 12 * HOUR), Step::Renew);
        assert_eq!(renewal.step(now + 1_000 * HOUR), Step::Renew, "a clock that jumped ahead");
        assert_eq!(renewal.step(0), Step::Wait(LONGEST_WAIT), "a clock that jumped back");
    }

    #[test]
    fn a_token_that_ends_earlier_brings_it_forward() {
        let now = 100 * HOUR;
        let both = Validity { jwt_not_after: Some(now + 2 * HOUR), ..validity(now, now + 24 * HOUR) };
        assert_eq!(Renewal::new(now, both).due(), now + HOUR);
        let later = Validity { jwt_not_after: Some(now + 100 * HOUR), ..validity(now, now + 24 * HOUR) };
        assert_eq!(Renewal::new(now, later).due(), now + 12 * HOUR);
    }

    #[test]
    fn a_short_life_behind_a_long_skew_is_not_renewed_at_once() {
        let now = 100 * HOUR;
        let renewal = Renewal::new(now, validity(now - 15 * 60_000, now + 10_000));
        assert_eq!(renewal.due(), now + 5_000);
        let expired = Renewal::new(now, validity(now - HOUR, now - 1));
        assert_eq!(expired.due(), now + SHORTEST);
    }

    #[test]
    fn a_failure_is_tried_again_in_about_ten_seconds() {
        let now = 100 * HOUR;
        let mut renewal = Renewal::new(now, validity(now, now + 24 * HOUR));
        renewal.failed(now);
        assert!((7_500..=12_500).contains(&(renewal.due() - now)), "{renewal:?}");
        assert_eq!(renewal.step(now + 12_500), Step::Renew);
    }

    proptest! {
        #[test]
        fn it_never_spins_and_never_sleeps_past_a_minute(
            now in any::<i64>(), not_before in any::<i64>(), not_after in any::<i64>(), jwt in any::<Option<i64>>(),
        ) {
            let renewal = Renewal::new(now, Validity { not_before, not_after, jwt_not_after: jwt });
            if now < i64::MAX - SHORTEST {
                let Step::Wait(wait) = renewal.step(now) else { panic!("renewed at once: {renewal:?}") };
                prop_assert!(wait >= Duration::from_millis(200) && wait <= LONGEST_WAIT);
            }
        }
    }
}
