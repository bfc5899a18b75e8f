//! The token buckets: a bounded number of them.

use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use lru::LruCache;
use tokio::time::Instant;

/// How many clients and paths are remembered; the one that was not seen for longest is forgotten first. A bucket that
/// nobody takes from is full again after about a second, and then forgetting it changes nothing.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(65_536).expect("it is not zero");

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It passes, and this many more would now.
    Passed { left: u64 },
    /// It came too early.
    Limited,
}

impl Verdict {
    pub(super) fn left(self) -> u64 {
        match self {
            Self::Passed { left } => left,
            Self::Limited => 0,
        }
    }
}

/// A bucket for each client and path.
pub(super) struct Buckets {
    rate: f64,
    burst: f64,
    /// Keyed by a hash, so that no client decides how much memory its key takes.
    buckets: Mutex<LruCache<u64, Bucket>>,
    hasher: RandomState,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Buckets {
    pub(super) fn new(rate: f64) -> Self {
        Self {
            rate,
            burst: rate.max(1.0).trunc(),
            buckets: Mutex::new(LruCache::new(REMEMBERED)),
            hasher: RandomState::new(),
        }
    }

    /// Takes a token from the client's bucket for this path, if there is one.
    pub(super) fn take(&self, client: &[u8], path: &[u8], now: Instant) -> Verdict {
        let key = self.hasher.hash_one((client, path));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get_or_insert_mut(key, || Bucket { tokens: self.burst, at: now });
        let elapsed = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * self.rate).min(self.burst);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return Verdict::Limited;
        }
        bucket.tokens -= 1.0;
        // Not negative, and a rate beyond u64 saturates.
        Verdict::Passed { left: bucket.tokens as u64 }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.buckets.lock().unwrap().len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_fills_at_the_rate() {
        let buckets = Buckets::new(2.0);
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(buckets.take(b"a", b"/", at(0)), Verdict::Passed { left: 1 });
        assert_eq!(buckets.take(b"a", b"/", at(0)), Verdict::Passed { left: 0 });
        assert_eq!(buckets.take(b"a", b"/", at(400)), Verdict::Limited);
        assert_eq!(buckets.take(b"a", b"/", at(500)), Verdict::Passed { left: 0 });
        assert_eq!(buckets.take(b"a", b"/", at(60_000)), Verdict::Passed { left: 1 }, "never more than a burst");
    }

    #[test]
    fn less_than_one_a_second() {
        let buckets = Buckets::new(0.5);
        let start = Instant::now();
        assert_eq!(buckets.take(b"a", b"/", start), Verdict::Passed { left: 0 });
        assert_eq!(buckets.take(b"a", b"/", start + Duration::from_millis(1_900)), Verdict::Limited);
        assert_eq!(buckets.take(b"a", b"/", start + Duration::from_millis(2_001)), Verdict::Passed { left: 0 });
    }

    #[test]
    fn a_million_clients_take_bounded_memory() {
        let buckets = Buckets::new(1.0);
        let now = Instant::now();
        for client in 0..200_000_u32 {
            assert_ne!(buckets.take(&client.to_be_bytes(), b"/", now), Verdict::Limited);
        }
        assert_eq!(buckets.len(), REMEMBERED.get());
    }
}
