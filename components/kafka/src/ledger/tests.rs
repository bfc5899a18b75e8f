//! A ledger by hand, and against a subscriber and a log that do anything.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const DELAY: Duration = Duration::from_millis(100);

fn key(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

fn ledger() -> Ledger<i64> {
    let mut ledger = Ledger::new(DELAY, false);
    ledger.assign(0);
    ledger
}

#[test]
fn a_position_stops_before_what_is_not_settled() {
    let now = Instant::now();
    let mut ledger = ledger();
    let tickets: Vec<Ticket> = (10..14).map(|offset| ledger.receive(0, offset, key("k"), offset).unwrap().0).collect();
    assert!(ledger.take_positions().is_empty());
    ledger.done(&tickets[1], now);
    ledger.done(&tickets[2], now);
    assert!(ledger.take_positions().is_empty(), "the first one is not settled");
    ledger.done(&tickets[0], now);
    assert_eq!(ledger.take_positions(), [(0, 13)]);
    assert!(ledger.take_positions().is_empty(), "nothing new");
    ledger.done(&tickets[3], now);
    assert_eq!(ledger.take_positions(), [(0, 14)]);
}

#[test]
fn what_was_not_processed_goes_out_again_and_its_key_waits_for_it() {
    let now = Instant::now();
    let mut ledger = ledger();
    let (first, item) = ledger.receive(0, 0, key("a"), 0).unwrap();
    assert!(ledger.again(&first, item, now));
    assert!(ledger.receive(0, 1, key("a"), 1).is_none(), "its key waits");
    let (other, _) = ledger.receive(0, 2, key("b"), 2).unwrap();
    ledger.done(&other, now);
    assert!(ledger.take_due(now, 9).is_empty());
    assert_eq!(ledger.next_due(), Some(now + DELAY));
    let later = now + DELAY;
    let [(again, 0)] = &ledger.take_due(later, 9)[..] else { panic!("the first one comes again, alone") };
    assert!(ledger.take_due(later, 9).is_empty());
    ledger.done(again, later);
    let [(behind, 1)] = &ledger.take_due(later, 9)[..] else { panic!("the next one follows at once") };
    assert_eq!(ledger.take_positions(), [(0, 1)]);
    ledger.done(behind, later);
    assert_eq!(ledger.take_positions(), [(0, 3)]);
    assert!(ledger.receive(0, 3, key("a"), 3).is_some(), "nothing waits any more");
    assert_eq!(ledger.waiting(), 0);
}

#[test]
fn a_bulk_subscription_gets_the_whole_line() {
    let now = Instant::now();
    let mut ledger = Ledger::new(DELAY, true);
    ledger.assign(0);
    let tickets: Vec<Ticket> = (0..3).map(|offset| ledger.receive(0, offset, key("a"), offset).unwrap().0).collect();
    for (ticket, offset) in tickets.iter().zip(0..) {
        ledger.again(ticket, offset, now);
    }
    let items: Vec<i64> = ledger.take_due(now + DELAY, 9).into_iter().map(|(_, item)| item).collect();
    assert_eq!(items, [0, 1, 2]);
}

#[test]
fn verdicts_on_a_lost_assignment_count_no_more() {
    let now = Instant::now();
    let mut ledger = ledger();
    let (old, item) = ledger.receive(0, 5, key("a"), 5).unwrap();
    ledger.forget(0);
    assert!(ledger.receive(0, 6, key("a"), 6).is_none(), "the partition is not ours");
    ledger.assign(0);
    let (new, _) = ledger.receive(0, 5, key("a"), 5).unwrap();
    assert!(!ledger.done(&old, now) && !ledger.again(&old, item, now));
    assert!(ledger.take_positions().is_empty());
    ledger.done(&new, now);
    assert_eq!(ledger.take_positions(), [(0, 6)]);
}

#[test]
fn a_partition_that_leaves_waits_for_what_is_out() {
    let now = Instant::now();
    let mut ledger = ledger();
    let (first, _) = ledger.receive(0, 0, key("a"), 0).unwrap();
    let (second, item) = ledger.receive(0, 1, key("b"), 1).unwrap();
    ledger.leave(0);
    assert!(ledger.receive(0, 2, key("c"), 2).is_none());
    assert_eq!(ledger.leaving(), 2);
    assert!(!ledger.done(&first, now));
    assert!(ledger.again(&second, item, now), "nothing is out any more");
    assert_eq!((ledger.leaving(), ledger.next_due()), (0, None));
    assert_eq!(ledger.take_positions(), [(0, 1)], "the second one is left to who comes next");
}

#[test]
fn a_log_that_begins_anew_is_followed() {
    let now = Instant::now();
    let mut ledger = ledger();
    let (old, _) = ledger.receive(0, 100, key("a"), 100).unwrap();
    let (new, _) = ledger.receive(0, 3, key("a"), 3).unwrap();
    ledger.done(&old, now);
    assert!(ledger.take_positions().is_empty());
    ledger.done(&new, now);
    assert_eq!(ledger.take_positions(), [(0, 4)]);
}

#[derive(Clone, Debug)]
enum Step {
    Receive { partition: i32, key: u8 },
    Settle { index: usize, done: bool },
    Wait,
    Rebalance { partition: i32 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..2i32, 0..3u8).prop_map(|(partition, key)| Step::Receive { partition, key }),
        5 => (any::<usize>(), prop::bool::weighted(0.7)).prop_map(|(index, done)| Step::Settle { index, done }),
        2 => Just(Step::Wait),
        1 => (0..2i32).prop_map(|partition| Step::Rebalance { partition }),
    ];
    prop::collection::vec(step, 0..200)
}

/// A subscriber and a log, to check a ledger against.
struct World {
    ledger: Ledger<(i64, u8)>,
    now: Instant,
    out: Vec<(i32, Out<(i64, u8)>)>,
    next: BTreeMap<i32, i64>,
    /// Settled since the partition's last assignment, and what it began with.
    settled: BTreeMap<i32, BTreeSet<i64>>,
    begin: BTreeMap<i32, i64>,
    committed: BTreeMap<i32, i64>,
}

impl World {
    fn new() -> Self {
        let mut ledger = Ledger::new(DELAY, false);
        ledger.assign(0);
        ledger.assign(1);
        let zeros: BTreeMap<i32, i64> = [(0, 0), (1, 0)].into();
        Self {
            ledger,
            now: Instant::now(),
            out: Vec::new(),
            next: zeros.clone(),
            settled: BTreeMap::new(),
            begin: zeros.clone(),
            committed: zeros,
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Receive { partition, key } => {
                let offset = self.next.get_mut(partition).unwrap();
                let order = Bytes::copy_from_slice(&[*key]);
                let out = self.ledger.receive(*partition, *offset, order, (*offset, *key));
                *offset += 1;
                self.out.extend(out.map(|out| (*partition, out)));
            }
            Step::Settle { index, done } if !self.out.is_empty() => {
                let (partition, (ticket, item)) = self.out.remove(index % self.out.len());
                if *done {
                    let is_current = ticket.epoch == self.ledger.partitions[&partition].epoch;
                    self.ledger.done(&ticket, self.now);
                    if is_current {
                        self.settled.entry(partition).or_default().insert(item.0);
                    }
                } else {
                    self.ledger.again(&ticket, item, self.now);
                }
            }
            Step::Settle { .. } => {}
            Step::Wait => self.wait(),
            Step::Rebalance { partition } => {
                self.commit();
                self.ledger.assign(*partition);
                let committed = self.committed[partition];
                self.next.insert(*partition, committed);
                self.begin.insert(*partition, committed);
                self.settled.remove(partition);
            }
        }
    }

    fn wait(&mut self) {
        self.now += DELAY;
        let due = self.ledger.take_due(self.now, usize::MAX);
        self.out.extend(due.into_iter().map(|out| (out.0.partition, out)));
    }

    /// The position is never past an unsettled message.
    fn commit(&mut self) {
        for (partition, position) in self.ledger.take_positions() {
            let settled = &self.settled[&partition];
            assert!((self.begin[&partition]..position).all(|offset| settled.contains(&offset)));
            assert!(position >= self.committed[&partition]);
            self.committed.insert(partition, position);
        }
    }
}

proptest! {
    /// Whatever happens, nothing is committed before it is settled, and in the end everything is.
    #[test]
    fn nothing_is_lost(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
            world.commit();
        }
        for _ in 0..2_000 {
            while !world.out.is_empty() {
                world.take(&Step::Settle { index: 0, done: true });
            }
            world.wait();
            if world.out.is_empty() && world.ledger.waiting() == 0 {
                break;
            }
        }
        world.commit();
        prop_assert_eq!(world.ledger.waiting(), 0);
        for partition in [0, 1] {
            let end = world.next[&partition];
            prop_assert_eq!(world.committed[&partition], end, "everything is settled and committed");
            prop_assert_eq!(world.ledger.spread(partition), 0);
        }
    }
}
