//! Version 1: `jsonb` values; bytes are kept as a JSON string in base64 with `isbinary` set.
//!
//! Facts: `state/postgresql/v1`, `common/component/postgresql/v1` and `state/cockroachdb` of components-contrib.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use dapr_spi::state::{Feature, GetResponse, Value};
use dapr_spi::{Error, Result};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::metadata::Checked;
use super::migrations::{self, Step};
use super::rows::{self, Json, Seconds};
use super::statements::{Statements, Texts};
use super::store;
use crate::client::Param;
use crate::client::connector::{Connection, Connector};

const FEATURES: &[Feature] =
    &[Feature::Etag, Feature::Transactional, Feature::Ttl, Feature::KeysLike, Feature::QueryApi];

/// Whose tables they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The ETag is `xmin`, the transaction that wrote the row.
    PostgreSql,
    /// The ETag is a counter in the row.
    CockroachDb,
}

/// Tables and statements of version 1.
pub(super) struct Layout {
    dialect: Dialect,
    table: String,
    statements: Statements,
}

impl Dialect {
    fn etag(self) -> &'static str {
        match self {
            Self::PostgreSql => "xmin",
            Self::CockroachDb => "etag",
        }
    }
}

impl Layout {
    pub(super) fn new(table: String, dialect: Dialect) -> Self {
        Self { dialect, statements: statements(&table, dialect), table }
    }
}

impl store::Layout for Layout {
    fn features(&self) -> &'static [Feature] {
        FEATURES
    }

    fn statements(&self) -> &Statements {
        &self.statements
    }

    fn write_params<'a>(&self, value: &'a Value, expiry: Option<f64>, params: &mut Vec<Param<'a>>) {
        let (json, binary) = match value {
            Value::Json(text) => (Param::Json(text), false),
            Value::Binary(bytes) => (Param::OwnedJson(base64_string(bytes)), true),
        };
        params.extend([json, Param::Seconds(expiry), Param::Bool(binary)]);
    }

    /// A number of 32 bits, as the incumbent reads it.
    fn etag_param(&self, etag: &str) -> Result<Param<'static>> {
        let number = etag.parse::<u32>().ok().filter(|_| etag.bytes().all(|byte| byte.is_ascii_digit()));
        let why = || Error::etag_invalid(format!("expected a number of 32 bits, found `{etag}`"));
        number.map(|number| Param::OwnedText(number.to_string())).ok_or_else(why)
    }

    fn read(&self, row: &Row) -> Result<GetResponse> {
        let data = value(rows::column::<Json<'_>>(row, 1)?.0, rows::column(row, 4)?)?;
        Ok(rows::response(data, rows::column(row, 2)?, rows::column::<Option<Seconds>>(row, 3)?))
    }

    async fn migrate(&self, connector: &Connector, checked: &Checked) -> Result<Connection> {
        match self.dialect {
            Dialect::PostgreSql => migrations::run(connector, checked, &postgresql_steps(&self.table)).await,
            Dialect::CockroachDb => migrations::cockroach::ensure(connector, checked).await,
        }
    }

    fn expiry_column(&self) -> &'static str {
        "expiredate"
    }

    fn query_columns(&self) -> Option<String> {
        Some(format!("value, {}::text, expiredate, isbinary", self.dialect.etag()))
    }
}

fn statements(table: &str, dialect: Dialect) -> Statements {
    let expiry = "now() + $3 * interval '1 second'";
    let etag = dialect.etag();
    let (columns, first, next, own) = match dialect {
        Dialect::PostgreSql => ("", "", "", ""),
        Dialect::CockroachDb => (", etag", ", 1", ", etag = COALESCE(t.etag, 0) + 1", ", etag = COALESCE(etag, 0) + 1"),
    };
    let upsert = format!(
        "INSERT INTO {table} AS t (key, value, isbinary, expiredate{columns}) VALUES ($1, $2, $4, {expiry}{first}) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, isbinary = excluded.isbinary, updatedate = now(), \
         expiredate = excluded.expiredate{next}"
    );
    let update = format!(
        "UPDATE {table} SET value = $2, isbinary = $4, updatedate = now(), expiredate = {expiry}{own} \
         WHERE key = $1 AND {etag}::text = $5 AND (expiredate IS NULL OR expiredate > now())"
    );
    Statements::new(Texts {
        table,
        columns: &format!("value, {etag}::text, expiredate, isbinary"),
        expiry_column: "expiredate",
        insert: format!("{upsert} WHERE t.expiredate IS NOT NULL AND t.expiredate < now()"),
        upsert,
        update,
        version: &format!("{etag}::text = $2"),
        write_types: &[Type::TEXT, Type::JSONB, Type::FLOAT8, Type::BOOL],
        etag_type: Type::TEXT,
    })
}

fn postgresql_steps(table: &str) -> [Step; 3] {
    [
        Step::CreateTable(format!(
            "CREATE TABLE IF NOT EXISTS {table} (key text NOT NULL PRIMARY KEY, value jsonb NOT NULL, \
             isbinary boolean NOT NULL, insertdate TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(), \
             updatedate TIMESTAMP WITH TIME ZONE NULL)"
        )),
        Step::Alter(format!("ALTER TABLE {table} ADD expiredate TIMESTAMP WITH TIME ZONE")),
        Step::RowId { created_column: "insertdate" },
    ]
}

fn base64_string(bytes: &Bytes) -> Vec<u8> {
    let length = base64::encoded_len(bytes.len(), true).unwrap_or_default();
    let mut text = vec![b'"'; length + 2];
    // The buffer is as long as the encoding, so nothing can be missing; a failure would leave no valid JSON anyway.
    let _ = BASE64_STANDARD.encode_slice(bytes, &mut text[1..=length]);
    text
}

/// What the application wrote.
pub(super) fn value(json: &[u8], binary: bool) -> Result<Bytes> {
    if !binary {
        return Ok(Bytes::copy_from_slice(json));
    }
    let text = json.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
    let bytes = text.and_then(|text| BASE64_STANDARD.decode(text).ok());
    bytes.map(Bytes::from).ok_or_else(|| Error::failed("an item marked as binary holds no base64"))
}
