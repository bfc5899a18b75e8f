//! Messages on their way out: what a subscription can have, and taking it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dapr_spi::pubsub::{Map, Message};
use dapr_spi::{Error, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension, params};

use super::statements::{MOST_LEASES, Statements};
use crate::failure::Sql;
use crate::threads::Write;

/// Messages with keys that others hold, of those that one pull looks at beyond what it takes.
const LOOK_AHEAD: usize = 64;

/// A consumer group, as a subscription knows it.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) topic: String,
    pub(super) group: i64,
    /// Whose leases are whose.
    pub(super) owner: i64,
}

/// A message and its number.
#[derive(Debug)]
pub(super) struct Pulled {
    pub(super) id: i64,
    pub(super) message: Message,
    pub(super) key: Option<Bytes>,
}

/// What a subscription can have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outlook {
    /// There is something.
    pub(super) available: bool,
    /// When a lease ends; milliseconds since 1970.
    pub(super) next: Option<i64>,
}

/// Looks without changing anything.
pub(super) fn look(connection: &Connection, statements: &Statements, member: &Member, now: i64) -> Sql<Outlook> {
    connection
        .prepare_cached(&statements.check)?
        .query_row(params![member.group, member.topic, member.owner, now], |row| {
            Ok(Outlook { available: row.get(0)?, next: row.get(1)? })
        })
}

/// Takes up to so many messages for a subscription; answers how many.
pub(super) struct Pull {
    pub(super) statements: Arc<Statements>,
    pub(super) member: Member,
    pub(super) most: usize,
    pub(super) now: i64,
    /// Until when they are the subscription's.
    pub(super) until: i64,
    pub(super) pulled: Arc<Mutex<Vec<Pulled>>>,
}

impl Pull {
    fn run_twice(&self, connection: &Connection) -> Sql<Result<Vec<Pulled>>> {
        let Member { topic, group, .. } = &self.member;
        let found: Option<(i64, i64)> = connection
            .prepare_cached(&self.statements.position)?
            .query_row([group], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        // Removed while nobody used it for longer than `retention`.
        let Some((position, leases)) = found else { return Ok(Err(group_is_gone())) };
        let mut taken = Vec::new();
        let mut statement = connection.prepare_cached(&self.statements.due)?;
        let due = candidates(&mut statement, params![group, self.now, MOST_LEASES])?;
        for (id, key) in due {
            if taken.len() == self.most {
                break;
            }
            self.take(connection, id, key, &mut taken)?;
        }
        let room = MOST_LEASES.saturating_sub(leases);
        let wanted = i64::try_from((self.most - taken.len()) + LOOK_AHEAD).unwrap_or(i64::MAX).min(room);
        if taken.len() < self.most && wanted > 0 {
            let mut statement = connection.prepare_cached(&self.statements.next)?;
            let new = candidates(&mut statement, params![topic, position, wanted])?;
            let mut reached = position;
            for (id, key) in new {
                if taken.len() == self.most {
                    break;
                }
                reached = id;
                self.take(connection, id, key, &mut taken)?;
            }
            if reached > position {
                connection.prepare_cached(&self.statements.advance)?.execute([*group, reached])?;
            }
        }
        Ok(Ok(taken))
    }

    /// Leases a message, or notes that it waits for another with the same key.
    fn take(&self, connection: &Connection, id: i64, key: Option<String>, taken: &mut Vec<Pulled>) -> Sql<()> {
        let Member { topic, group, owner } = &self.member;
        let blocked = match &key {
            None => false,
            Some(key) => connection
                .prepare_cached(&self.statements.blocked)?
                .query_row(params![group, key, id, owner, self.now], |row| row.get(0))?,
        };
        let message = if blocked { None } else { self.message(connection, id, topic)? };
        let mut lease = connection.prepare_cached(&self.statements.lease)?;
        if blocked {
            lease.execute(params![group, id, key, None::<i64>, 0])?;
        } else if let Some(message) = message {
            lease.execute(params![group, id, key, owner, self.until])?;
            taken.push(Pulled { id, message, key: key.map(Bytes::from) });
        } else {
            connection.prepare_cached(&self.statements.done)?.execute([*group, id])?;
        }
        Ok(())
    }

    /// Reads a message; `None` when it has expired.
    fn message(&self, connection: &Connection, id: i64, topic: &str) -> Sql<Option<Message>> {
        let mut statement = connection.prepare_cached(&self.statements.message)?;
        let read = statement.query_row([id], |row| {
            let data: Vec<u8> = row.get(0)?;
            let metadata: Option<String> = row.get(1)?;
            let expires: Option<i64> = row.get(4)?;
            let message = Message {
                data: data.into(),
                topic: topic.to_owned(),
                metadata: metadata.map(|text| read_metadata(&text)).unwrap_or_default(),
                content_type: row.get(2)?,
            };
            Ok(expires.is_none_or(|expires| expires > self.now).then_some(message))
        });
        Ok(read.optional()?.flatten())
    }
}

/// What nobody but us has written; a strange text is as good as none.
pub(super) fn read_metadata(text: &str) -> Map {
    serde_json::from_str(text).unwrap_or_default()
}

fn candidates(
    statement: &mut rusqlite::Statement<'_>,
    parameters: impl rusqlite::Params,
) -> Sql<Vec<(i64, Option<String>)>> {
    statement.query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

impl Write for Pull {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        let taken = match self.run_twice(connection)? {
            Ok(taken) => taken,
            Err(error) => return Ok(Err(error)),
        };
        let count = taken.len() as u64;
        *self.pulled.lock().unwrap_or_else(PoisonError::into_inner) = taken;
        Ok(Ok(count))
    }

    fn bytes(&self) -> usize {
        self.most * 100
    }

    fn durable(&self) -> bool {
        false
    }
}

fn group_is_gone() -> Error {
    Error::new(ErrorKind::NotFound, "the consumer group is gone")
}

/// Makes the group if there is none, and answers its id.
pub(super) struct Join {
    pub(super) statements: Arc<Statements>,
    pub(super) topic: String,
    pub(super) group: String,
    pub(super) from_oldest: bool,
    pub(super) now: i64,
}

impl Write for Join {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        let Self { statements, topic, group, from_oldest, now } = self;
        connection.prepare_cached(&statements.join)?.execute(params![topic, group, from_oldest, now])?;
        let id: i64 = connection.prepare_cached(&statements.group)?.query_row([topic, group], |row| row.get(0))?;
        Ok(Ok(id.unsigned_abs()))
    }

    fn bytes(&self) -> usize {
        200
    }
}
