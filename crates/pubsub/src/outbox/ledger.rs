//! What this process knows of its own transactions, so that it need not ask the store.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Markers that are remembered; older ones are looked up in the store.
const LIMIT: usize = 16_384;

/// What became of a transaction, as far as this process knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is under way.
    Open,
    /// It was performed.
    Committed,
    /// Nothing was written.
    RolledBack,
    /// The store has to be asked.
    Unknown,
    /// It was performed, and its event was published.
    Relayed,
}

/// Fates by marker.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    by_marker: HashMap<String, Entry>,
    order: VecDeque<String>,
}

enum Entry {
    Local(watch::Receiver<Fate>),
    Relayed,
}

/// A transaction under way. Dropped without an end, its fate is unknown.
pub(super) struct Transaction(watch::Sender<Fate>);

impl Transaction {
    pub(super) fn end(self, fate: Fate) {
        self.0.send_replace(fate);
    }
}

impl Ledger {
    /// Begins a transaction with these markers.
    pub(super) fn open(&self, markers: impl Iterator<Item = String>) -> Transaction {
        let (sender, receiver) = watch::channel(Fate::Open);
        let mut entries = self.entries();
        for marker in markers {
            entries.insert(marker, Entry::Local(receiver.clone()));
        }
        Transaction(sender)
    }

    /// What became of the transaction of a marker; waits for the end of one that is under way here.
    pub(super) async fn fate(&self, marker: &str) -> Fate {
        let mut receiver = match self.entries().by_marker.get(marker) {
            None => return Fate::Unknown,
            Some(Entry::Relayed) => return Fate::Relayed,
            Some(Entry::Local(receiver)) => receiver.clone(),
        };
        receiver.wait_for(|fate| *fate != Fate::Open).await.map_or(Fate::Unknown, |fate| *fate)
    }

    /// The event of a marker was published.
    pub(super) fn relayed(&self, marker: &str) {
        self.entries().insert(marker.to_owned(), Entry::Relayed);
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn insert(&mut self, marker: String, entry: Entry) {
        if self.by_marker.insert(marker.clone(), entry).is_none() {
            self.order.push_back(marker);
        }
        while self.order.len() > LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_marker.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_a_transaction_is_waited_for() {
        let ledger = Ledger::default();
        let transaction = ledger.open(["a".to_owned(), "b".to_owned()].into_iter());
        let (fate, ()) = tokio::join!(ledger.fate("a"), async { transaction.end(Fate::Committed) });
        assert_eq!((fate, ledger.fate("b").await), (Fate::Committed, Fate::Committed));
        ledger.relayed("a");
        assert_eq!((ledger.fate("a").await, ledger.fate("other").await), (Fate::Relayed, Fate::Unknown));
    }

    #[tokio::test]
    async fn of_a_transaction_that_is_broken_off_the_store_knows_the_end() {
        let ledger = Ledger::default();
        drop(ledger.open(std::iter::once("a".to_owned())));
        assert_eq!(ledger.fate("a").await, Fate::Unknown);
    }

    #[tokio::test]
    async fn old_markers_are_forgotten() {
        let ledger = Ledger::default();
        for number in 0..=LIMIT {
            ledger.relayed(&number.to_string());
        }
        assert_eq!((ledger.fate("0").await, ledger.fate("1").await), (Fate::Unknown, Fate::Relayed));
        assert_eq!(ledger.entries().by_marker.len(), LIMIT);
    }
}
