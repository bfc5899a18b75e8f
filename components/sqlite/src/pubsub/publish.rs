//! A message on its way into the file.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use dapr_spi::pubsub::{Map, Message, ttl_of};
use dapr_spi::{Error, Result};
use rusqlite::{Connection, params};

use super::statements::Statements;
use crate::failure::Sql;
use crate::threads::Write;

/// Messages with the same value of this metadata keep their order.
const PARTITION_KEY: &str = "partitionKey";
/// Bytes that may be written until the size of the file is asked for again.
const UNCHECKED_BYTES: i64 = 256 << 10;

/// Bytes that publishers may write; what the file holds is asked for once a while.
#[derive(Debug)]
pub(super) struct Budget {
    most: u64,
    /// Until the next look; none is left when the file was full.
    left: AtomicI64,
}

impl Budget {
    pub(super) fn new(most: u64) -> Self {
        Self { most, left: AtomicI64::new(0) }
    }

    fn take(&self, bytes: usize, connection: &Connection, statements: &Statements) -> Sql<Result<()>> {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        if self.left.fetch_sub(bytes, Ordering::Relaxed) >= bytes {
            return Ok(Ok(()));
        }
        let used = used_bytes(connection, statements)?;
        let free = i64::try_from(self.most).unwrap_or(i64::MAX).saturating_sub_unsigned(used);
        if free < bytes {
            self.left.store(0, Ordering::Relaxed);
            let most = self.most;
            return Ok(Err(Error::failed(format!(
                "the file holds {used} of at most {most} bytes: a consumer group does not get on, or is gone; see \
                 `maxSize` and `retention`"
            ))));
        }
        self.left.store((free - bytes).min(UNCHECKED_BYTES), Ordering::Relaxed);
        Ok(Ok(()))
    }
}

/// Bytes of the file that are in use.
pub(super) fn used_bytes(connection: &Connection, statements: &Statements) -> Sql<u64> {
    let (pages, free, size): (i64, i64, i64) = connection
        .prepare_cached(&statements.prune.pages)?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(((pages - free) * size).unsigned_abs())
}

/// Inserts a message.
pub(super) struct Insert {
    statements: Arc<Statements>,
    budget: Arc<Budget>,
    message: Message,
    metadata: Option<String>,
    now: i64,
    expires: Option<i64>,
}

impl Insert {
    /// Checks the message.
    pub(super) fn new(statements: &Arc<Statements>, budget: &Arc<Budget>, message: Message, now: i64) -> Result<Self> {
        if message.topic.is_empty() {
            return Err(Error::invalid("a message needs a topic"));
        }
        let ttl = ttl_of(&message.metadata)?;
        let expires = ttl.map(|ttl| now.saturating_add(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)));
        let metadata = (!message.metadata.is_empty()).then(|| written(&message.metadata)).transpose()?;
        Ok(Self { statements: statements.clone(), budget: budget.clone(), message, metadata, now, expires })
    }
}

fn written(metadata: &Map) -> Result<String> {
    serde_json::to_string(metadata).map_err(|error| Error::invalid(error.to_string()))
}

impl Write for Insert {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        if let Err(full) = self.budget.take(self.bytes(), connection, &self.statements)? {
            return Ok(Err(full));
        }
        let Message { topic, data, metadata, content_type } = &self.message;
        connection.prepare_cached(&self.statements.insert)?.execute(params![
            topic,
            &data[..],
            self.metadata,
            content_type,
            metadata.get(PARTITION_KEY).filter(|key| !key.is_empty()),
            self.now,
            self.expires
        ])?;
        Ok(Ok(1))
    }

    fn bytes(&self) -> usize {
        self.message.data.len() + self.metadata.as_ref().map_or(0, String::len) + 200
    }
}
