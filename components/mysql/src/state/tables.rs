//! Creates the database and its tables, and brings older ones up to date, as the incumbent does.

use dapr_spi::Result;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Error as Driver};

use crate::client::{AsyncCall, Pool};
use crate::settings::Settings;

/// Column or index exists already: another sidecar was faster.
const DUPLICATES: [u16; 3] = [1007, 1060, 1061];

type Answer<T> = std::result::Result<T, Driver>;

struct EnsureSchema<'a>(&'a str);

impl AsyncCall<()> for EnsureSchema<'_> {
    /// Looks first, since a user may use a database without the right to create one.
    async fn run(&self, conn: &mut Conn) -> Answer<()> {
        let text = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = ?";
        if conn.exec_first(text, (self.0,)).await? == Some(0) {
            tracing::info!(schema = self.0, "creating the database");
            let charset: Option<String> = conn.query_first("SELECT @@character_set_server").await?;
            // Keys are any text; where the server's default cannot hold it, the database gets what can.
            let clause = if charset.as_deref() == Some("utf8mb4") { "" } else { " CHARACTER SET utf8mb4" };
            conn.query_drop(format!("CREATE DATABASE IF NOT EXISTS {}{clause}", self.0)).await?;
        }
        Ok(())
    }
}

/// Creates the database when missing.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub(super) async fn ensure_schema(settings: &Settings) -> Result<()> {
    Pool::new(settings, None).change(EnsureSchema(&settings.schema)).await
}

struct EnsureTables<'a>(&'a Settings);

impl AsyncCall<()> for EnsureTables<'_> {
    async fn run(&self, conn: &mut Conn) -> Answer<()> {
        self.state_table(conn).await?;
        let table = &self.0.metadata_table;
        if !self.table_exists(conn, table).await? {
            let text = format!(
                "CREATE TABLE IF NOT EXISTS {table} (id VARCHAR(255) NOT NULL PRIMARY KEY, value TEXT NOT NULL)"
            );
            conn.query_drop(text).await?;
        }
        Ok(())
    }
}

/// Creates missing tables and columns.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub(super) async fn ensure(pool: &Pool, settings: &Settings) -> Result<()> {
    pool.change(EnsureTables(settings)).await.map_err(|error| error.context("cannot prepare the state tables"))
}

impl EnsureTables<'_> {
    async fn state_table(&self, conn: &mut Conn) -> Answer<()> {
        let table = &self.0.table;
        if !self.table_exists(conn, table).await? {
            conn.query_drop(create(table)).await?;
        }
        if !self.column_exists(conn, "expiredate").await? {
            let column = "ADD COLUMN expiredate TIMESTAMP NULL, ADD INDEX expiredate_idx (expiredate)";
            tolerate_duplicates(conn.query_drop(format!("ALTER TABLE {table} {column}")).await)?;
        }
        if !self.column_exists(conn, "row_id").await? {
            let column = "ADD COLUMN row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, \
                          ADD UNIQUE KEY row_id_uidx (row_id)";
            tolerate_duplicates(conn.query_drop(format!("ALTER TABLE {table} {column}")).await)?;
        }
        Ok(())
    }

    async fn table_exists(&self, conn: &mut Conn, table: &str) -> Answer<bool> {
        let text = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?";
        Ok(conn.exec_first(text, (&self.0.schema, table)).await? == Some(1))
    }

    async fn column_exists(&self, conn: &mut Conn, column: &str) -> Answer<bool> {
        let text = "SELECT COUNT(*) FROM information_schema.columns \
                    WHERE table_schema = ? AND table_name = ? AND column_name = ?";
        Ok(conn.exec_first(text, (&self.0.schema, &self.0.table, column)).await? == Some(1))
    }
}

fn create(table: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {table} (id VARCHAR(255) NOT NULL PRIMARY KEY, value JSON NOT NULL, \
         isbinary BOOLEAN NOT NULL, insertDate TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
         updateDate TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, \
         eTag VARCHAR(36) NOT NULL, expiredate TIMESTAMP NULL, INDEX expiredate_idx (expiredate))"
    )
}

fn tolerate_duplicates(answer: Answer<()>) -> Answer<()> {
    match answer {
        Err(Driver::Server(error)) if DUPLICATES.contains(&error.code) => Ok(()),
        other => other,
    }
}
