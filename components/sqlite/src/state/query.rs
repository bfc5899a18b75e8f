//! Reads: one key, many keys, keys by pattern.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dapr_kit::clock::Clock;
use dapr_spi::state::{BulkGetItem, GetResponse, KeysLikeRequest, KeysLikeResponse, Map};
use dapr_spi::{Error, Result};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::timestamp;
use crate::failure::Sql;

/// The queries of one table, made once.
pub(super) struct Queries {
    get: String,
    keys_like: String,
}

impl Queries {
    pub(super) fn new(table: &str) -> Self {
        Self {
            get: format!(r#"SELECT value, is_binary, etag, expiration_time FROM "{table}" WHERE key = ?"#),
            keys_like: format!(
                r#"SELECT key, rowid FROM "{table}"
                WHERE key LIKE ?1 ESCAPE '\' AND rowid > ?2 AND (expiration_time IS NULL OR expiration_time > ?3)
                ORDER BY rowid LIMIT ?4"#
            ),
        }
    }

    pub(super) fn get(&self, connection: &Connection, key: &str, clock: &Clock) -> Sql<GetResponse> {
        let mut statement = connection.prepare_cached(&self.get)?;
        let found = statement.query_row([key], |row| response(row, clock)).optional()?;
        Ok(found.flatten().unwrap_or_default())
    }

    /// All keys as they were at one moment.
    pub(super) fn bulk_get(&self, connection: &Connection, keys: Vec<String>, clock: &Clock) -> Sql<Vec<BulkGetItem>> {
        let snapshot = connection.unchecked_transaction()?;
        let item = |key: String| {
            let result = self.get(&snapshot, &key, clock).map_err(|error| Error::failed(error.to_string()));
            BulkGetItem { key, result }
        };
        let items = keys.into_iter().map(item).collect();
        snapshot.finish()?;
        Ok(items)
    }

    pub(super) fn keys_like(
        &self,
        connection: &Connection,
        request: &KeysLikeRequest,
        after: i64,
        clock: &Clock,
    ) -> Sql<KeysLikeResponse> {
        let size = request.page_size.filter(|size| *size > 0);
        let limit = size.map_or(-1, |size| i64::from(size) + 1);
        let now = timestamp::text(clock.now_milliseconds());
        let mut statement = connection.prepare_cached(&self.keys_like)?;
        let rows =
            statement.query_map(params![request.pattern, after, now, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut rows = rows.collect::<Sql<Vec<(String, i64)>>>()?;
        let size = size.map_or(usize::MAX, |size| size as usize);
        let more = rows.len() > size;
        rows.truncate(size);
        let continuation_token = rows.last().filter(|_| more).map(|(_, position)| position.to_string());
        Ok(KeysLikeResponse { keys: rows.into_iter().map(|(key, _)| key).collect(), continuation_token })
    }
}

/// Where a page starts: after this row, which the page before has named.
pub(super) fn position(request: &KeysLikeRequest) -> Result<i64> {
    if request.pattern.is_empty() {
        return Err(Error::invalid("a pattern is required to list keys"));
    }
    match &request.continuation_token {
        Some(token) => token.parse().map_err(|_| Error::invalid(format!("invalid continuation token `{token}`"))),
        None => Ok(i64::MIN),
    }
}

/// Nothing when the row has expired.
fn response(row: &Row<'_>, clock: &Clock) -> Sql<Option<GetResponse>> {
    let mut metadata = Map::new();
    if let Some(expires) = row.get_ref(3)?.as_str_or_null()? {
        if *expires <= *timestamp::text(clock.now_milliseconds()) {
            return Ok(None);
        }
        metadata.insert("ttlExpireTime".into(), timestamp::rfc3339(expires));
    }
    let value = row.get_ref(0)?.as_bytes()?;
    let data = if row.get(1)? {
        let decoded = STANDARD.decode(value);
        decoded.map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))?.into()
    } else {
        Bytes::copy_from_slice(value)
    };
    Ok(Some(GetResponse { data: Some(data), etag: Some(row.get(2)?), metadata }))
}
