//! Verdicts on their way into the file, many in one transaction, and the leases of a subscription.

use std::sync::{Arc, Mutex, PoisonError};

use dapr_spi::Result;
use dapr_spi::pubsub::Verdict;
use rusqlite::{Connection, params};
use tokio::sync::Notify;

use super::pull::Member;
use super::statements::Statements;
use crate::failure::Sql;
use crate::threads::Write;

/// A settled message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub(super) id: i64,
    pub(super) verdict: Verdict,
}

/// Verdicts that are not in the file yet, and how many messages wait for one.
#[derive(Default)]
pub(super) struct Verdicts {
    state: Mutex<State>,
    pub(super) some: Notify,
}

#[derive(Default)]
struct State {
    settled: Vec<Settled>,
    unsettled: usize,
}

impl Verdicts {
    /// So many more messages wait.
    pub(super) fn expect(&self, count: usize) {
        self.lock().unsettled += count;
    }

    /// Notes a verdict; never blocks for long.
    pub(super) fn note(&self, id: i64, verdict: Verdict) {
        let mut state = self.lock();
        state.unsettled = state.unsettled.saturating_sub(1);
        state.settled.push(Settled { id, verdict });
        drop(state);
        self.some.notify_one();
    }

    /// All verdicts that are not in the file yet.
    pub(super) fn take(&self) -> Vec<Settled> {
        std::mem::take(&mut self.lock().settled)
    }

    /// Puts back what could not be written.
    pub(super) fn put_back(&self, mut settled: Vec<Settled>) {
        let mut state = self.lock();
        settled.append(&mut state.settled);
        state.settled = settled;
    }

    /// Messages without a verdict.
    pub(super) fn unsettled(&self) -> usize {
        self.lock().unsettled
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes verdicts; answers 1 when another message of the group may have waited for one of these.
pub(super) struct Settle {
    pub(super) statements: Arc<Statements>,
    pub(super) member: Member,
    pub(super) settled: Vec<Settled>,
    /// When refused messages are handed out again.
    pub(super) again: i64,
}

impl Write for Settle {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        let Member { group, owner, .. } = &self.member;
        let mut done = connection.prepare_cached(&self.statements.done)?;
        let mut again = connection.prepare_cached(&self.statements.again)?;
        for Settled { id, verdict } in &self.settled {
            match verdict {
                Verdict::Done => done.execute([group, id])?,
                Verdict::Again => again.execute(params![group, id, owner, self.again])?,
            };
        }
        let waiting: bool =
            connection.prepare_cached(&self.statements.waiting)?.query_row([group], |row| row.get(0))?;
        Ok(Ok(u64::from(waiting)))
    }

    fn bytes(&self) -> usize {
        self.settled.len() * 50
    }

    fn durable(&self) -> bool {
        false
    }
}

/// Keeps the leases of a subscription, and its group.
pub(super) struct Renew {
    pub(super) statements: Arc<Statements>,
    pub(super) member: Member,
    pub(super) now: i64,
    pub(super) until: i64,
}

impl Write for Renew {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        let Member { group, owner, .. } = &self.member;
        connection.prepare_cached(&self.statements.seen)?.execute([*group, self.now])?;
        Ok(Ok(connection.prepare_cached(&self.statements.renew)?.execute([*owner, self.until])? as u64))
    }

    fn bytes(&self) -> usize {
        1_000
    }

    fn durable(&self) -> bool {
        false
    }
}

/// Gives back what a subscription still has.
pub(super) struct Release {
    pub(super) statements: Arc<Statements>,
    pub(super) owner: i64,
    pub(super) now: i64,
}

impl Write for Release {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        Ok(Ok(connection.prepare_cached(&self.statements.release)?.execute([self.owner, self.now])? as u64))
    }

    fn bytes(&self) -> usize {
        1_000
    }
}
