//! Which messages of a subscription are where: with the engine, to be acknowledged, or refused.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dapr_spi::pubsub::Verdict;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The id of a stream entry.
pub(super) type Id = Arc<str>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// With the engine.
    Delivered,
    /// Processed, and not acknowledged to the server yet.
    Done,
    /// To be delivered again.
    Refused,
}

#[derive(Default)]
struct Books {
    /// Messages with the engine.
    unsettled: usize,
    stages: HashMap<Id, Stage>,
    /// In the order of their verdicts.
    done: Vec<Id>,
    /// In the order of their verdicts, with the time of each.
    refused: VecDeque<(Instant, Id)>,
}

/// Shared by the tasks of a subscription and its deliveries.
#[derive(Default)]
pub(super) struct Ledger {
    books: Mutex<Books>,
    /// Something is to be acknowledged.
    pub(super) acknowledge: Notify,
}

impl Ledger {
    /// Notes that a message goes to the engine; false when it is there already, or was, and is not acknowledged yet.
    pub(super) fn deliver(&self, id: &Id) -> bool {
        let mut books = self.books();
        match books.stages.get(id) {
            Some(Stage::Delivered | Stage::Done) => return false,
            Some(Stage::Refused) => books.refused.retain(|(_, other)| other != id),
            None => {}
        }
        books.stages.insert(id.clone(), Stage::Delivered);
        books.unsettled += 1;
        true
    }

    /// Notes what became of a message; never blocks for long.
    pub(super) fn settle(&self, id: Id, verdict: Verdict) {
        let mut books = self.books();
        books.unsettled = books.unsettled.saturating_sub(1);
        match verdict {
            Verdict::Done => {
                books.stages.insert(id.clone(), Stage::Done);
                books.done.push(id);
                drop(books);
                self.acknowledge.notify_one();
            }
            Verdict::Again => {
                books.stages.insert(id.clone(), Stage::Refused);
                books.refused.push_back((Instant::now(), id));
            }
        }
    }

    /// Whether a message is anywhere here.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.books().stages.contains_key(id)
    }

    /// Takes up to so many messages that are to be acknowledged.
    pub(super) fn take_done(&self, most: usize) -> Vec<Id> {
        let mut books = self.books();
        let count = books.done.len().min(most);
        books.done.drain(..count).collect()
    }

    /// The server has noted these, or forgotten them.
    pub(super) fn forget(&self, ids: &[Id]) {
        let mut books = self.books();
        for id in ids {
            books.stages.remove(id);
        }
    }

    /// The server did not note these.
    pub(super) fn put_back(&self, mut ids: Vec<Id>) {
        let mut books = self.books();
        ids.append(&mut books.done);
        books.done = ids;
    }

    /// Takes up to so many messages that were refused at least `age` ago.
    pub(super) fn take_refused(&self, age: Duration, most: usize) -> Vec<Id> {
        let now = Instant::now();
        let mut books = self.books();
        let due = books.refused.iter().take(most).take_while(|(since, _)| now.duration_since(*since) >= age).count();
        let ids: Vec<Id> = books.refused.drain(..due).map(|(_, id)| id).collect();
        for id in &ids {
            books.stages.remove(id);
        }
        ids
    }

    /// These could not be claimed now; they are tried again at once.
    pub(super) fn refuse_again(&self, ids: Vec<Id>, age: Duration) {
        let since = Instant::now().checked_sub(age).unwrap_or_else(Instant::now);
        let mut books = self.books();
        for id in ids.into_iter().rev() {
            books.stages.insert(id.clone(), Stage::Refused);
            books.refused.push_front((since, id));
        }
    }

    /// When the next refused message has that age.
    pub(super) fn next_refused(&self, age: Duration) -> Option<Instant> {
        self.books().refused.front().map(|(since, _)| *since + age)
    }

    /// How many messages the engine has.
    pub(super) fn unsettled(&self) -> usize {
        self.books().unsettled
    }

    /// All messages that the engine has.
    pub(super) fn delivered(&self) -> Vec<Id> {
        let books = self.books();
        let delivered = books.stages.iter().filter(|(_, stage)| **stage == Stage::Delivered);
        delivered.map(|(id, _)| id.clone()).collect()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_in_one_place() {
        let ledger = Ledger::default();
        let (one, two): (Id, Id) = ("1-0".into(), "2-0".into());
        assert!(ledger.deliver(&one) && ledger.deliver(&two) && !ledger.deliver(&one));
        ledger.settle(one.clone(), Verdict::Done);
        ledger.settle(two.clone(), Verdict::Again);
        assert!(ledger.knows("1-0") && !ledger.deliver(&one), "it is not acknowledged yet");
        let done = ledger.take_done(10);
        assert_eq!(done, std::slice::from_ref(&one));
        ledger.put_back(done.clone());
        assert_eq!(ledger.take_done(10), [one]);
        ledger.forget(&done);
        assert!(!ledger.knows("1-0"));
        let age = Duration::from_secs(1);
        assert!(ledger.take_refused(age, 10).is_empty() && ledger.next_refused(age).is_some());
        assert_eq!(ledger.take_refused(Duration::ZERO, 10), std::slice::from_ref(&two));
        ledger.refuse_again(vec![two.clone()], age);
        assert!(ledger.deliver(&two), "a reclaimed message is delivered, and is not refused any more");
        assert!(ledger.take_refused(age, 10).is_empty());
        assert_eq!(ledger.delivered(), [two]);
    }
}
