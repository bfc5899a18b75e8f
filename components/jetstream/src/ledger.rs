//! Which messages of a consumer are not settled, and what the server is told about each. A core without I/O.

use std::collections::BTreeMap;

use async_nats::Subject;
use async_nats::jetstream::consumer::AckPolicy;
use dapr_spi::pubsub::Verdict;

use crate::delivered::{Place, with_delivery};

/// Place of a message in its stream.
pub(crate) type Sequence = u64;

/// A message that was delivered and is not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    reply: Subject,
    /// How often it was delivered.
    times: u64,
    /// Place of the delivery among all of the consumer.
    delivery: u64,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// With the application, or on the way to it.
    Working,
    /// Processed, and not acknowledged since others before it are not.
    Done,
    /// To come again; until then nothing after it is acknowledged.
    Refused,
}

/// What to tell the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done(Subject),
    /// And how often it was delivered.
    Again(Subject, u64),
}

/// The unsettled messages of a consumer, by their place in the stream.
#[derive(Debug)]
pub(crate) struct Ledger {
    policy: AckPolicy,
    /// How often a message is delivered at most.
    most_deliveries: Option<u64>,
    entries: BTreeMap<Sequence, Entry>,
    /// One after the last that came.
    next: Sequence,
}

impl Ledger {
    pub(crate) fn new(policy: AckPolicy, most_deliveries: Option<u64>) -> Self {
        Self { policy, most_deliveries, entries: BTreeMap::new(), next: 0 }
    }

    pub(crate) fn policy(&self) -> AckPolicy {
        self.policy
    }

    /// A message came. Returns whether it is new: one that is still worked on is not to be worked on twice, and its
    /// verdict goes to the newest delivery.
    pub(crate) fn came(&mut self, place: Place, reply: Subject) -> bool {
        let Place { sequence, times, delivery } = place;
        self.next = self.next.max(sequence + 1);
        if self.policy == AckPolicy::None {
            return true;
        }
        let known = self.entries.get(&sequence).map_or(State::Refused, |entry| entry.state);
        let state = if known == State::Done { State::Done } else { State::Working };
        self.entries.insert(sequence, Entry { reply, times, delivery, state });
        known == State::Refused
    }

    /// What to tell the server, now that a message is settled.
    pub(crate) fn settle(&mut self, sequence: Sequence, verdict: Verdict) -> Option<Answer> {
        if self.policy == AckPolicy::All {
            return self.settle_in_order(sequence, verdict);
        }
        let Entry { reply, times, .. } = self.entries.remove(&sequence)?;
        Some(if verdict == Verdict::Done { Answer::Done(reply) } else { Answer::Again(reply, times) })
    }

    /// One acknowledgement stands for all before it: it is given when they are all processed.
    fn settle_in_order(&mut self, sequence: Sequence, verdict: Verdict) -> Option<Answer> {
        let entry = self.entries.get_mut(&sequence)?;
        let comes_again = self.most_deliveries.is_none_or(|most| entry.times < most);
        if verdict == Verdict::Again && comes_again {
            entry.state = State::Refused;
            return Some(Answer::Again(entry.reply.clone(), entry.times));
        }
        entry.state = State::Done;
        let (mut last, mut newest) = (None, 0);
        while let Some(first) = self.entries.first_entry()
            && first.get().state == State::Done
        {
            let entry = first.remove();
            newest = newest.max(entry.delivery);
            last = Some(entry);
        }
        // The server takes no acknowledgement of a delivery that is older than one that it has been told of.
        let Entry { reply, delivery, .. } = last?;
        Some(Answer::Done(if delivery < newest { with_delivery(&reply, newest) } else { reply }))
    }

    /// A message that nobody works on comes again, from another consumer.
    pub(crate) fn forget(&mut self, sequence: Sequence) {
        self.next = self.next.min(sequence);
        self.entries.remove(&sequence);
    }

    /// Where to ask for more time, for each message that the server must not deliver again yet.
    pub(crate) fn replies(&self) -> impl Iterator<Item = &Subject> {
        self.entries.values().filter(|entry| entry.state != State::Refused).map(|entry| &entry.reply)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Where another consumer has to begin so that nothing is lost; `None` before anything came.
    pub(crate) fn resume(&self) -> Option<Sequence> {
        let next = (self.next > 0).then_some(self.next);
        self.entries.keys().next().copied().or(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(place: Place) -> Subject {
        let Place { sequence, times, delivery } = place;
        format!("$JS.ACK.S.d.{times}.{sequence}.{delivery}.0.0").into()
    }

    fn came(ledger: &mut Ledger, sequence: Sequence, times: u64, delivery: u64) -> bool {
        let place = Place { sequence, times, delivery };
        ledger.came(place, reply(place))
    }

    fn ledger(policy: AckPolicy, sequences: impl IntoIterator<Item = Sequence>) -> Ledger {
        let mut ledger = Ledger::new(policy, Some(3));
        for sequence in sequences {
            assert!(came(&mut ledger, sequence, 1, sequence));
        }
        ledger
    }

    fn done(sequence: Sequence, times: u64, delivery: u64) -> Option<Answer> {
        Some(Answer::Done(reply(Place { sequence, times, delivery })))
    }

    fn again(sequence: Sequence, times: u64, delivery: u64) -> Option<Answer> {
        Some(Answer::Again(reply(Place { sequence, times, delivery }), times))
    }

    #[test]
    fn each_message_is_acknowledged_by_itself() {
        let mut ledger = ledger(AckPolicy::Explicit, 1..=3);
        assert_eq!(ledger.settle(2, Verdict::Done), done(2, 1, 2));
        assert_eq!(ledger.settle(1, Verdict::Again), again(1, 1, 1));
        assert_eq!(ledger.settle(1, Verdict::Done), None);
        assert_eq!(ledger.resume(), Some(3));
        assert_eq!(ledger.settle(3, Verdict::Done), done(3, 1, 3));
        assert!(ledger.is_empty());
        assert_eq!(ledger.resume(), Some(4));
    }

    #[test]
    fn one_acknowledgement_for_all_waits_for_those_before() {
        let mut ledger = ledger(AckPolicy::All, 1..=4);
        assert_eq!(ledger.settle(2, Verdict::Done), None);
        assert_eq!(ledger.settle(1, Verdict::Done), done(2, 1, 2));
        assert_eq!(ledger.settle(4, Verdict::Done), None);
        assert_eq!(ledger.settle(3, Verdict::Again), again(3, 1, 3));
        assert!(came(&mut ledger, 5, 1, 5));
        assert_eq!(ledger.settle(5, Verdict::Done), None, "it would acknowledge the refused one, too");
        assert_eq!(ledger.replies().count(), 2);
        assert!(came(&mut ledger, 3, 2, 6));
        assert_eq!(ledger.replies().count(), 3);
        assert_eq!(ledger.settle(3, Verdict::Done), done(5, 1, 6), "the last message, as of the newest delivery");
    }

    #[test]
    fn a_message_that_does_not_come_again_holds_up_nothing() {
        let mut ledger = ledger(AckPolicy::All, 1..=2);
        assert_eq!(ledger.settle(2, Verdict::Done), None);
        assert!(!came(&mut ledger, 1, 3, 9));
        assert_eq!(ledger.settle(1, Verdict::Again), done(2, 1, 9));
    }

    #[test]
    fn a_message_that_is_still_worked_on_is_answered_where_it_came_last() {
        let mut ledger = ledger(AckPolicy::Explicit, [7]);
        assert!(!came(&mut ledger, 7, 2, 8));
        assert_eq!(ledger.settle(7, Verdict::Again), again(7, 2, 8));
    }

    #[test]
    fn without_acknowledgements_nothing_is_kept() {
        let mut ledger = ledger(AckPolicy::None, [7, 9]);
        assert!(ledger.is_empty());
        assert_eq!(ledger.settle(9, Verdict::Done), None);
        assert_eq!(ledger.resume(), Some(10));
    }
}
