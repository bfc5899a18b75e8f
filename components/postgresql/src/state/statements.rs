//! The statements of a store, made once.

use tokio_postgres::types::Type;

use crate::client::Statement;

/// Every statement that requests use.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) get: Statement,
    pub(super) bulk_get: Statement,
    pub(super) keys_like: Statement,
    /// Writes whatever is there.
    pub(super) upsert: Change,
    /// Writes only if nothing is there, or only something expired.
    pub(super) insert: Change,
    /// Writes only over the given version.
    pub(super) update: Change,
    pub(super) delete: Change,
    /// Deletes only the given version.
    pub(super) delete_version: Change,
}

/// A statement that changes one row, in two forms.
#[derive(Debug)]
pub(super) struct Change {
    /// Alone: the caller looks at the number of changed rows.
    pub(super) alone: Statement,
    /// In a transaction: changing no row is an error of the server, so that the transaction is rolled back without a
    /// round trip in the middle. The error is a division by zero.
    pub(super) guarded: Statement,
}

/// The texts that a layout gives.
pub(super) struct Texts<'a> {
    pub(super) table: &'a str,
    /// Columns of a found item, after the key.
    pub(super) columns: &'a str,
    pub(super) expiry_column: &'a str,
    pub(super) upsert: String,
    pub(super) insert: String,
    pub(super) update: String,
    /// A condition on the ETag as `$2`.
    pub(super) version: &'a str,
    /// Types of key, value, expiry and what else the layout needs.
    pub(super) write_types: &'a [Type],
    pub(super) etag_type: Type,
}

impl Statements {
    /// Puts the texts together.
    pub(super) fn new(texts: Texts<'_>) -> Self {
        let Texts { table, columns, expiry_column: expiry, write_types, etag_type, .. } = texts;
        let alive = format!("({expiry} IS NULL OR {expiry} >= now())");
        let select = format!("SELECT key, {columns} FROM {table} WHERE");
        let keys_like = format!(
            "SELECT key, row_id FROM {table} WHERE key LIKE $1 ESCAPE '\\' AND row_id > $2 \
             AND ({expiry} IS NULL OR {expiry} > now()) ORDER BY row_id LIMIT $3"
        );
        let versioned = [write_types, std::slice::from_ref(&etag_type)].concat();
        let delete_version = format!("DELETE FROM {table} WHERE key = $1 AND {}", texts.version);
        Self {
            get: Statement::prepared(0, format!("{select} key = $1 AND {alive}"), &[Type::TEXT]),
            bulk_get: Statement::prepared(1, format!("{select} key = ANY($1) AND {alive}"), &[Type::TEXT_ARRAY]),
            keys_like: Statement::prepared(2, keys_like, &[Type::TEXT, Type::INT8, Type::INT8]),
            upsert: Change::unconditional(3, texts.upsert, write_types),
            insert: Change::new([4, 5], texts.insert, write_types),
            update: Change::new([6, 7], texts.update, &versioned),
            delete: Change::unconditional(8, format!("DELETE FROM {table} WHERE key = $1"), &[Type::TEXT]),
            delete_version: Change::new([9, 10], delete_version, &[Type::TEXT, etag_type]),
        }
    }
}

impl Change {
    fn new([alone, guarded]: [usize; 2], text: String, types: &[Type]) -> Self {
        let guard = format!("WITH changed AS ({text} RETURNING key) SELECT 1 / count(*) FROM changed");
        Self { alone: Statement::prepared(alone, text, types), guarded: Statement::prepared(guarded, guard, types) }
    }

    /// A change that needs no guard.
    fn unconditional(slot: usize, text: String, types: &[Type]) -> Self {
        let statement = |text| Statement::prepared(slot, text, types);
        Self { alone: statement(text.clone()), guarded: statement(text) }
    }
}
