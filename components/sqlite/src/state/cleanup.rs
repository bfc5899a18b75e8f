//! Removes expired rows from the file, by one of the sidecars that share it at a time.

use std::sync::Arc;
use std::time::Duration;

use dapr_kit::clock::Clock;
use dapr_kit::task::{self, Task};
use dapr_spi::Result;
use rusqlite::{Connection, params};

use super::timestamp;
use crate::failure::Sql;
use crate::metadata::Settings;
use crate::threads::{Threads, Write};

/// Rows of one transaction, so that writers never wait long.
const BATCH: u64 = 1_000;
/// How much earlier than the interval a cleanup may come, because timers of several sidecars differ.
const EARLY: Duration = Duration::from_millis(100);

/// Runs until dropped; nothing when `cleanupInterval` is zero.
pub(super) fn start(threads: &Arc<Threads>, settings: &Settings, clock: Clock) -> Option<Task<()>> {
    let interval = settings.cleanup_interval;
    let (threads, settings) = (threads.clone(), settings.clone());
    (!interval.is_zero() && !settings.target.read_only).then(|| {
        task::spawn("state.sqlite cleanup", async move {
            loop {
                tokio::time::sleep(interval).await;
                if let Err(error) = clean_up(&threads, &settings, &clock).await {
                    tracing::error!("state.sqlite: error removing expired data: {error}");
                }
            }
        })
    })
}

async fn clean_up(threads: &Threads, settings: &Settings, clock: &Clock) -> Result<()> {
    let now = timestamp::text(clock.now_milliseconds());
    if threads.write(TakeTurn::new(settings, now.clone())).await? == 0 {
        return Ok(());
    }
    let mut total = 0;
    loop {
        let removed = threads.write(RemoveExpired { sql: remove_sql(&settings.table), now: now.clone() }).await?;
        total += removed;
        if removed < BATCH {
            break;
        }
    }
    tracing::info!("Removed {total} expired rows");
    Ok(())
}

/// Notes the time of this cleanup, unless another sidecar's was within the interval. Answers 1 when it is our turn.
struct TakeTurn {
    sql: String,
    now: String,
    interval_milliseconds: i64,
}

impl TakeTurn {
    fn new(settings: &Settings, now: String) -> Self {
        let table = &settings.metadata_table;
        let sql = format!(
            r#"INSERT INTO "{table}" (key, value) VALUES ('last-cleanup', ?1)
            ON CONFLICT (key) DO UPDATE SET value = ?1 WHERE (unixepoch(?1) - unixepoch(value)) * 1000 > ?2"#
        );
        let interval = settings.cleanup_interval.saturating_sub(EARLY);
        Self { sql, now, interval_milliseconds: i64::try_from(interval.as_millis()).unwrap_or(i64::MAX) }
    }
}

impl Write for TakeTurn {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        let changed = connection.prepare_cached(&self.sql)?.execute(params![self.now, self.interval_milliseconds])?;
        Ok(Ok(changed as u64))
    }

    fn bytes(&self) -> usize {
        0
    }
}

/// Answers how many rows were removed, at most [`BATCH`].
struct RemoveExpired {
    sql: String,
    now: String,
}

fn remove_sql(table: &str) -> String {
    format!(
        r#"DELETE FROM "{table}" WHERE rowid IN (SELECT rowid FROM "{table}"
        WHERE expiration_time IS NOT NULL AND expiration_time < ?1 LIMIT {BATCH})"#
    )
}

impl Write for RemoveExpired {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        Ok(Ok(connection.prepare_cached(&self.sql)?.execute([&self.now])? as u64))
    }

    fn bytes(&self) -> usize {
        0
    }
}
