//! Removes expired items from time to time.
//!
//! Sidecars that share a table share the work: whoever first notes the time in the metadata table does it, the others
//! find the note too fresh (`common/component/sql/cleanup.go`).

use std::sync::Arc;
use std::time::Duration;

use dapr_kit::task::{self, Task};
use dapr_spi::{Error, Result};
use tokio_postgres::types::Type;

use super::metadata::Checked;
use crate::client::{Command, Param, Pool, Statement};

/// Removing many items takes its time; this is the incumbent's limit.
const LONGEST: Duration = Duration::from_secs(600);

/// A note this much younger than the interval still counts as due, as in the incumbent.
const SLACK_MILLISECONDS: i64 = 100;

struct Cleanup {
    pool: Arc<Pool>,
    interval: Duration,
    key: String,
    note: Statement,
    delete: String,
}

/// Starts the clean-up, if there is an interval.
pub(super) fn start(checked: &Checked, expiry: &str, pool: Arc<Pool>) -> Option<Task<()>> {
    let interval = checked.cleanup_interval?;
    let cleanup = Cleanup {
        pool,
        interval,
        key: checked.cleanup_key.clone(),
        note: note(&checked.metadata_table),
        delete: format!("DELETE FROM {} WHERE {expiry} IS NOT NULL AND {expiry} < now()", checked.table),
    };
    Some(task::spawn("postgresql cleanup", cleanup.run()))
}

/// Changes one row if the last clean-up is `$2` milliseconds ago or more, or never was.
fn note(table: &str) -> Statement {
    let text = format!(
        "INSERT INTO {table} AS t (key, value) VALUES ($1, now()::text) ON CONFLICT (key) DO UPDATE \
         SET value = now()::text \
         WHERE (EXTRACT('epoch' FROM now() - t.value::timestamp with time zone) * 1000)::bigint > $2"
    );
    Statement::once(text, vec![Type::TEXT, Type::INT8])
}

impl Cleanup {
    async fn run(self) {
        let mut ticks = tokio::time::interval(self.interval);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            ticks.tick().await;
            match self.once().await {
                Ok(Some(removed)) => tracing::info!(removed, "removed expired state"),
                Ok(None) => tracing::debug!("expired state was removed by another sidecar a moment ago"),
                Err(error) => tracing::error!(%error, "cannot remove expired state; trying again later"),
            }
        }
    }

    async fn once(&self) -> Result<Option<u64>> {
        let milliseconds = i64::try_from(self.interval.as_millis()).unwrap_or(i64::MAX);
        let due = Param::Long(milliseconds - SLACK_MILLISECONDS);
        let params = vec![Param::Text(&self.key), due];
        if self.pool.execute(&Command { statement: &self.note, params }).await? == 0 {
            return Ok(None);
        }
        // A connection of its own, since requests would wait behind a long removal.
        let connection = self.pool.connect().await?;
        match tokio::time::timeout(LONGEST, connection.client.execute(self.delete.as_str(), &[])).await {
            Ok(Ok(removed)) => Ok(Some(removed)),
            Ok(Err(error)) => Err(self.pool.error(error)),
            Err(_) => {
                self.pool.abandon(&connection);
                Err(Error::unavailable("removing expired state took longer than 10 minutes"))
            }
        }
    }
}
