//! Order, batches and bounds of the dispatcher.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const WAIT: Duration = Duration::from_millis(100);

fn single(calls: usize) -> Dispatcher<u32> {
    Dispatcher::new(Rules { calls, batch: 1, wait: Duration::ZERO })
}

fn key(text: &'static str) -> Option<Bytes> {
    Some(Bytes::from_static(text.as_bytes()))
}

fn started(dispatcher: &mut Dispatcher<u32>, now: Instant) -> Vec<Vec<u32>> {
    std::iter::from_fn(|| dispatcher.start(now)).map(|call| call.messages).collect()
}

#[test]
fn as_many_run_as_are_allowed_in_the_order_they_came() {
    let now = Instant::now();
    let mut dispatcher = single(2);
    (0..4).for_each(|message| dispatcher.arrived(None, message, now));
    assert_eq!(started(&mut dispatcher, now), [[0], [1]]);
    dispatcher.finished(Vec::new(), now);
    assert_eq!(started(&mut dispatcher, now), [[2]]);
    dispatcher.finished(Vec::new(), now);
    dispatcher.finished(Vec::new(), now);
    assert_eq!(started(&mut dispatcher, now), [[3]]);
    assert!(!dispatcher.is_idle());
    dispatcher.finished(Vec::new(), now);
    assert!(dispatcher.is_idle());
}

#[test]
fn a_key_is_in_one_call_at_a_time_and_others_pass_it() {
    let now = Instant::now();
    let mut dispatcher = single(8);
    for (key, message) in [(key("a"), 0), (key("a"), 1), (key("b"), 2), (None, 3), (key("a"), 4)] {
        dispatcher.arrived(key, message, now);
    }
    assert_eq!(started(&mut dispatcher, now), [[0], [2], [3]]);
    dispatcher.finished(vec![Bytes::from_static(b"a")], now);
    assert_eq!(started(&mut dispatcher, now), [[1]]);
    dispatcher.finished(vec![Bytes::from_static(b"a")], now);
    assert_eq!(started(&mut dispatcher, now), [[4]]);
    dispatcher.finished(vec![Bytes::from_static(b"a")], now);
    assert_eq!(dispatcher.lanes.len(), 1, "only `b` is still known");
}

#[test]
fn a_batch_starts_when_it_is_full_or_when_its_first_message_has_waited() {
    let now = Instant::now();
    let mut dispatcher = Dispatcher::new(Rules { calls: 4, batch: 3, wait: WAIT });
    assert_eq!(dispatcher.deadline(), None);
    dispatcher.arrived(None, 0, now);
    dispatcher.arrived(None, 1, now + WAIT / 2);
    assert_eq!(dispatcher.deadline(), Some(now + WAIT));
    assert!(started(&mut dispatcher, now + WAIT / 2).is_empty());
    assert_eq!(started(&mut dispatcher, now + WAIT), [[0, 1]]);
    assert_eq!(dispatcher.deadline(), None);
    let later = now + WAIT * 2;
    (2..9).for_each(|message| dispatcher.arrived(None, message, later));
    assert_eq!(started(&mut dispatcher, later), [[2, 3, 4], [5, 6, 7]]);
    assert_eq!(dispatcher.deadline(), Some(later + WAIT), "what is left waits for others again");
    dispatcher.hurry();
    assert_eq!(started(&mut dispatcher, later), [[8]]);
}

#[test]
fn a_batch_may_hold_a_key_many_times_but_two_batches_do_not_share_one() {
    let now = Instant::now();
    let mut dispatcher = Dispatcher::new(Rules { calls: 4, batch: 3, wait: WAIT });
    (0..4).for_each(|message| dispatcher.arrived(key("a"), message, now));
    dispatcher.arrived(None, 9, now);
    let call = dispatcher.start(now).unwrap();
    assert_eq!((call.messages, call.keys.len()), (vec![0, 1, 2], 1));
    assert_eq!(started(&mut dispatcher, now + WAIT), [[9]]);
    assert_eq!(dispatcher.deadline(), None, "what waits for a call of its key gathers nothing");
    dispatcher.finished(call.keys, now);
    assert_eq!(started(&mut dispatcher, now + WAIT), [[3]]);
}

#[test]
fn what_has_not_started_can_be_taken_out() {
    let now = Instant::now();
    let mut dispatcher = single(1);
    for (key, message) in [(key("a"), 0), (key("a"), 1), (key("b"), 2), (key("b"), 3), (None, 4)] {
        dispatcher.arrived(key, message, now);
    }
    assert_eq!(started(&mut dispatcher, now), [[0]]);
    let mut waiting = dispatcher.take_waiting();
    waiting.sort_unstable();
    assert_eq!(waiting, [1, 2, 3, 4]);
    assert_eq!(dispatcher.running(), 1);
    dispatcher.finished(vec![Bytes::from_static(b"a")], now);
    assert!(dispatcher.is_idle() && dispatcher.lanes.is_empty());
}

#[derive(Clone, Debug)]
enum Event {
    Arrives(Option<u8>),
    /// The running call at this place, modulo their number, ends.
    Finishes(usize),
    TimePasses(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => prop::option::of(0u8..4).prop_map(Event::Arrives),
        3 => any::<usize>().prop_map(Event::Finishes),
        1 => (0u64..200).prop_map(Event::TimePasses),
    ]
}

/// A world around a dispatcher that checks each promise at every step.
struct World {
    dispatcher: Dispatcher<u32>,
    rules: Rules,
    now: Instant,
    keys: Vec<Option<u8>>,
    running: Vec<Call<u32>>,
    started: Vec<u32>,
}

impl World {
    fn new(rules: Rules) -> Self {
        let (dispatcher, now) = (Dispatcher::new(rules), Instant::now());
        Self { dispatcher, rules, now, keys: Vec::new(), running: Vec::new(), started: Vec::new() }
    }

    fn arrives(&mut self, key: Option<u8>) {
        let id = u32::try_from(self.keys.len()).unwrap();
        self.keys.push(key);
        self.dispatcher.arrived(key.map(|key| Bytes::copy_from_slice(&[key])), id, self.now);
    }

    fn finishes(&mut self, place: usize) {
        if !self.running.is_empty() {
            let call = self.running.swap_remove(place % self.running.len());
            self.dispatcher.finished(call.keys, self.now);
        }
    }

    fn start_all(&mut self) -> Result<(), TestCaseError> {
        while let Some(call) = self.dispatcher.start(self.now) {
            prop_assert!(!call.messages.is_empty() && call.messages.len() <= self.rules.batch);
            let keys = |call: &Call<u32>| -> Vec<u8> {
                call.messages.iter().filter_map(|message| self.keys[*message as usize]).collect()
            };
            let mine = keys(&call);
            let shared = self.running.iter().flat_map(keys).any(|key| mine.contains(&key));
            prop_assert!(!shared, "a key is in two calls");
            self.started.extend(&call.messages);
            self.running.push(call);
            prop_assert!(self.running.len() <= self.rules.calls, "too many calls");
        }
        prop_assert_eq!(self.dispatcher.running(), self.running.len());
        if self.rules.batch == 1 && self.running.len() < self.rules.calls {
            let mut busy: Vec<u8> = Vec::new();
            for call in &self.running {
                busy.extend(self.keys[call.messages[0] as usize]);
            }
            let idle = (0..self.keys.len())
                .filter(|id| !self.started.contains(&u32::try_from(*id).unwrap()))
                .find(|id| self.keys[*id].is_none_or(|key| !busy.contains(&key)));
            prop_assert_eq!(idle, None, "a message waits though nothing is in its way");
        }
        Ok(())
    }

    /// Lets everything run to its end.
    fn end(mut self) -> Result<(), TestCaseError> {
        self.dispatcher.hurry();
        loop {
            self.start_all()?;
            if self.running.is_empty() {
                break;
            }
            self.finishes(0);
        }
        prop_assert!(self.dispatcher.is_idle() && self.dispatcher.lanes.is_empty());
        let mut all = self.started.clone();
        all.sort_unstable();
        prop_assert_eq!(
            all,
            (0..u32::try_from(self.keys.len()).unwrap()).collect::<Vec<_>>(),
            "a message is forgotten"
        );
        let mut last: HashMap<u8, u32> = HashMap::new();
        for message in self.started {
            let Some(key) = self.keys[message as usize] else { continue };
            prop_assert!(last.insert(key, message).is_none_or(|before| before < message), "order of a key");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn every_schedule_keeps_every_promise(
        calls in 1usize..5,
        batch in 1usize..5,
        events in prop::collection::vec(event(), 0..120),
    ) {
        let mut world = World::new(Rules { calls, batch, wait: if batch == 1 { Duration::ZERO } else { WAIT } });
        for event in events {
            match event {
                Event::Arrives(key) => world.arrives(key),
                Event::Finishes(place) => world.finishes(place),
                Event::TimePasses(milliseconds) => world.now += Duration::from_millis(milliseconds),
            }
            world.start_all()?;
            let late = world.dispatcher.deadline().is_some_and(|deadline| deadline <= world.now);
            prop_assert!(!late, "a batch is due and does not start");
        }
        world.end()?;
    }
}
