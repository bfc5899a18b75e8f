//! Tables of `state.cockroachdb` v1, which has no migration levels: each start looks at what is there
//! (`state/cockroachdb/cockroachdb.go`).

use dapr_spi::Result;
use tokio_postgres::Client;

use super::{Answer, STEPS_WAIT, bounded};
use crate::client::connector::{Connection, Connector};
use crate::state::metadata::Checked;

/// Creates missing tables and adds missing columns; returns its connection.
///
/// # Errors
/// The server cannot be reached, or refuses a step.
pub(crate) async fn ensure(connector: &Connector, checked: &Checked) -> Result<Connection> {
    let work = connector.connect().await?;
    bounded(STEPS_WAIT, &connector.settings.target, ensure_tables(&work.client, checked)).await?;
    Ok(work)
}

async fn ensure_tables(client: &Client, checked: &Checked) -> Answer<()> {
    let table = &checked.table;
    if exists(client, table).await? {
        update(client, table).await?;
    } else {
        create(client, table).await?;
    }
    let metadata = &checked.metadata_table;
    let text = format!("CREATE TABLE IF NOT EXISTS {metadata} (key text NOT NULL PRIMARY KEY, value text NOT NULL)");
    client.batch_execute(&text).await
}

async fn exists(client: &Client, table: &str) -> Answer<bool> {
    let text = "SELECT to_regclass($1::text) IS NOT NULL";
    client.query_one(text, &[&table]).await?.try_get(0)
}

async fn create(client: &Client, table: &str) -> Answer<()> {
    let text = format!(
        "CREATE TABLE IF NOT EXISTS {table} (key text NOT NULL PRIMARY KEY, value jsonb NOT NULL, \
         isbinary boolean NOT NULL, etag INT, insertdate TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(), \
         updatedate TIMESTAMP WITH TIME ZONE NULL, expiredate TIMESTAMP WITH TIME ZONE NULL, \
         row_id INT8 NOT NULL DEFAULT unique_rowid(), UNIQUE (row_id))"
    );
    client.batch_execute(&text).await?;
    client.batch_execute(&expiry_index(table)).await
}

/// One statement at a time: this database does not mix schema changes with their use in one transaction.
async fn update(client: &Client, table: &str) -> Answer<()> {
    let steps = [
        format!("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS expiredate TIMESTAMPTZ NULL"),
        expiry_index(table),
        format!("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS row_id INT8"),
        format!("ALTER TABLE {table} ALTER COLUMN row_id SET DEFAULT unique_rowid()"),
        format!("UPDATE {table} SET row_id = unique_rowid() WHERE row_id IS NULL"),
        format!("ALTER TABLE {table} ALTER COLUMN row_id SET NOT NULL"),
        format!("CREATE UNIQUE INDEX IF NOT EXISTS {} ON {table} (row_id)", index(table, "row_id_uidx")),
    ];
    for step in steps {
        client.batch_execute(&step).await?;
    }
    Ok(())
}

fn expiry_index(table: &str) -> String {
    format!("CREATE INDEX IF NOT EXISTS {} ON {table} (expiredate)", index(table, "expiredate_idx"))
}

/// Name of an index. It lives in its table's schema, so it has none; it is quoted if the table's name is.
fn index(table: &str, suffix: &str) -> String {
    let quoted = table.strip_suffix('"').and_then(|rest| rest.rsplit_once('"'));
    match quoted {
        Some((_, name)) => format!("\"{name}_{suffix}\""),
        None => format!("{}_{suffix}", table.rsplit('.').next().unwrap_or(table)),
    }
}
