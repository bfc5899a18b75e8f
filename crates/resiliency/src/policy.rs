//! What one call runs under: a timeout for each attempt, inside a circuit breaker, inside retries.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dapr_telemetry::metrics::ResiliencyTarget;
use tokio::time::Instant;

use crate::breaker::{Breaker, Rejected, Ticket};
use crate::codes::Matching;
use crate::retry::Retry;

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
        let Some(rules) = &self.rules else {
            return operation(1).await.map_err(|error| Error::Failed { error, attempts: 1 });
        };
        let mut once = Once::default();
        let Some(retry) = &rules.retry else {
            return self.attempt(rules, &mut once, &judge, || operation(1)).await.into_result(1);
        };
        let (started, mut delays, mut attempt) = (Instant::now(), retry.delays(), 1);
        loop {
            let outcome = self.attempt(rules, &mut once, &judge, || operation(attempt)).await;
            if !outcome.is_worth_a_retry(&retry.matching) {
                if attempt > 1 && outcome.is_success() {
                    tracing::info!("{} has recovered at attempt {attempt}", rules.target);
                }
                return outcome.into_result(attempt);
            }
            let Some(delay) = delays.next(started.elapsed()) else {
                return outcome.into_result(attempt);
            };
            drop(outcome);
            once.retry(rules, delay);
            pause(delay).await;
            attempt = attempt.saturating_add(1);
        }
    }

    /// Like [`Policy::run`] without retries: for requests that cannot be sent again, such as streams.
    ///
    /// # Errors
    /// The operation's error, its timeout, or the circuit breaker's refusal.
    pub async fn run_once<T, E>(
        &self,
        judge: impl Fn(&Result<T, E>) -> Verdict,
        operation: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error<E>> {
        match &self.rules {
            Some(rules) => self.attempt(rules, &mut Once::default(), &judge, || operation).await.into_result(1),
            None => operation.await.map_err(|error| Error::Failed { error, attempts: 1 }),
        }
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

    /// One attempt, which begins only when the breaker lets it pass.
    async fn attempt<T, E, F: Future<Output = Result<T, E>>>(
        &self,
        rules: &Rules,
        once: &mut Once,
        judge: &impl Fn(&Result<T, E>) -> Verdict,
        operation: impl FnOnce() -> F,
    ) -> Outcome<T, E> {
        let permit = match self.admit() {
            Ok(permit) => permit,
            Err(rejected) => return Outcome::Rejected(rejected),
        };
        let answer = match rules.timeout {
            None => operation().await,
            Some(limit) => match tokio::time::timeout(limit, operation()).await {
                Ok(answer) => answer,
                Err(_) => {
                    once.timeout(rules);
                    permit.settle(false);
                    return Outcome::TimedOut(limit);
                }
            },
        };
        let verdict = judge(&answer);
        permit.settle(verdict == Verdict::Success);
        Outcome::Answered(answer, verdict)
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

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rules({})", self.target)
    }
}

/// How one attempt went.
enum Outcome<T, E> {
    Answered(Result<T, E>, Verdict),
    TimedOut(Duration),
    Rejected(Rejected),
}

impl<T, E> Outcome<T, E> {
    fn is_success(&self) -> bool {
        matches!(self, Outcome::Answered(_, Verdict::Success))
    }

    fn is_worth_a_retry(&self, matching: &Matching) -> bool {
        match self {
            Outcome::TimedOut(_) | Outcome::Answered(_, Verdict::Retriable) => true,
            Outcome::Answered(_, Verdict::Code(code)) => matching.retries(*code),
            Outcome::Answered(_, Verdict::Success | Verdict::Permanent) | Outcome::Rejected(_) => false,
        }
    }

    fn into_result(self, attempts: u32) -> Result<T, Error<E>> {
        match self {
            Outcome::Answered(answer, _) => answer.map_err(|error| Error::Failed { error, attempts }),
            Outcome::TimedOut(limit) => Err(Error::Timeout { limit, attempts }),
            Outcome::Rejected(rejected) => Err(Error::Rejected(rejected)),
        }
    }
}

/// What is counted once for each call, however often it is tried.
#[derive(Default)]
struct Once {
    timed_out: bool,
    retried: bool,
}

impl Once {
    fn timeout(&mut self, rules: &Rules) {
        if !std::mem::replace(&mut self.timed_out, true)
            && let Some(metrics) = &rules.metrics
        {
            metrics.timeout_activated();
        }
    }

    fn retry(&mut self, rules: &Rules, delay: Duration) {
        if std::mem::replace(&mut self.retried, true) {
            return;
        }
        if let Some(metrics) = &rules.metrics {
            metrics.retry_activated();
        }
        tracing::warn!("{} failed; the next attempt is in {}", rules.target, dapr_kit::duration::format(delay));
    }
}

/// Even a policy that retries at once and for ever must let other tasks run.
async fn pause(delay: Duration) {
    if delay.is_zero() { tokio::task::yield_now().await } else { tokio::time::sleep(delay).await }
}
