//! Reads the columns of a found item.

use std::error::Error as StdError;

use bytes::Bytes;
use dapr_spi::state::{GetResponse, Map};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

/// Seconds from 1970 to 2000, where the server counts from.
const SERVER_EPOCH: i64 = 946_684_800;

type Raw<T> = Result<T, Box<dyn StdError + Sync + Send>>;

/// The text of a `jsonb` value.
pub(super) struct Json<'a>(pub(super) &'a [u8]);

impl<'a> FromSql<'a> for Json<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Raw<Self> {
        raw.strip_prefix(&[1]).map(Json).ok_or_else(|| "unknown version of jsonb".into())
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::JSONB
    }
}

/// A time in whole seconds since 1970.
pub(super) struct Seconds(i64);

impl FromSql<'_> for Seconds {
    fn from_sql(_: &Type, raw: &[u8]) -> Raw<Self> {
        let microseconds = i64::from_be_bytes(raw.try_into()?);
        Ok(Self(microseconds.div_euclid(1_000_000) + SERVER_EPOCH))
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::TIMESTAMPTZ
    }
}

/// The answer for an item with these parts.
pub(super) fn response(data: Bytes, etag: Option<String>, expires: Option<Seconds>) -> GetResponse {
    GetResponse { data: Some(data), etag, metadata: expires.as_ref().map(expiry).unwrap_or_default() }
}

fn expiry(Seconds(seconds): &Seconds) -> Map {
    let time = jiff::Timestamp::from_second(*seconds).unwrap_or(jiff::Timestamp::MAX);
    Map::from([("ttlExpireTime".to_owned(), time.to_string())])
}

/// One column.
pub(super) fn column<'a, T: FromSql<'a>>(row: &'a Row, index: usize) -> dapr_spi::Result<T> {
    row.try_get(index).map_err(|error| {
        dapr_spi::Error::from_source(dapr_spi::ErrorKind::Failed, "the state table holds an unexpected value", error)
    })
}
