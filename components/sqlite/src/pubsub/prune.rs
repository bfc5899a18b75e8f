//! Removes what nobody needs any more: messages that all groups have settled, expired and old ones, and dead groups.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use dapr_kit::backoff::jittered;
use dapr_kit::task::{self, Task};
use dapr_spi::Result;
use rusqlite::{Connection, OptionalExtension};

use super::Shared;
use super::publish::used_bytes;
use super::statements::{PRUNED_AT_ONCE, Statements};
use crate::failure::Sql;
use crate::threads::Write;

/// How often settled messages are removed while some are settled.
const SOON: Duration = Duration::from_secs(1);
/// In how many of these rounds everything else is looked at.
const ROUNDS: u32 = 60;
/// Pages given back to the file system at once.
const VACUUMED_PAGES: i64 = 4_096;

/// Runs until dropped.
pub(super) fn start(shared: Arc<Shared>) -> Task<()> {
    task::spawn("pubsub.sqlite cleanup", async move {
        for round in 1_u32.. {
            tokio::time::sleep(jittered(SOON)).await;
            let busy = shared.busy.swap(false, Ordering::Relaxed);
            let all = round.is_multiple_of(ROUNDS) || round == 1;
            if !busy && !all {
                continue;
            }
            if let Err(error) = prune(&shared, all).await {
                if shared.is_closed() {
                    return;
                }
                tracing::warn!("pubsub.sqlite: cannot remove old messages: {error}");
            }
        }
    })
}

async fn prune(shared: &Arc<Shared>, all: bool) -> Result<()> {
    let settings = &shared.settings;
    loop {
        let now = shared.clock.now_milliseconds();
        let retention = i64::try_from(settings.retention.as_millis()).unwrap_or(i64::MAX);
        let prune = Prune {
            statements: shared.statements.clone(),
            now,
            old: now.saturating_sub(retention),
            most: settings.max_size,
            all,
        };
        if shared.write(prune).await? < PRUNED_AT_ONCE {
            return Ok(());
        }
    }
}

/// Answers how many messages were removed.
struct Prune {
    statements: Arc<Statements>,
    now: i64,
    /// Messages from before, and groups that nobody has used since, are removed.
    old: i64,
    /// Bytes that the file may hold.
    most: u64,
    /// More than what was settled.
    all: bool,
}

impl Prune {
    fn settled(&self, connection: &Connection) -> Sql<u64> {
        let topics: Vec<(String, i64)> = connection
            .prepare_cached(&self.statements.prune.topics)?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Sql<_>>()?;
        let mut statement = connection.prepare_cached(&self.statements.prune.settled)?;
        let mut removed = 0;
        for topic in topics {
            removed += statement.execute(topic)? as u64;
            if removed >= PRUNED_AT_ONCE {
                break;
            }
        }
        Ok(removed)
    }

    fn others(&self, connection: &Connection) -> Sql<u64> {
        let prune = &self.statements.prune;
        let mut removed = connection.prepare_cached(&prune.expired)?.execute([self.now])?;
        let oldest: Option<i64> =
            connection.prepare_cached(&prune.oldest)?.query_row([], |row| row.get(0)).optional()?;
        if oldest.is_some_and(|oldest| oldest < self.old) {
            removed += connection.prepare_cached(&prune.older)?.execute([self.old])?;
        }
        for statement in &prune.groups {
            connection.prepare_cached(statement)?.execute([self.old])?;
        }
        connection.prepare_cached(&prune.leases)?.execute([])?;
        Ok(removed as u64)
    }
}

impl Write for Prune {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        let mut removed = self.settled(connection)?;
        if self.all {
            removed += self.others(connection)?;
        }
        // A topic that nobody subscribes to must not fill the file.
        if used_bytes(connection, &self.statements)? > self.most / 10 * 9 {
            removed += connection.prepare_cached(&self.statements.prune.unclaimed)?.execute([])? as u64;
        }
        if self.all {
            give_back(connection)?;
        }
        Ok(Ok(removed))
    }

    fn bytes(&self) -> usize {
        100_000
    }

    fn durable(&self) -> bool {
        false
    }
}

/// Returns free pages to the file system when they are most of the file.
fn give_back(connection: &Connection) -> Sql<()> {
    let pages = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let free = pages("freelist_count")?;
    if free > VACUUMED_PAGES && free > pages("page_count")? / 2 {
        connection.execute_batch(&format!("PRAGMA incremental_vacuum({VACUUMED_PAGES})"))?;
    }
    Ok(())
}
