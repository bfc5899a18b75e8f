//! Which deliveries of a channel are settled, and the fewest acknowledgements that say so.
//!
//! RabbitMQ numbers the deliveries of a channel from 1. One acknowledgement can stand for a delivery and all before it;
//! what lies behind one that is still being processed is acknowledged alone, so that it does not hold up the queue.

use std::collections::VecDeque;

use dapr_spi::pubsub::Verdict;

/// The number of a delivery.
pub(crate) type Tag = u64;

/// What to tell RabbitMQ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// This delivery is processed; with `all_before`, those before it, too.
    Done { tag: Tag, all_before: bool },
    /// This delivery was not processed.
    Again(Tag),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Done,
    Answered,
}

/// The deliveries from the first that is not answered on.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    first: Tag,
    states: VecDeque<State>,
}

impl Ledger {
    /// Notes a delivery; they come in order and without a gap.
    pub(crate) fn came(&mut self, tag: Tag) {
        if self.states.is_empty() {
            self.first = tag;
        }
        self.states.push_back(State::Open);
    }

    /// Notes verdicts, and takes out what is to be answered now.
    pub(crate) fn settle(&mut self, verdicts: impl IntoIterator<Item = (Tag, Verdict)>) -> Vec<Answer> {
        let mut answers = Vec::new();
        let mut done = Vec::new();
        for (tag, verdict) in verdicts {
            let index = usize::try_from(tag.wrapping_sub(self.first)).unwrap_or(usize::MAX);
            let Some(state) = self.states.get_mut(index).filter(|state| **state == State::Open) else { continue };
            match verdict {
                Verdict::Done => {
                    *state = State::Done;
                    done.push(tag);
                }
                Verdict::Again => {
                    *state = State::Answered;
                    answers.push(Answer::Again(tag));
                }
            }
        }
        answers.extend(self.take_settled_front());
        for tag in done.into_iter().filter(|tag| *tag >= self.first) {
            let index = usize::try_from(tag - self.first).unwrap_or(usize::MAX);
            if let Some(state) = self.states.get_mut(index) {
                *state = State::Answered;
                answers.push(Answer::Done { tag, all_before: false });
            }
        }
        answers
    }

    /// Drops what is settled at the front, and says so in one answer.
    fn take_settled_front(&mut self) -> Option<Answer> {
        let mut last = None;
        let mut count = 0;
        while let Some(state) = self.states.pop_front_if(|state| *state != State::Open) {
            if state == State::Done {
                last = Some(self.first);
                count += 1;
            }
            self.first += 1;
        }
        last.map(|tag| Answer::Done { tag, all_before: count > 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(count: Tag) -> Ledger {
        let mut ledger = Ledger::default();
        (1..=count).for_each(|tag| ledger.came(tag));
        ledger
    }

    fn done(tags: impl IntoIterator<Item = Tag>) -> impl Iterator<Item = (Tag, Verdict)> {
        tags.into_iter().map(|tag| (tag, Verdict::Done))
    }

    #[test]
    fn a_run_from_the_front_is_one_answer() {
        let mut ledger = ledger(5);
        assert_eq!(ledger.settle(done([2, 1, 3])), [Answer::Done { tag: 3, all_before: true }]);
        assert_eq!(ledger.settle(done([4])), [Answer::Done { tag: 4, all_before: false }]);
        ledger.came(6);
        assert_eq!(ledger.settle(done([5, 6])), [Answer::Done { tag: 6, all_before: true }]);
        ledger.came(7);
        assert_eq!(ledger.settle(done([7])), [Answer::Done { tag: 7, all_before: false }]);
    }

    #[test]
    fn what_lies_behind_an_open_one_is_answered_alone_and_once() {
        let mut ledger = ledger(4);
        assert_eq!(ledger.settle(done([3])), [Answer::Done { tag: 3, all_before: false }]);
        assert_eq!(ledger.settle(done([3])), []);
        let all = ledger.settle(done([1, 2, 4]));
        assert_eq!(all, [Answer::Done { tag: 4, all_before: true }], "what was answered may lie in between");
    }

    #[test]
    fn a_refused_one_is_never_covered_by_an_answer_for_all_before() {
        let mut ledger = ledger(3);
        let answers = ledger.settle([(2, Verdict::Again), (1, Verdict::Done), (3, Verdict::Done)]);
        assert_eq!(answers, [Answer::Again(2), Answer::Done { tag: 3, all_before: true }]);
        assert_eq!(ledger.settle(done([1, 2, 3, 9])), []);
    }
}
