//! Wall-clock time as a value that can be injected.
//!
//! Timers use `tokio::time`, which tests pause; what compares dates (TTL,
//! certificate expiry) asks a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the time of day comes from. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    manual: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still at `milliseconds` since 1970 until [`Clock::advance`] moves it.
    pub fn manual(milliseconds: i64) -> Self {
        Self { manual: Some(Arc::new(AtomicI64::new(milliseconds))) }
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn now_milliseconds(&self) -> i64 {
        match &self.manual {
            Some(time) => time.load(Ordering::Relaxed),
            None => system_milliseconds(),
        }
    }

    /// The same instant as a calendar timestamp.
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.now_milliseconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// Moves a manual clock; the machine's clock is left alone.
    pub fn advance(&self, milliseconds: i64) {
        if let Some(time) = &self.manual {
            time.fetch_add(milliseconds, Ordering::Relaxed);
        }
    }
}

fn system_milliseconds() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual(1_000);
        assert_eq!(clock.now_milliseconds(), 1_000);
        clock.clone().advance(500);
        assert_eq!(clock.now_milliseconds(), 1_500);
        assert_eq!(clock.now().to_string(), "1970-01-01T00:00:01.5Z");
    }
}
