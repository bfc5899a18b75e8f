//! Creates tables and brings older ones up to date, step by step, in step with Go sidecars on the same database.
//!
//! The metadata table holds the number of steps done. Its row `lock` is locked while steps run; advisory locks would
//! be shorter, but not every database of this family has them, and both sides must take the same lock
//! (`common/component/sql/migrations/postgres`).

pub(super) mod cockroach;

use std::time::Duration;

use dapr_spi::{Error, Result};
use tokio::time::{sleep, timeout};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::metadata::Checked;
use super::row_id;
use crate::client::connector::{Connection, Connector};
use crate::client::error;
use crate::settings::Target;

/// How long another sidecar's steps are waited for.
const LOCK_WAIT: Duration = Duration::from_secs(60);
/// How long our own steps may take; numbering the rows of a large table is the longest.
const STEPS_WAIT: Duration = Duration::from_secs(600);

type Answer<T> = std::result::Result<T, tokio_postgres::Error>;

/// One step; its number is its place.
pub(super) enum Step {
    /// Losing a race for the same table is no failure.
    CreateTable(String),
    Alter(String),
    RowId {
        created_column: &'static str,
    },
}

/// Does the steps that were not done yet; returns its connection.
///
/// # Errors
/// The server cannot be reached, or refuses a step.
pub(super) async fn run(connector: &Connector, checked: &Checked, steps: &[Step]) -> Result<Connection> {
    let target = &connector.settings.target;
    let work = connector.connect().await?;
    let fresh = async { Ok(level(&work.client, checked).await.ok().flatten()) };
    if bounded(connector.settings.timeout, target, fresh).await? >= Some(steps.len()) {
        return Ok(work);
    }
    bounded(LOCK_WAIT, target, prepare_lock(&work.client, &checked.metadata_table)).await?;
    let lock = connector.connect().await?;
    bounded(LOCK_WAIT, target, take_lock(&lock.client, &checked.metadata_table)).await?;
    let done = bounded(STEPS_WAIT, target, run_steps(&work, checked, steps)).await;
    bounded(LOCK_WAIT, target, lock.client.batch_execute("ROLLBACK")).await?;
    done.map(|()| work)
}

async fn bounded<T>(limit: Duration, target: &Target, work: impl Future<Output = Answer<T>>) -> Result<T> {
    match timeout(limit, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(failed)) => Err(error::of(failed, target).context("cannot prepare the state tables")),
        Err(_) => Err(Error::unavailable(format!(
            "the state tables at {} were not ready within {}: another sidecar holds the migration lock, or the \
             server is slow",
            target.address,
            dapr_kit::duration::format(limit)
        ))),
    }
}

/// How many steps are done; nothing readable counts as none.
async fn level(client: &Client, checked: &Checked) -> Answer<Option<usize>> {
    let text = format!("SELECT value FROM {} WHERE key = $1", checked.metadata_table);
    let row = client.query_opt(&text, &[&checked.migration_key]).await?;
    Ok(row.and_then(|row| row.try_get::<_, String>(0).ok()).and_then(|text| text.parse().ok()))
}

/// Makes sure that there is a row to lock.
async fn prepare_lock(client: &Client, table: &str) -> Answer<()> {
    let create = format!("CREATE TABLE IF NOT EXISTS {table} (key text NOT NULL PRIMARY KEY, value text NOT NULL)");
    let mut created = client.batch_execute(&create).await;
    for _ in 0..2 {
        if !created.as_ref().is_err_and(lost_race) {
            break;
        }
        sleep(Duration::from_millis(50)).await;
        created = client.batch_execute(&create).await;
    }
    created?;
    let insert = format!("INSERT INTO {table} (key, value) VALUES ('lock', 'lock') ON CONFLICT (key) DO NOTHING");
    client.batch_execute(&insert).await
}

/// Two sessions that create the same table at once: one of them is told so in an odd way, of which there are several,
/// by how far the other one has come: an index entry that exists, the table's row type, or the table itself.
fn lost_race(error: &tokio_postgres::Error) -> bool {
    let told = [SqlState::UNIQUE_VIOLATION, SqlState::DUPLICATE_OBJECT, SqlState::DUPLICATE_TABLE];
    error.code().is_some_and(|code| told.contains(code))
}

async fn take_lock(client: &Client, table: &str) -> Answer<()> {
    client.batch_execute(&format!("BEGIN; SELECT value FROM {table} WHERE key = 'lock' FOR UPDATE")).await
}

async fn run_steps(work: &Connection, checked: &Checked, steps: &[Step]) -> Answer<()> {
    let done = level(&work.client, checked).await?.unwrap_or_default();
    for (index, step) in steps.iter().enumerate().skip(done) {
        tracing::info!(table = checked.table, step = index + 1, "preparing the state table");
        run_step(&work.client, &checked.table, step).await?;
        let note = format!(
            "INSERT INTO {} (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            checked.metadata_table
        );
        work.client.execute(&note, &[&checked.migration_key, &(index + 1).to_string()]).await?;
    }
    Ok(())
}

async fn run_step(client: &Client, table: &str, step: &Step) -> Answer<()> {
    match step {
        Step::CreateTable(text) => match client.batch_execute(text).await {
            Err(error) if lost_race(&error) => Ok(()),
            created => created,
        },
        Step::Alter(text) => client.batch_execute(text).await,
        Step::RowId { created_column } => row_id::add(client, table, created_column).await,
    }
}
