//! The statements of the table of sidecars.

use std::time::Duration;

use dapr_spi::Result;
use dapr_spi::name_resolver::Query;
use rusqlite::{Connection, params_from_iter};

use super::{Row, SqliteNamesSettings};
use crate::failure::Sql;
use crate::threads::Write;

/// Sidecars of one app that are answered, the latest renewed first.
const MAX_ADDRESSES: u32 = 1_024;
/// A row that was not renewed for this many intervals belongs to nobody. A sidecar of the incumbent that was paused, and
/// then finds its row gone, ends; so this is not short.
const DEAD_AFTER: u32 = 10;

pub(super) struct Hosts {
    table: String,
    metadata_table: String,
    update: u64,
    cleanup: u64,
}

impl Hosts {
    pub(super) fn new(settings: &SqliteNamesSettings) -> Self {
        let seconds = |duration: Duration| duration.as_secs().max(1);
        Self {
            table: settings.file.table.clone(),
            metadata_table: settings.file.metadata_table.clone(),
            update: seconds(settings.update_interval),
            cleanup: seconds(settings.file.cleanup_interval),
        }
    }

    /// Takes over any row of the same address.
    pub(super) fn put(&self, row: &Row) -> impl Write + use<> {
        let sql = format!(
            r#"REPLACE INTO "{}" (registration_id, address, app_id, namespace, last_update)
            VALUES (?1, ?2, ?3, ?4, unixepoch(CURRENT_TIMESTAMP))"#,
            self.table
        );
        Statement::new(sql, [&row.id, &row.address, &row.app_id, &row.namespace])
    }

    /// Changes no row if it is gone or was taken over.
    pub(super) fn renew(&self, row: &Row) -> impl Write + use<> {
        let sql = format!(
            r#"UPDATE "{}" SET last_update = unixepoch(CURRENT_TIMESTAMP) WHERE registration_id = ?1 AND address = ?2"#,
            self.table
        );
        Statement::new(sql, [&row.id, &row.address])
    }

    pub(super) fn remove(&self, row: &Row) -> impl Write + use<> {
        let sql = format!(r#"DELETE FROM "{}" WHERE registration_id = ?1 AND address = ?2"#, self.table);
        Statement::new(sql, [&row.id, &row.address])
    }

    /// The addresses of an app. The incumbent has no namespaces here: it writes an empty one, which fits every question.
    pub(super) fn find(&self, query: &Query) -> impl FnOnce(&Connection) -> Sql<Vec<String>> + Send + use<> {
        let sql = format!(
            r#"SELECT address FROM "{}" WHERE app_id = ?1 AND (namespace = ?2 OR namespace = '' OR ?2 = '')
            AND unixepoch(CURRENT_TIMESTAMP) - last_update < {} ORDER BY last_update DESC, address LIMIT {MAX_ADDRESSES}"#,
            self.table, self.update
        );
        let parameters = [query.app_id.clone(), query.namespace.clone()];
        move |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_map(params_from_iter(&parameters), |row| row.get(0))?.collect()
        }
    }

    /// Notes the time of this cleanup, unless another sidecar's was within the interval. Answers 1 when it is our turn.
    pub(super) fn take_turn(&self) -> impl Write + use<> {
        let sql = format!(
            r#"INSERT INTO "{}" (key, value) VALUES ('nr-last-cleanup', CURRENT_TIMESTAMP)
            ON CONFLICT (key) DO UPDATE SET value = CURRENT_TIMESTAMP
            WHERE unixepoch(CURRENT_TIMESTAMP) - unixepoch(value) >= {}"#,
            self.metadata_table, self.cleanup
        );
        Statement::new(sql, [])
    }

    pub(super) fn remove_dead(&self) -> impl Write + use<> {
        let sql = format!(
            r#"DELETE FROM "{}" WHERE unixepoch(CURRENT_TIMESTAMP) - last_update > {}"#,
            self.table,
            self.update * u64::from(DEAD_AFTER)
        );
        Statement::new(sql, [])
    }
}

/// One statement; answers how many rows it changed.
struct Statement {
    sql: String,
    parameters: Vec<String>,
}

impl Statement {
    fn new<const N: usize>(sql: String, parameters: [&String; N]) -> Self {
        Self { sql, parameters: parameters.into_iter().cloned().collect() }
    }
}

impl Write for Statement {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        let changed = connection.prepare_cached(&self.sql)?.execute(params_from_iter(&self.parameters))?;
        Ok(Ok(changed as u64))
    }

    fn bytes(&self) -> usize {
        0
    }
}
