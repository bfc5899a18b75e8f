//! Messages seen without being taken, and removed.

use std::sync::Arc;

use dapr_spi::pubsub::{Kept, Message};
use dapr_spi::{Error, Result};
use rusqlite::{Connection, params};

use super::Shared;
use super::pull::read_metadata;
use super::statements::Statements;
use crate::failure::Sql;
use crate::threads::Write;

impl Shared {
    pub(super) async fn browse(&self, topic: String, after: Option<&str>, most: usize) -> Result<Vec<Kept>> {
        let after = after.map_or(Ok(0), number)?;
        let (statements, most) = (self.statements.clone(), i64::try_from(most).unwrap_or(i64::MAX));
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&statements.browse)?;
            let kept = statement.query_map(params![topic, after, most], |row| {
                let (id, data): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
                let metadata: Option<String> = row.get(2)?;
                let message = Message {
                    data: data.into(),
                    topic: topic.clone(),
                    metadata: metadata.map(|text| read_metadata(&text)).unwrap_or_default(),
                    content_type: row.get(3)?,
                };
                Ok(Kept { id: id.to_string(), published: row.get(4)?, message })
            })?;
            kept.collect()
        })
        .await
    }

    pub(super) async fn discard(&self, topic: String, ids: &[String]) -> Result<()> {
        let ids = ids.iter().map(|id| number(id)).collect::<Result<_>>()?;
        self.write(Discard { statements: self.statements.clone(), topic, ids }).await?;
        self.settled_some();
        Ok(())
    }
}

fn number(id: &str) -> Result<i64> {
    id.parse().map_err(|_| Error::invalid(format!("`{id}` is no message: expected a number")))
}

struct Discard {
    statements: Arc<Statements>,
    topic: String,
    ids: Vec<i64>,
}

impl Write for Discard {
    fn run(&self, connection: &Connection) -> Sql<Result<u64>> {
        let mut statement = connection.prepare_cached(&self.statements.discard)?;
        for id in &self.ids {
            statement.execute(params![self.topic, id])?;
        }
        Ok(Ok(self.ids.len() as u64))
    }

    fn bytes(&self) -> usize {
        self.ids.len() * 50
    }

    fn durable(&self) -> bool {
        true
    }
}
