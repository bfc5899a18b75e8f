//! Removes expired items from time to time.
//!
//! Sidecars that share a table share the work: whoever first notes the time in the metadata table does it, the others
//! find the note too fresh (`common/component/sql/cleanup.go`).

use std::sync::Arc;
use std::time::Duration;

use dapr_kit::task::{self, Task};
use dapr_spi::Result;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Error as Driver, Params, Value as Sql};

use crate::client::{AsyncCall, Pool};
use crate::settings::Settings;

/// Removing many items takes its time; this is the incumbent's limit.
const LONGEST: Duration = Duration::from_secs(600);

/// A note this much younger than the interval still counts as due, as in the incumbent.
const SLACK_MILLISECONDS: i64 = 100;

/// A statement, answered by the number of rows it changed.
struct Execute {
    text: String,
    params: Vec<Sql>,
}

impl AsyncCall<u64> for Execute {
    async fn run(&self, conn: &mut Conn) -> std::result::Result<u64, Driver> {
        let params = if self.params.is_empty() { Params::Empty } else { Params::Positional(self.params.clone()) };
        conn.exec_drop(self.text.as_str(), params).await?;
        Ok(conn.affected_rows())
    }
}

struct Cleanup {
    pool: Arc<Pool>,
    interval: Duration,
    note: Execute,
    delete: Execute,
}

/// Starts the clean-up, if there is an interval.
pub(super) fn start(settings: &Settings, pool: Arc<Pool>) -> Option<Task<()>> {
    let interval = settings.cleanup_interval?;
    let due = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX / 1_000) - SLACK_MILLISECONDS;
    let note = format!(
        "INSERT INTO {} (id, value) VALUES ('last-cleanup', CURRENT_TIMESTAMP) ON DUPLICATE KEY UPDATE \
         value = IF(CURRENT_TIMESTAMP > DATE_ADD(value, INTERVAL ? * 1000 MICROSECOND), CURRENT_TIMESTAMP, value)",
        settings.metadata_table
    );
    let delete =
        format!("DELETE FROM {} WHERE expiredate IS NOT NULL AND expiredate <= CURRENT_TIMESTAMP", settings.table);
    let cleanup = Cleanup {
        pool,
        interval,
        note: Execute { text: note, params: vec![due.into()] },
        delete: Execute { text: delete, params: Vec::new() },
    };
    Some(task::spawn("mysql cleanup", cleanup.run()))
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
        if self.pool.change(&self.note).await? == 0 {
            return Ok(None);
        }
        self.pool.change_within(LONGEST, &self.delete).await.map(Some)
    }
}
