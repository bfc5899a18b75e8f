//! One attempt of a call: the timeout inside the circuit breaker.
//!
//! A future by hand, since `async` blocks keep a future that is passed to them twice: calls are large, and ten thousand
//! of them wait at a time.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::{Error, Permit, Policy, Verdict};
use crate::breaker::Rejected;
use crate::codes::Matching;

/// How an attempt went.
pub(super) enum Outcome<T, E> {
    Answered(Result<T, E>, Verdict),
    TimedOut(Duration),
    Rejected(Rejected),
}

impl<T, E> Outcome<T, E> {
    pub(super) fn is_success(&self) -> bool {
        matches!(self, Outcome::Answered(_, Verdict::Success))
    }

    pub(super) fn is_worth_a_retry(&self, matching: &Matching) -> bool {
        match self {
            Outcome::TimedOut(_) | Outcome::Answered(_, Verdict::Retriable) => true,
            Outcome::Answered(_, Verdict::Code(code)) => matching.retries(*code),
            Outcome::Answered(_, Verdict::Success | Verdict::Permanent) | Outcome::Rejected(_) => false,
        }
    }

    pub(super) fn into_result(self, attempts: u32) -> Result<T, Error<E>> {
        match self {
            Outcome::Answered(answer, _) => answer.map_err(|error| Error::Failed { error, attempts }),
            Outcome::TimedOut(limit) => Err(Error::Timeout { limit, attempts }),
            Outcome::Rejected(rejected) => Err(Error::Rejected(rejected)),
        }
    }
}

pin_project! {
    /// An attempt that the circuit breaker let pass, or that asks it when it is first polled.
    pub(super) struct Attempt<'a, F, J> {
        policy: &'a Policy,
        judge: J,
        begun: bool,
        permit: Option<Permit>,
        #[pin]
        operation: F,
        #[pin]
        limit: Option<Sleep>,
    }
}

impl<'a, F, J> Attempt<'a, F, J> {
    pub(super) fn new(policy: &'a Policy, permit: Option<Permit>, judge: J, operation: F) -> Self {
        Attempt { policy, judge, begun: false, permit, operation, limit: None }
    }
}

impl<T, E, F, J> Future for Attempt<'_, F, J>
where
    F: Future<Output = Result<T, E>>,
    J: Fn(&Result<T, E>) -> Verdict,
{
    type Output = Outcome<T, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if !*this.begun {
            *this.begun = true;
            if this.permit.is_none() {
                match this.policy.admit() {
                    Ok(permit) => *this.permit = Some(permit),
                    Err(rejected) => return Poll::Ready(Outcome::Rejected(rejected)),
                }
            }
            this.limit.set(this.policy.timeout().map(tokio::time::sleep));
        }
        let mut settle = |success| {
            if let Some(permit) = this.permit.take() {
                permit.settle(success);
            }
        };
        if let Poll::Ready(answer) = this.operation.poll(context) {
            let verdict = (this.judge)(&answer);
            settle(verdict == Verdict::Success);
            return Poll::Ready(Outcome::Answered(answer, verdict));
        }
        let Some(limit) = this.limit.as_pin_mut() else { return Poll::Pending };
        ready!(limit.poll(context));
        settle(false);
        Poll::Ready(Outcome::TimedOut(this.policy.timeout().unwrap_or_default()))
    }
}

pin_project! {
    /// A call that is tried once.
    pub(super) struct Once<'a, F, J> {
        #[pin]
        pub(super) attempt: Attempt<'a, F, J>,
    }
}

impl<T, E, F, J> Future for Once<'_, F, J>
where
    F: Future<Output = Result<T, E>>,
    J: Fn(&Result<T, E>) -> Verdict,
{
    type Output = Result<T, Error<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let outcome = ready!(this.attempt.as_mut().poll(context));
        if let (Outcome::TimedOut(_), Some(rules)) = (&outcome, &this.attempt.policy.rules) {
            rules.timed_out();
        }
        Poll::Ready(outcome.into_result(1))
    }
}
