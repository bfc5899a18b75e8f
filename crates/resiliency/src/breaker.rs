//! The circuit breaker: a state machine that is told the time, and the lock around it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::trip::Trip;

#[cfg(test)]
mod tests;

pub(crate) use dapr_telemetry::metrics::BreakerState as State;

/// How long an open breaker refuses calls when its policy does not say.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);
/// A breaker without an expression opens at more consecutive failures than this.
const DEFAULT_FAILURES: u32 = 5;

/// One circuit breaker policy, shared by the breakers of all its targets.
#[derive(Debug)]
pub(crate) struct Settings {
    /// How many calls pass while half-open, at least 1; as many successes in a row close the breaker.
    pub(crate) max_requests: u32,
    /// How often a closed breaker forgets its counts; zero is never.
    pub(crate) interval: Duration,
    /// How long a breaker stays open.
    pub(crate) timeout: Duration,
    /// `None` is more than 5 consecutive failures.
    pub(crate) trip: Option<Trip>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_requests: 1, interval: Duration::ZERO, timeout: DEFAULT_TIMEOUT, trip: None }
    }
}

/// What a breaker has seen since its state began, or since its interval began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requests: u32,
    pub(crate) total_successes: u32,
    pub(crate) total_failures: u32,
    pub(crate) consecutive_successes: u32,
    pub(crate) consecutive_failures: u32,
}

impl Counts {
    fn count(&mut self, success: bool) {
        if success {
            self.total_successes = self.total_successes.saturating_add(1);
            self.consecutive_successes = self.consecutive_successes.saturating_add(1);
            self.consecutive_failures = 0;
        } else {
            self.total_failures = self.total_failures.saturating_add(1);
            self.consecutive_failures = self.consecutive_failures.saturating_add(1);
            self.consecutive_successes = 0;
        }
    }
}

/// Why a breaker let a call not pass. Its text is what clients of the incumbent look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The target failed too often and its rest is not over.
    #[error("circuit breaker is open")]
    Open,
    /// The breaker is half-open, and as many calls as may are on their way.
    #[error("too many requests")]
    TooManyRequests,
}

/// The breaker without its lock. Time is whatever the caller says, as long as it does not run backwards.
#[derive(Debug)]
struct Machine {
    settings: Arc<Settings>,
    state: State,
    /// Rises with each change of state and each interval, so that late outcomes are not counted into the next one.
    generation: u64,
    counts: Counts,
    /// When the open state or the closed state's interval ends.
    expiry: Option<Instant>,
}

impl Machine {
    fn new(settings: Arc<Settings>, now: Instant) -> Self {
        let mut machine =
            Machine { settings, state: State::Closed, generation: 0, counts: Counts::default(), expiry: None };
        machine.begin(State::Closed, now);
        machine
    }

    /// The state at this time.
    fn state(&mut self, now: Instant) -> State {
        if self.expiry.is_some_and(|expiry| expiry <= now) {
            self.begin(if self.state == State::Open { State::HalfOpen } else { State::Closed }, now);
        }
        self.state
    }

    /// Lets a call pass, or not. [`Machine::settle`] wants the number that this returns.
    fn admit(&mut self, now: Instant) -> Result<u64, Rejected> {
        match self.state(now) {
            State::Open => Err(Rejected::Open),
            State::HalfOpen if self.counts.requests >= self.settings.max_requests => Err(Rejected::TooManyRequests),
            _ => {
                self.counts.requests = self.counts.requests.saturating_add(1);
                Ok(self.generation)
            }
        }
    }

    /// Counts an outcome, unless the state it began in has passed. Returns the new state if this changed it.
    fn settle(&mut self, now: Instant, generation: u64, success: bool) -> Option<State> {
        let state = self.state(now);
        if self.generation != generation {
            return None;
        }
        self.counts.count(success);
        let next = match state {
            State::Closed if !success && self.trips() => State::Open,
            State::HalfOpen if !success => State::Open,
            State::HalfOpen if self.counts.consecutive_successes >= self.settings.max_requests => State::Closed,
            _ => return None,
        };
        self.begin(next, now);
        Some(next)
    }

    fn trips(&self) -> bool {
        match &self.settings.trip {
            Some(trip) => trip.trips(&self.counts),
            None => self.counts.consecutive_failures > DEFAULT_FAILURES,
        }
    }

    fn begin(&mut self, state: State, now: Instant) {
        let lasts = match state {
            State::Open => Some(self.settings.timeout),
            State::Closed => Some(self.settings.interval).filter(|interval| !interval.is_zero()),
            State::HalfOpen | State::Unknown => None,
        };
        self.state = state;
        self.generation += 1;
        self.counts = Counts::default();
        // A date that no clock reaches is never.
        self.expiry = lasts.and_then(|lasts| now.checked_add(lasts));
    }
}

/// One target's breaker.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// For the log.
    name: Box<str>,
    machine: Mutex<Machine>,
}

impl Breaker {
    pub(crate) fn new(name: impl Into<Box<str>>, settings: Arc<Settings>) -> Arc<Self> {
        Arc::new(Breaker { name: name.into(), machine: Mutex::new(Machine::new(settings, Instant::now())) })
    }

    pub(crate) fn state(&self) -> State {
        self.lock().state(Instant::now())
    }

    pub(crate) fn admit(self: &Arc<Self>) -> Result<Ticket, Rejected> {
        let generation = self.lock().admit(Instant::now())?;
        Ok(Ticket { breaker: Arc::clone(self), generation })
    }

    fn lock(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that a breaker let pass. It must be settled exactly once.
#[derive(Debug)]
pub(crate) struct Ticket {
    breaker: Arc<Breaker>,
    generation: u64,
}

impl Ticket {
    /// Tells the breaker the outcome. Returns the new state if this changed it.
    pub(crate) fn settle(&self, success: bool) -> Option<State> {
        let changed = self.breaker.lock().settle(Instant::now(), self.generation, success);
        if let Some(state) = changed {
            tracing::info!("the circuit breaker of {} is now {}", self.breaker.name, state.as_str());
        }
        changed
    }
}
