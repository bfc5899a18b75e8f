//! Opening connections, and the schema.
//!
//! Tables, columns and the migration level are those of the incumbent (components-contrib v1.18.4, state/sqlite,
//! nameresolution/sqlite and common/component/sql/migrations/sqlite), so that either can open a file of the other, even at the same time.

use std::time::{Duration, Instant};

use dapr_spi::{Error, Result};
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::failure::{self, Sql};
use crate::metadata::Settings;

const STATEMENT_CACHE: usize = 32;

/// The tables of one building block; several may be in one file.
#[derive(Clone, Copy)]
pub(crate) struct Schema {
    /// Key of the migration level in the metadata table.
    level_key: &'static str,
    /// The level this code knows; a later one of a newer sidecar is left alone.
    level: u32,
    create: fn(&str) -> String,
}

/// `state.sqlite`.
pub(crate) const STATE: Schema = Schema { level_key: "migrations", level: 1, create: create_state_table };
/// `nameresolution.sqlite`.
pub(crate) const HOSTS: Schema = Schema { level_key: "nr-migrations", level: 1, create: create_hosts_table };

/// `pubsub.sqlite`, which is ours.
pub(crate) const PUBSUB: Schema = Schema { level_key: "pubsub-migrations", level: 1, create: crate::pubsub::create };

/// Opens the connection that writes, and brings the schema up to date. Blocks.
///
/// Other sidecars may do the same at this moment, so a locked file is tried again until the request timeout.
pub(crate) fn open_writer(settings: &Settings, schema: Schema) -> Result<Connection> {
    let deadline = Instant::now() + settings.timeout;
    let open = || {
        let connection = connect(settings)?;
        migrate(&connection, settings, schema).map(|level| (connection, level))
    };
    loop {
        match open() {
            Ok((connection, level)) => return level.map(|()| connection),
            Err(error) if failure::is_busy(&error) && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(error) => return Err(failure::of(error, &settings.target.path)),
        }
    }
}

/// Opens a connection that reads. Blocks.
pub(crate) fn open_reader(settings: &Settings) -> Result<Connection> {
    let open = || {
        let connection = connect(settings)?;
        connection.execute_batch("PRAGMA query_only=ON")?;
        Ok(connection)
    };
    open().map_err(|error| failure::of(error, &settings.target.path))
}

fn connect(settings: &Settings) -> Sql<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&settings.target.uri, flags)?;
    connection.busy_timeout(settings.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    for pragma in &settings.target.pragmas {
        connection.execute_batch(&format!("PRAGMA {pragma}"))?;
    }
    if !settings.target.read_only && !settings.target.in_memory {
        connection.execute_batch(if settings.wal {
            "PRAGMA journal_mode=WAL"
        } else {
            "PRAGMA journal_mode=DELETE"
        })?;
    }
    // Keys have a letter case, also in patterns.
    connection.execute_batch("PRAGMA case_sensitive_like=ON")?;
    Ok(connection)
}

/// The outer error is SQLite's and may be worth another attempt, the inner one is final.
fn migrate(connection: &Connection, settings: &Settings, schema: Schema) -> Sql<Result<()>> {
    connection.execute_batch("BEGIN EXCLUSIVE")?;
    let result = migrate_locked(connection, settings, schema);
    let end = if matches!(result, Ok(Ok(()))) { "COMMIT" } else { "ROLLBACK" };
    connection.execute_batch(end)?;
    result
}

fn migrate_locked(connection: &Connection, settings: &Settings, schema: Schema) -> Sql<Result<()>> {
    let Settings { table, metadata_table, .. } = settings;
    if !table_exists(connection, metadata_table)? {
        connection.execute_batch(&create_metadata_table(metadata_table))?;
    }
    let text: Option<String> = connection
        .query_row(&format!(r#"SELECT value FROM "{metadata_table}" WHERE key = ?"#), [schema.level_key], |row| {
            row.get(0)
        })
        .optional()?;
    let level = match text.as_deref().unwrap_or("0").parse::<u32>() {
        Ok(level) => level,
        Err(_) => return Ok(Err(bad_level(&text.unwrap_or_default(), metadata_table))),
    };
    // The level is per metadata table: a second state table that shares it is still to be made.
    if !table_exists(connection, table)? {
        connection.execute_batch(&(schema.create)(table))?;
    }
    if level < schema.level {
        let sql = format!(r#"REPLACE INTO "{metadata_table}" (key, value) VALUES (?, ?)"#);
        connection.execute(&sql, [schema.level_key, &schema.level.to_string()])?;
    }
    Ok(Ok(()))
}

fn bad_level(text: &str, table: &str) -> Error {
    Error::failed(format!("invalid migration level found in metadata table `{table}`: {text}"))
}

fn table_exists(connection: &Connection, table: &str) -> Sql<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE)";
    connection.query_row(sql, [table], |row| row.get(0))
}

fn create_metadata_table(table: &str) -> String {
    format!(r#"CREATE TABLE "{table}" (key text NOT NULL PRIMARY KEY, value text NOT NULL)"#)
}

fn create_state_table(table: &str) -> String {
    format!(
        r#"CREATE TABLE "{table}" (
            key TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL,
            is_binary BOOLEAN NOT NULL,
            etag TEXT NOT NULL,
            expiration_time TIMESTAMP DEFAULT NULL,
            update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
        )"#
    )
}

fn create_hosts_table(table: &str) -> String {
    format!(
        r#"CREATE TABLE "{table}" (
            registration_id TEXT NOT NULL PRIMARY KEY,
            address TEXT NOT NULL,
            app_id TEXT NOT NULL,
            namespace TEXT NOT NULL,
            last_update INTEGER NOT NULL
        );
        CREATE UNIQUE INDEX "{table}_address_idx" ON "{table}" (address);
        CREATE INDEX "{table}_last_update_idx" ON "{table}" (last_update);"#
    )
}
