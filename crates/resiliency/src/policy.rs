//! What one call runs under: a timeout for each attempt, inside a circuit breaker, inside retries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dapr_telemetry::metrics::ResiliencyTarget;
use tokio::time::Instant;

use crate::breaker::{Breaker, Rejected, Ticket};
use crate::retry::Retry;

use attempt::{Attempt, Once, Outcome};

mod attempt;
#[cfg(test)]
mod tests;

/// How an attempt went, as the caller judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong with the target.
    Success,
    /// It failed; trying again may help.
    Retriable,
    /// It failed; trying again would not help.
    Permanent,
    /// It failed with this status: up to 16 is gRPC, 100 to 599 is HTTP. It is tried again if `matching` of the retry
    /// policy says so.
    Code(i32),
}

/// Why a call under a policy has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error<E> {
    /// The last attempt took longer than the timeout policy allows.
    #[error("context deadline exceeded: no answer within {}", dapr_kit::duration::format(*.limit))]
    Timeout {
        /// The time that each attempt had.
        limit: Duration,
        /// How many were made.
        attempts: u32,
    },
    /// The circuit breaker did not let the call pass.
    #[error("{0}")]
    Rejected(Rejected),
    /// The operation failed, and either could not be tried again or was tried as often as the policy allows.
    #[error("{error}")]
    Failed {
        /// What the last attempt returned.
        error: E,
        /// How many attempts were made.
        attempts: u32,
    },
}

/// The policies that apply to one call. Cheap to clone; two words.
#[derive(Clone, Default)]
pub struct Policy {
    rules: Option<Arc<Rules>>,
    breaker: Option<Arc<Breaker>>,
}

/// What all calls to one target share, save for the breaker.
pub(crate) struct Rules {
    /// For the log, such as `app orders`.
    pub(crate) target: Box<str>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<Arc<Retry>>,
    pub(crate) metrics: Option<ResiliencyTarget>,
}

impl Policy {
    /// Runs every call once, without limits.
    pub const fn none() -> Self {
        Policy { rules: None, breaker: None }
    }

    /// A policy that is about to be used, which counts it in the metrics.
    pub(crate) fn applied(rules: Arc<Rules>, breaker: Option<Arc<Breaker>>) -> Self {
        if let Some(metrics) = &rules.metrics {
            if rules.timeout.is_some() {
                metrics.timeout_applied();
            }
            if rules.retry.is_some() {
                metrics.retry_applied();
            }
            if let Some(breaker) = &breaker {
                metrics.breaker_applied(breaker.state());
            }
        }
        Policy { rules: Some(rules), breaker }
    }

    /// Whether nothing applies.
    pub fn is_none(&self) -> bool {
        self.rules.is_none()
    }

    /// Whether a call may be tried more than once, so that its request must be kept.
    pub fn retries(&self) -> bool {
        self.retry().is_some_and(|retry| retry.max_retries != Some(0))
    }

    /// The time that each attempt has.
    pub fn timeout(&self) -> Option<Duration> {
        self.rules.as_ref().and_then(|rules| rules.timeout)
    }

    /// Runs `operation`, which is given the attempt's number from 1, until `judge` is content or nothing more may be
    /// tried. An answer that is judged a failure is still returned if it was the last one, so an HTTP answer with
    /// status 500 goes back to the caller as it came.
    ///
    /// Dropping the returned future ends the call; its circuit breaker counts that as a failure.
    ///
    /// # Errors
    /// The last attempt's error, its timeout, or the circuit breaker's refusal.
    pub async fn run<T, E, F, J>(&self, judge: J, mut operation: impl FnMut(u32) -> F) -> Result<T, Error<E>>
    where
        F: Future<Output = Result<T, E>>,
        J: Fn(&Result<T, E>) -> Verdict,
    {
        let (started, mut attempt, mut has_timed_out) = (Instant::now(), 1, false);
        let retry = self.retry();
        let mut delays = retry.map(Retry::delays);
        loop {
            let outcome = match self.admit() {
                Ok(permit) => Attempt::new(self, Some(permit), &judge, operation(attempt)).await,
                Err(rejected) => Outcome::Rejected(rejected),
            };
            let Some(rules) = &self.rules else { return outcome.into_result(attempt) };
            if matches!(outcome, Outcome::TimedOut(_)) && !std::mem::replace(&mut has_timed_out, true) {
                rules.timed_out();
            }
            let (Some(retry), Some(delays)) = (retry, &mut delays) else { return outcome.into_result(attempt) };
            if !outcome.is_worth_a_retry(&retry.matching) {
                if attempt > 1 && outcome.is_success() {
                    tracing::info!("{} has recovered at attempt {attempt}", rules.target);
                }
                return outcome.into_result(attempt);
            }
            let Some(delay) = delays.next(started.elapsed()) else { return outcome.into_result(attempt) };
            drop(outcome);
            if attempt == 1 {
                rules.retried(delay);
            }
            pause(delay).await;
            attempt = attempt.saturating_add(1);
        }
    }

    /// Like [`Policy::run`] without retries: for requests that cannot be sent again, such as streams.
    ///
    /// # Errors
    /// The operation's error, its timeout, or the circuit breaker's refusal.
    pub fn run_once<T, E, F, J>(&self, judge: J, operation: F) -> impl Future<Output = Result<T, Error<E>>>
    where
        F: Future<Output = Result<T, E>>,
        J: Fn(&Result<T, E>) -> Verdict,
    {
        Once { attempt: Attempt::new(self, None, judge, operation) }
    }

    /// Asks the circuit breaker alone, for a call whose outcome shows much later than its first answer. Without a
    /// breaker the answer is always a permit.
    ///
    /// # Errors
    /// The circuit breaker's refusal.
    pub fn admit(&self) -> Result<Permit, Rejected> {
        let ticket = self.breaker.as_ref().map(Breaker::admit).transpose()?;
        Ok(Permit { ticket, rules: self.rules.clone() })
    }

    fn retry(&self) -> Option<&Retry> {
        self.rules.as_ref()?.retry.as_deref()
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Policy");
        if let Some(rules) = &self.rules {
            out.field("target", &rules.target).field("timeout", &rules.timeout).field("retry", &rules.retry);
        }
        out.field("breaker", &self.breaker).finish()
    }
}

/// A call that the circuit breaker let pass. Dropped without a word, it counts as a failure: the caller gave up, which
/// with a target that hangs is all there is to see.
#[must_use = "a permit that is dropped counts as a failure"]
#[derive(Debug)]
pub struct Permit {
    ticket: Option<Ticket>,
    rules: Option<Arc<Rules>>,
}

impl Permit {
    /// Tells the breaker how the call went.
    pub fn settle(mut self, success: bool) {
        self.tell(success);
    }

    fn tell(&mut self, success: bool) {
        let changed = self.ticket.take().and_then(|ticket| ticket.settle(success));
        if let (Some(state), Some(metrics)) = (changed, self.rules.as_ref().and_then(|rules| rules.metrics.as_ref())) {
            metrics.breaker_activated(state);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.tell(false);
    }
}

impl Rules {
    /// Counts a timeout; once for each call, however often it is tried.
    fn timed_out(&self) {
        if let Some(metrics) = &self.metrics {
            metrics.timeout_activated();
        }
    }

    /// Counts and tells that a call is tried again; once for each call.
    fn retried(&self, delay: Duration) {
        if let Some(metrics) = &self.metrics {
            metrics.retry_activated();
        }
        tracing::warn!("{} failed; the next attempt is in {}", self.target, dapr_kit::duration::format(delay));
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rules({})", self.target)
    }
}

/// Even a policy that retries at once and for ever must let other tasks run.
async fn pause(delay: Duration) {
    if delay.is_zero() { tokio::task::yield_now().await } else { tokio::time::sleep(delay).await }
}
