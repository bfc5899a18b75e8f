//! The state machine by the clock, its invariants under any sequence of events, and many callers at once.

use proptest::prelude::*;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn machine(settings: Settings) -> (Machine, Instant) {
    let now = Instant::now();
    (Machine::new(Arc::new(settings), now), now)
}

fn call(machine: &mut Machine, now: Instant, success: bool) -> Option<State> {
    let generation = machine.admit(now).unwrap();
    machine.settle(now, generation, success)
}

#[test]
fn without_an_expression_it_opens_at_the_sixth_failure_in_a_row() {
    let (mut machine, now) = machine(Settings::default());
    for _ in 0..5 {
        assert_eq!(call(&mut machine, now, false), None);
    }
    assert_eq!(call(&mut machine, now, true), None, "a success starts the row anew");
    for _ in 0..5 {
        assert_eq!(call(&mut machine, now, false), None);
    }
    assert_eq!(call(&mut machine, now, false), Some(State::Open));
    assert_eq!(machine.admit(now), Err(Rejected::Open));
}

#[test]
fn an_open_breaker_rests_then_lets_one_call_try() {
    let trip = Some(Trip::compile("consecutiveFailures >= 1").unwrap());
    let (mut machine, now) = machine(Settings { timeout: 5 * SECOND, trip, ..Settings::default() });
    assert_eq!(call(&mut machine, now, false), Some(State::Open));
    assert_eq!(machine.admit(now + 4 * SECOND), Err(Rejected::Open));
    let later = now + 5 * SECOND;
    assert_eq!(machine.state(later), State::HalfOpen);
    let trial = machine.admit(later).unwrap();
    assert_eq!(machine.admit(later), Err(Rejected::TooManyRequests));
    assert_eq!(machine.settle(later, trial, false), Some(State::Open));
    let later = later + 5 * SECOND;
    assert_eq!(call(&mut machine, later, true), Some(State::Closed));
    assert_eq!(machine.counts, Counts::default());
}

#[test]
fn half_open_closes_after_as_many_successes_as_may_try() {
    let trip = Some(Trip::compile("totalFailures > 0").unwrap());
    let (mut machine, now) = machine(Settings { max_requests: 3, timeout: SECOND, trip, ..Settings::default() });
    call(&mut machine, now, false);
    let now = now + SECOND;
    let trials: Vec<_> = (0..3).map(|_| machine.admit(now).unwrap()).collect();
    assert_eq!(machine.admit(now), Err(Rejected::TooManyRequests));
    assert_eq!(machine.settle(now, trials[0], true), None);
    assert_eq!(machine.settle(now, trials[1], true), None);
    assert_eq!(machine.settle(now, trials[2], true), Some(State::Closed));
}

#[test]
fn an_interval_forgets_counts_and_late_outcomes() {
    let trip = Some(Trip::compile("totalFailures >= 2").unwrap());
    let (mut machine, now) = machine(Settings { interval: SECOND, trip, ..Settings::default() });
    call(&mut machine, now, false);
    let late = machine.admit(now).unwrap();
    let next = now + SECOND;
    assert_eq!(call(&mut machine, next, false), None, "the first failure is forgotten");
    assert_eq!(machine.settle(next, late, false), None, "and the late one is not counted");
    assert_eq!(machine.counts.total_failures, 1);
    assert_eq!(call(&mut machine, next, false), Some(State::Open));
}

#[test]
fn intervals_longer_than_any_clock_do_no_harm() {
    let (mut machine, now) =
        machine(Settings { interval: Duration::MAX, timeout: Duration::MAX, ..Settings::default() });
    for _ in 0..6 {
        call(&mut machine, now, false);
    }
    assert_eq!(machine.admit(now + SECOND), Err(Rejected::Open));
}

#[tokio::test(start_paused = true)]
async fn many_callers_at_once_never_exceed_the_half_open_limit() {
    let settings = Settings {
        max_requests: 4,
        timeout: SECOND,
        trip: Some(Trip::compile("totalFailures > 0").unwrap()),
        ..Settings::default()
    };
    let breaker = Breaker::new("t", Arc::new(settings));
    breaker.admit().unwrap().settle(false);
    tokio::time::advance(SECOND).await;
    let now = Instant::now();
    let admit = || usize::from(breaker.lock().admit(now).is_ok());
    let admitted: usize = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..16).map(|_| scope.spawn(admit)).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    assert_eq!(admitted, 4);
}

#[derive(Clone, Debug)]
enum Event {
    Wait(u64),
    Admit,
    Settle(usize, bool),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        (0u64..1_500).prop_map(Event::Wait),
        Just(Event::Admit),
        (any::<usize>(), any::<bool>()).prop_map(|(index, success)| Event::Settle(index, success)),
    ];
    proptest::collection::vec(event, 0..120)
}

proptest! {
    #[test]
    fn invariants_hold_for_any_sequence(events in events(), max_requests in 1u32..4, interval in prop_oneof![Just(0u64), 100u64..2_000]) {
        let settings = Settings {
            max_requests,
            interval: Duration::from_millis(interval),
            timeout: SECOND,
            trip: None,
        };
        let (mut machine, mut now) = machine(settings);
        let (mut flying, mut opened) = (Vec::new(), None::<Instant>);
        for event in events {
            let before = machine.generation;
            match event {
                Event::Wait(milliseconds) => now += Duration::from_millis(milliseconds),
                Event::Admit => match machine.admit(now) {
                    Ok(generation) => {
                        prop_assert_ne!(machine.state, State::Open);
                        flying.push(generation);
                    }
                    Err(Rejected::Open) => prop_assert!(opened.is_some_and(|at| now < at + SECOND)),
                    Err(Rejected::TooManyRequests) => prop_assert_eq!(machine.state, State::HalfOpen),
                },
                Event::Settle(index, success) if !flying.is_empty() => {
                    let generation = flying.swap_remove(index % flying.len());
                    let state = machine.state(now);
                    match machine.settle(now, generation, success) {
                        Some(State::Open) => {
                            prop_assert!(!success && state != State::Open);
                            opened = Some(now);
                        }
                        Some(State::Closed) => prop_assert!(success && state == State::HalfOpen),
                        Some(other) => prop_assert!(false, "settled into {:?}", other),
                        None => {}
                    }
                }
                Event::Settle(..) => {}
            }
            let counts = machine.counts;
            prop_assert!(machine.generation >= before);
            prop_assert!(counts.total_successes + counts.total_failures <= counts.requests);
            prop_assert!(counts.consecutive_successes <= counts.total_successes);
            prop_assert!(counts.consecutive_failures <= counts.total_failures);
            prop_assert!(counts.consecutive_failures == 0 || counts.consecutive_successes == 0);
            prop_assert!(machine.state != State::HalfOpen || counts.requests <= max_requests);
            prop_assert!(machine.state != State::Closed || counts.consecutive_failures <= DEFAULT_FAILURES);
        }
    }
}
