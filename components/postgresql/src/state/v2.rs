//! Version 2: `bytea` values and random ETags.
//!
//! Facts: `state/postgresql/v2` of components-contrib.

use bytes::Bytes;
use dapr_spi::state::{Feature, GetResponse, Value};
use dapr_spi::{Error, Result};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::metadata::Checked;
use super::migrations::{self, Step};
use super::rows::{self, Seconds};
use super::statements::{Statements, Texts};
use super::store;
use crate::client::Param;
use crate::client::connector::{Connection, Connector};

const FEATURES: &[Feature] = &[Feature::Etag, Feature::Transactional, Feature::Ttl, Feature::KeysLike];

/// Tables and statements of version 2.
pub(super) struct Layout {
    table: String,
    statements: Statements,
}

impl Layout {
    pub(super) fn new(table: String) -> Self {
        Self { statements: statements(&table), table }
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
        params.extend([Param::Bytes(value.bytes()), Param::Seconds(expiry)]);
    }

    /// Text that is no UUID cannot be the stored ETag: a mismatch, as in the incumbent.
    fn etag_param(&self, etag: &str) -> Result<Param<'static>> {
        Uuid::parse_str(etag).map(Param::Uuid).map_err(|_| Error::etag_mismatch())
    }

    fn read(&self, row: &Row) -> Result<GetResponse> {
        let data = Bytes::copy_from_slice(rows::column(row, 1)?);
        let etag = rows::column::<Uuid>(row, 2)?.to_string();
        Ok(rows::response(data, Some(etag), rows::column::<Option<Seconds>>(row, 3)?))
    }

    async fn migrate(&self, connector: &Connector, checked: &Checked) -> Result<Connection> {
        migrations::run(connector, checked, &steps(&self.table)).await
    }

    fn expiry_column(&self) -> &'static str {
        "expires_at"
    }

    fn query_columns(&self) -> Option<String> {
        None
    }
}

fn statements(table: &str) -> Statements {
    let expiry = "now() + $3 * interval '1 second'";
    let upsert = format!(
        "INSERT INTO {table} AS t (key, value, etag, expires_at) VALUES ($1, $2, gen_random_uuid(), {expiry}) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now(), etag = excluded.etag, \
         expires_at = excluded.expires_at"
    );
    let update = format!(
        "UPDATE {table} SET value = $2, updated_at = now(), etag = gen_random_uuid(), expires_at = {expiry} \
         WHERE key = $1 AND etag = $4 AND (expires_at IS NULL OR expires_at >= now())"
    );
    Statements::new(Texts {
        table,
        columns: "value, etag, expires_at",
        expiry_column: "expires_at",
        insert: format!("{upsert} WHERE t.expires_at IS NOT NULL AND t.expires_at < now()"),
        upsert,
        update,
        version: "etag = $2",
        write_types: &[Type::TEXT, Type::BYTEA, Type::FLOAT8],
        etag_type: Type::UUID,
    })
}

fn steps(table: &str) -> [Step; 2] {
    [
        Step::CreateTable(format!(
            "CREATE TABLE IF NOT EXISTS {table} (key text NOT NULL PRIMARY KEY, value bytea NOT NULL, \
             etag uuid NOT NULL DEFAULT gen_random_uuid(), \
             created_at timestamp with time zone NOT NULL DEFAULT now(), updated_at timestamp with time zone, \
             expires_at timestamp with time zone); CREATE INDEX ON {table} (expires_at);"
        )),
        Step::RowId { created_column: "created_at" },
    ]
}
