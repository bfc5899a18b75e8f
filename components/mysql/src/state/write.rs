//! Writes and deletes: requests in, statements out.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use dapr_spi::state::{Concurrency, DeleteRequest, Operation, SetRequest, Ttl, Value, ttl_of};
use dapr_spi::{Error, Result};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Error as Driver, Params, Value as Sql};
use uuid::Uuid;

use super::statements::Statements;
use crate::client::AsyncCall;
use crate::error::mismatch;

/// One statement that changes a row.
pub(super) struct Change<'a> {
    text: &'a str,
    params: Vec<Sql>,
    /// Changing nothing means that another version, or any version, is stored.
    checked: bool,
}

/// Changes that happen all together or not at all.
pub(super) struct Changes<'a>(pub(super) Vec<Change<'a>>);

impl AsyncCall<()> for Changes<'_> {
    async fn run(&self, conn: &mut Conn) -> std::result::Result<(), Driver> {
        if let [change] = self.0.as_slice() {
            return run(conn, change).await;
        }
        conn.query_drop("START TRANSACTION").await?;
        for change in &self.0 {
            if let Err(error) = run(conn, change).await {
                // If this fails, too, then the connection is gone, and the transaction with it.
                let _ = conn.query_drop("ROLLBACK").await;
                return Err(error);
            }
        }
        conn.query_drop("COMMIT").await
    }
}

async fn run(conn: &mut Conn, change: &Change<'_>) -> std::result::Result<(), Driver> {
    conn.exec_drop(change.text, Params::Positional(change.params.clone())).await?;
    if change.checked && conn.affected_rows() == 0 { Err(mismatch()) } else { Ok(()) }
}

/// The statement of one step of a transaction.
pub(super) fn change<'a>(statements: &'a Statements, operation: &Operation) -> Result<Change<'a>> {
    match operation {
        Operation::Upsert(request) => write(statements, request),
        Operation::Delete(request) => removal(statements, request),
    }
}

/// The statement of a write.
pub(super) fn write<'a>(statements: &'a Statements, request: &SetRequest) -> Result<Change<'a>> {
    let key = key_param(&request.key)?;
    let (value, binary) = value_param(&request.value);
    let etag = Uuid::new_v4().to_string();
    let expiry = match ttl_of(&request.metadata)? {
        Ttl::Seconds(seconds) => seconds.into(),
        Ttl::Unspecified | Ttl::Never => Sql::NULL,
    };
    let content = [value, etag.into(), binary.into(), expiry];
    let first = request.options.concurrency == Concurrency::FirstWrite;
    Ok(match given(&request.etag) {
        Some(old) => {
            let params = content.into_iter().chain([key, old.into()]).collect();
            Change { text: &statements.update, params, checked: true }
        }
        None => {
            let text = if first { &statements.insert } else { &statements.upsert };
            Change { text, params: [key].into_iter().chain(content).collect(), checked: first }
        }
    })
}

/// The statement of a delete.
pub(super) fn removal<'a>(statements: &'a Statements, request: &DeleteRequest) -> Result<Change<'a>> {
    let key = key_param(&request.key)?;
    Ok(match given(&request.etag) {
        Some(etag) => Change { text: &statements.delete_version, params: vec![key, etag.into()], checked: true },
        None => Change { text: &statements.delete, params: vec![key], checked: false },
    })
}

fn value_param(value: &Value) -> (Sql, bool) {
    match value {
        Value::Json(text) => (Sql::Bytes(text.to_vec()), false),
        Value::Binary(bytes) => (format!("\"{}\"", BASE64_STANDARD.encode(bytes)).into(), true),
    }
}

/// A key as parameter.
pub(super) fn key_param(key: &str) -> Result<Sql> {
    if key.is_empty() { Err(Error::invalid("the key is empty")) } else { Ok(key.into()) }
}

/// An empty text was sent, but says nothing.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}
