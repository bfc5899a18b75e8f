//! Writes: upserts and deletes, one or several, all or none.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dapr_spi::state::{Concurrency, DeleteRequest, Operation, SetRequest, Ttl, Value, ttl_of};
use dapr_spi::{Error, Result};
use rusqlite::{Connection, params};

use super::{check_key, timestamp};
use crate::failure::Sql;
use crate::threads::Write;

/// The statements of one table, made once. An expired row counts as no row.
pub(super) struct Statements {
    put: String,
    put_if_absent: String,
    put_if_etag: String,
    delete: String,
    delete_if_etag: String,
}

impl Statements {
    pub(super) fn new(table: &str) -> Self {
        let insert = format!(
            r#"INSERT INTO "{table}" (key, value, is_binary, etag, expiration_time, update_time)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (key) DO UPDATE SET value = ?2, is_binary = ?3, etag = ?4, expiration_time = ?5, update_time = ?6"#
        );
        let put_if_etag = format!(
            r#"UPDATE "{table}" SET value = ?2, is_binary = ?3, etag = ?4, expiration_time = ?5, update_time = ?6
            WHERE key = ?1 AND etag = ?7 AND (expiration_time IS NULL OR expiration_time > ?6)"#
        );
        let delete = format!(r#"DELETE FROM "{table}" WHERE key = ?1"#);
        Self {
            put_if_absent: format!("{insert} WHERE expiration_time <= ?6"),
            put: insert,
            put_if_etag,
            delete_if_etag: format!("{delete} AND etag = ?2 AND (expiration_time IS NULL OR expiration_time > ?3)"),
            delete,
        }
    }
}

/// Which row a write may replace.
enum Condition {
    Any,
    Absent,
    Etag(String),
}

/// One write, ready for its statement.
enum Change {
    Put { key: String, value: String, is_binary: bool, etag: String, expires: Option<String>, condition: Condition },
    Delete { key: String, etag: Option<String> },
}

/// The writes of one request.
pub(super) struct Changes {
    changes: Vec<Change>,
    statements: Arc<Statements>,
    now: String,
}

impl Changes {
    /// Checks and encodes the operations; `now` is in milliseconds since 1970.
    pub(super) fn new(operations: Vec<Operation>, statements: Arc<Statements>, now: i64) -> Result<Self> {
        let changes = operations.into_iter().map(|operation| Change::new(operation, now)).collect::<Result<_>>()?;
        Ok(Self { changes, statements, now: timestamp::text(now) })
    }
}

impl Write for Changes {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        if let [change] = self.changes.as_slice() {
            return change.run(connection, self).map(answer);
        }
        execute(connection, "SAVEPOINT changes")?;
        for change in &self.changes {
            if !change.run(connection, self)? {
                execute(connection, "ROLLBACK TO changes")?;
                execute(connection, "RELEASE changes")?;
                return Ok(answer(false));
            }
        }
        execute(connection, "RELEASE changes")?;
        Ok(answer(true))
    }

    fn bytes(&self) -> usize {
        self.changes.iter().map(Change::bytes).sum()
    }
}

fn answer(passed: bool) -> Result<u64> {
    if passed { Ok(0) } else { Err(Error::etag_mismatch()) }
}

fn execute(connection: &Connection, sql: &str) -> Sql<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

impl Change {
    fn new(operation: Operation, now: i64) -> Result<Self> {
        check_key(operation.key())?;
        match operation {
            Operation::Upsert(request) => Self::put(request, now),
            Operation::Delete(DeleteRequest { key, etag, .. }) => Ok(Self::Delete { key, etag: given(etag) }),
        }
    }

    fn put(request: SetRequest, now: i64) -> Result<Self> {
        let expires = match ttl_of(&request.metadata)? {
            Ttl::Unspecified | Ttl::Never => None,
            Ttl::Seconds(seconds) => Some(timestamp::text(now + i64::from(seconds) * 1_000)),
        };
        let condition = match given(request.etag) {
            Some(etag) => Condition::Etag(etag),
            None if request.options.concurrency == Concurrency::FirstWrite => Condition::Absent,
            None => Condition::Any,
        };
        let is_binary = matches!(request.value, Value::Binary(_));
        let value = stored(&request.value)?;
        let etag = uuid::Uuid::new_v4().to_string();
        Ok(Self::Put { key: request.key, value, is_binary, etag, expires, condition })
    }

    /// Whether the row was as the writer expected; if not, nothing was changed.
    fn run(&self, connection: &Connection, request: &Changes) -> Sql<bool> {
        let Changes { statements, now, .. } = request;
        match self {
            Self::Put { key, value, is_binary, etag, expires, condition } => {
                let row = params![key, value, is_binary, etag, expires, now];
                let changed = match condition {
                    Condition::Any => connection.prepare_cached(&statements.put)?.execute(row)?,
                    Condition::Absent => connection.prepare_cached(&statements.put_if_absent)?.execute(row)?,
                    Condition::Etag(old) => connection
                        .prepare_cached(&statements.put_if_etag)?
                        .execute(params![key, value, is_binary, etag, expires, now, old])?,
                };
                Ok(changed > 0)
            }
            Self::Delete { key, etag: None } => {
                connection.prepare_cached(&statements.delete)?.execute([key]).map(|_| true)
            }
            Self::Delete { key, etag: Some(etag) } => {
                let changed = connection.prepare_cached(&statements.delete_if_etag)?.execute([key, etag, now])?;
                Ok(changed > 0)
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Put { key, value, .. } => key.len() + value.len(),
            Self::Delete { key, .. } => key.len(),
        }
    }
}

/// An empty ETag is no ETag, as in the incumbent.
fn given(etag: Option<String>) -> Option<String> {
    etag.filter(|etag| !etag.is_empty())
}

/// JSON as it is, other bytes in base64.
fn stored(value: &Value) -> Result<String> {
    match value {
        Value::Json(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(Error::invalid("a JSON value must be UTF-8")),
        },
        Value::Binary(bytes) => Ok(STANDARD.encode(bytes)),
    }
}
