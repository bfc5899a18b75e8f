//! Counts over the last interval, in buckets that are reused as time goes on.

use std::time::Duration;

use tokio::time::Instant;

/// Counts of `N` kinds over a sliding interval.
#[derive(Debug)]
pub(crate) struct Window<const N: usize> {
    began: Instant,
    bucket: Duration,
    /// The number of the time span that a bucket counts, and its counts.
    buckets: Vec<(u64, [u64; N])>,
}

impl<const N: usize> Window<N> {
    /// `count` buckets, at least one, of an interval of at least a millisecond.
    pub(crate) fn new(interval: Duration, count: u32) -> Self {
        let count = count.max(1);
        let bucket = (interval / count).max(Duration::from_millis(1));
        Self { began: Instant::now(), bucket, buckets: vec![(0, [0; N]); count as usize] }
    }

    fn span(&self, now: Instant) -> u64 {
        let elapsed = now.saturating_duration_since(self.began).as_nanos() / self.bucket.as_nanos();
        // One, because zero marks a bucket that was never used.
        u64::try_from(elapsed).unwrap_or(u64::MAX - 1) + 1
    }

    /// Adds to one kind.
    pub(crate) fn add(&mut self, kind: usize, amount: u64, now: Instant) {
        let span = self.span(now);
        let count = self.buckets.len() as u64;
        let (counted, counts) = &mut self.buckets[(span % count) as usize];
        if *counted != span {
            (*counted, *counts) = (span, [0; N]);
        }
        counts[kind] += amount;
    }

    /// What was counted of each kind within the interval.
    pub(crate) fn sums(&self, now: Instant) -> [u64; N] {
        let oldest = self.span(now).saturating_sub(self.buckets.len() as u64 - 1).max(1);
        let mut sums = [0; N];
        for (_, counts) in self.buckets.iter().filter(|(span, _)| *span >= oldest) {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        sums
    }

    pub(crate) fn reset(&mut self) {
        self.buckets.fill((0, [0; N]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn old_counts_are_forgotten() {
        let mut window = Window::<1>::new(Duration::from_secs(1), 2);
        let began = window.began;
        let at = |milliseconds| began + Duration::from_millis(milliseconds);
        window.add(0, 3, at(0));
        window.add(0, 4, at(600));
        assert_eq!(window.sums(at(999)), [7]);
        assert_eq!(window.sums(at(1_000)), [4], "the first half second is over");
        window.add(0, 1, at(1_100));
        assert_eq!(window.sums(at(1_100)), [5]);
        assert_eq!(window.sums(at(60_000)), [0]);
        window.reset();
        assert_eq!(window.sums(at(1_100)), [0]);
    }
}
