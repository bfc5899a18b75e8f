//! Calls under policies, by a paused clock.

use std::cell::Cell;
use std::future::{pending, ready};

use tokio::time::{advance, sleep};

use super::*;
use crate::breaker::{Settings, State};
use crate::codes::Matching;
use crate::retry::MAX_ELAPSED;
use crate::trip::Trip;

const SECOND: Duration = Duration::from_secs(1);

fn policy(timeout: Option<Duration>, retry: Option<Retry>, breaker: Option<Settings>) -> Policy {
    let rules = Rules { target: "app t".into(), timeout, retry: retry.map(Arc::new), metrics: None };
    let breaker = breaker.map(|settings| Breaker::new("t", Arc::new(settings)));
    Policy { rules: Some(Arc::new(rules)), breaker }
}

fn matching(http: &str, grpc: &str) -> Retry {
    Retry { matching: Matching::parse(http, grpc).unwrap(), ..Retry::constant(SECOND, 3) }
}

fn trips_at(failures: u32) -> Settings {
    let trip = Trip::compile(&format!("consecutiveFailures >= {failures}")).unwrap();
    Settings { trip: Some(trip), timeout: 5 * SECOND, ..Settings::default() }
}

/// Errors are worth a retry; answers are HTTP statuses.
fn judge(answer: &Result<i32, &str>) -> Verdict {
    match answer {
        Ok(200..=399) => Verdict::Success,
        Ok(status) => Verdict::Code(*status),
        Err(error) if error.starts_with("permanent") => Verdict::Permanent,
        Err(_) => Verdict::Retriable,
    }
}

/// Runs a call whose attempts end as listed, the last one again and again. Returns the result and the attempts.
async fn run(policy: &Policy, answers: &[Result<i32, &'static str>]) -> (Result<i32, Error<&'static str>>, u32) {
    let made = Cell::new(0);
    let result = policy
        .run(judge, |attempt| {
            made.set(attempt);
            ready(answers[(attempt as usize - 1).min(answers.len() - 1)])
        })
        .await;
    (result, made.get())
}

#[tokio::test(start_paused = true)]
async fn without_policies_a_call_is_made_once() {
    let none = Policy::none();
    assert!(none.is_none() && !none.retries() && none.timeout().is_none());
    assert!(matches!(run(&none, &[Ok(500)]).await, (Ok(500), 1)));
    assert!(matches!(run(&none, &[Err("e")]).await, (Err(Error::Failed { error: "e", attempts: 1 }), 1)));
    assert!(none.admit().is_ok());
}

#[tokio::test(start_paused = true)]
async fn retries_wait_in_between_and_return_the_last_answer() {
    let policy = policy(None, Some(Retry::constant(2 * SECOND, 3)), None);
    assert!(policy.retries());
    let started = Instant::now();
    assert!(matches!(run(&policy, &[Err("e"), Ok(500), Ok(200)]).await, (Ok(200), 3)));
    assert_eq!(started.elapsed(), 4 * SECOND);
    assert!(matches!(run(&policy, &[Ok(500), Ok(501), Ok(502), Ok(503)]).await, (Ok(503), 4)));
    assert!(matches!(run(&policy, &[Err("e")]).await, (Err(Error::Failed { error: "e", attempts: 4 }), 4)));
    assert_eq!(started.elapsed(), 16 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn what_is_permanent_or_not_matched_is_not_retried() {
    let policy = policy(None, Some(matching("403,500-503", "4")), None);
    for (answer, attempts) in [
        (Ok(200), 1),
        (Ok(404), 1),
        (Ok(403), 4),
        (Ok(503), 4),
        (Ok(504), 1),
        (Ok(4), 4),
        (Ok(5), 1),
        (Err("any"), 4),
        (Err("permanent"), 1),
    ] {
        assert_eq!(run(&policy, &[answer]).await.1, attempts, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn retries_may_be_endless_or_none_or_end_by_time() {
    let endless = policy(None, Some(Retry { max_retries: None, ..Retry::constant(SECOND, 0) }), None);
    let answers: Vec<_> = std::iter::repeat_n(Err("e"), 999).chain([Ok(200)]).collect();
    assert!(matches!(run(&endless, &answers).await, (Ok(200), 1000)));
    let at_once = policy(None, Some(Retry { max_retries: None, ..Retry::constant(Duration::ZERO, 0) }), None);
    let stopped = tokio::time::timeout(SECOND, async {
        let _ = tokio::join!(run(&at_once, &answers), sleep(Duration::from_millis(1)));
    });
    assert!(stopped.await.is_ok());
    let none = policy(None, Some(Retry::constant(SECOND, 0)), None);
    assert!(!none.retries());
    assert!(matches!(run(&none, &[Err("e")]).await, (Err(Error::Failed { attempts: 1, .. }), 1)));
    let started = Instant::now();
    let exponential = policy(None, Some(Retry::exponential(60 * SECOND, MAX_ELAPSED, None)), None);
    assert!(run(&exponential, &[Err("e")]).await.0.is_err());
    assert!(started.elapsed() <= MAX_ELAPSED && started.elapsed() > MAX_ELAPSED - 90 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_the_timeout_to_itself() {
    let slow = policy(Some(SECOND), Some(Retry::constant(SECOND, 2)), None);
    let started = Instant::now();
    let result: Result<i32, _> = slow.run(judge, |_| pending()).await;
    assert!(matches!(result, Err(Error::Timeout { limit: SECOND, attempts: 3 })), "{result:?}");
    assert_eq!(result.unwrap_err().to_string(), "context deadline exceeded: no answer within 1s");
    assert_eq!(started.elapsed(), 5 * SECOND);
    let result = slow
        .run(judge, |attempt| async move {
            sleep(if attempt == 1 { 2 * SECOND } else { SECOND / 2 }).await;
            Ok(200)
        })
        .await;
    assert!(matches!(result, Ok(200)));
    let once = policy(Some(SECOND), Some(Retry::constant(SECOND, 2)), None).run_once(judge, pending()).await;
    assert!(matches!(once, Err(Error::Timeout { attempts: 1, .. })));
}

#[tokio::test(start_paused = true)]
async fn an_open_breaker_ends_the_retries() {
    let policy = policy(None, Some(Retry::constant(SECOND, 10)), Some(trips_at(3)));
    let (result, attempts) = run(&policy, &[Ok(500)]).await;
    assert_eq!(attempts, 3);
    assert_eq!(result.unwrap_err().to_string(), "circuit breaker is open");
    assert_eq!(run(&policy, &[Ok(200)]).await.1, 0, "nothing is sent while it is open");
    advance(5 * SECOND).await;
    assert!(matches!(run(&policy, &[Ok(200)]).await, (Ok(200), 1)));
    assert_eq!(policy.breaker.as_ref().unwrap().state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn timeouts_and_calls_that_were_given_up_are_failures() {
    let policy = policy(Some(SECOND), None, Some(trips_at(2)));
    assert!(policy.run_once(judge, pending()).await.is_err());
    assert!(tokio::time::timeout(SECOND / 2, policy.run_once(judge, pending())).await.is_err());
    assert_eq!(policy.breaker.as_ref().unwrap().state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn a_half_open_breaker_lets_one_call_try_and_survives_its_loss() {
    let policy = policy(None, None, Some(trips_at(1)));
    assert!(run(&policy, &[Err("e")]).await.0.is_err());
    advance(5 * SECOND).await;
    let trial = policy.admit().unwrap();
    let refused = run(&policy, &[Ok(200)]).await.0.unwrap_err();
    assert_eq!(refused.to_string(), "too many requests");
    drop(trial);
    assert_eq!(policy.admit().unwrap_err(), Rejected::Open, "a lost trial opens it again");
    advance(5 * SECOND).await;
    policy.admit().unwrap().settle(true);
    assert!(run(&policy, &[Ok(200)]).await.0.is_ok());
}

/// Ten thousand calls may wait at a time, so a policy must not multiply what each of them holds.
#[test]
fn a_policy_adds_little_to_the_size_of_a_call() {
    async fn large() -> Result<i32, &'static str> {
        let held = [1u8; 8_000];
        tokio::task::yield_now().await;
        Ok(i32::from(held[7]))
    }
    let policy = Policy::none();
    let size = size_of_val(&large());
    assert!(size > 8_000);
    assert!(size_of_val(&policy.run_once(judge, large())) < size + 400);
    assert!(size_of_val(&policy.run(judge, |_| large())) < size + 800);
}
