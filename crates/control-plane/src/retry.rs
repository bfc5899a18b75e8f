//! Repeating a call that the other side may not have got.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use dapr_kit::backoff::Backoff;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

use crate::connect::is_refused_certificate;

/// How often and how long a call is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tries {
    pub(crate) count: u32,
    pub(crate) each: Duration,
    pub(crate) longest_delay: Duration,
}

const FIRST_DELAY: Duration = Duration::from_millis(100);

/// Calls until an answer, or an error that another try does not heal; the last error then. `waiting` learns of each error
/// that is followed by another try, and how long that is away.
pub(crate) async fn retried<T, F>(
    tries: Tries,
    waiting: impl Fn(&Status, Duration),
    mut call: impl FnMut() -> F,
) -> Result<T, Status>
where
    F: Future<Output = Result<T, Status>>,
{
    let mut backoff = Backoff::new(FIRST_DELAY, tries.longest_delay);
    let mut left = tries.count;
    loop {
        left = left.saturating_sub(1);
        let answer = timeout(tries.each, call()).await.unwrap_or_else(|_| {
            let seconds = tries.each.as_secs();
            Err(Status::deadline_exceeded(format!("no answer within {seconds} seconds")))
        });
        match answer {
            Err(status) if left > 0 && heals(&status) => {
                let delay = backoff.next_delay();
                waiting(&status, delay);
                sleep(delay).await;
            }
            answer => return answer,
        }
    }
}

/// Whether another try may go better: the other side is not there, is too slow or too busy. A peer that is somebody else
/// does not get better.
pub(crate) fn heals(status: &Status) -> bool {
    if is_refused_certificate(status) {
        return false;
    }
    // A status with a source was made on this side: the connection failed.
    matches!(status.code(), Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded)
        || status.source().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIES: Tries = Tries { count: 5, each: Duration::from_secs(3), longest_delay: Duration::from_secs(1) };

    async fn count(mut answer: impl FnMut(u32) -> Result<u32, Status>) -> (Result<u32, Code>, u32) {
        let mut calls = 0;
        let waits = std::cell::Cell::new(0);
        let waiting = |_: &Status, delay: Duration| {
            assert!(delay <= TRIES.longest_delay);
            waits.set(waits.get() + 1);
        };
        let result = retried(TRIES, waiting, || {
            calls += 1;
            let answer = answer(calls);
            async move { answer }
        });
        let result = result.await.map_err(|status| status.code());
        assert_eq!(waits.get(), calls - 1, "each try but the last one is told of");
        (result, calls)
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_may_heal_is_tried_again() {
        assert_eq!(count(|_| Err(Status::unavailable(""))).await, (Err(Code::Unavailable), 5));
        assert_eq!(count(|_| Err(Status::permission_denied(""))).await, (Err(Code::PermissionDenied), 1));
        let third = |calls| if calls < 3 { Err(Status::resource_exhausted("")) } else { Ok(calls) };
        assert_eq!(count(third).await, (Ok(3), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_without_an_answer_ends() {
        let start = tokio::time::Instant::now();
        let result: Result<(), Status> = retried(TRIES, |_, _| {}, std::future::pending).await;
        assert_eq!(result.unwrap_err().code(), Code::DeadlineExceeded);
        assert!((15..20).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    }
}
