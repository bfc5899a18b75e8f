//! The statements of a store, made once. Values are always parameters.

/// Texts of the statements on one table.
pub(super) struct Statements {
    select: String,
    pub(super) get: String,
    pub(super) keys_like: String,
    /// Writes whatever is there. Parameters: key, value, ETag, `isbinary`, seconds to live.
    pub(super) upsert: String,
    /// Writes only if nothing is there, or only something expired. Parameters as above.
    pub(super) insert: String,
    /// Writes only over the given version. Parameters: value, ETag, `isbinary`, seconds to live, key, old ETag.
    pub(super) update: String,
    pub(super) delete: String,
    pub(super) delete_version: String,
}

const ALIVE: &str = "(expiredate IS NULL OR expiredate > CURRENT_TIMESTAMP)";

impl Statements {
    pub(super) fn new(table: &str) -> Self {
        let select = format!("SELECT id, value, eTag, isbinary, UNIX_TIMESTAMP(expiredate) FROM {table} WHERE {ALIVE}");
        let insert = format!(
            "INSERT INTO {table} (id, value, eTag, isbinary, expiredate) \
             VALUES (?, ?, ?, ?, CURRENT_TIMESTAMP + INTERVAL ? SECOND) ON DUPLICATE KEY UPDATE"
        );
        Self {
            get: format!("{select} AND id = ?"),
            keys_like: format!(
                "SELECT id, row_id FROM {table} WHERE {ALIVE} AND id LIKE ? AND row_id > ? ORDER BY row_id LIMIT ?"
            ),
            upsert: format!(
                "{insert} value = VALUES(value), eTag = VALUES(eTag), isbinary = VALUES(isbinary), \
                 expiredate = VALUES(expiredate)"
            ),
            insert: format!("{insert} {}", only_over_expired()),
            update: format!(
                "UPDATE {table} SET value = ?, eTag = ?, isbinary = ?, \
                 expiredate = CURRENT_TIMESTAMP + INTERVAL ? SECOND WHERE id = ? AND eTag = ? AND {ALIVE}"
            ),
            delete: format!("DELETE FROM {table} WHERE id = ?"),
            delete_version: format!("DELETE FROM {table} WHERE id = ? AND eTag = ?"),
            select,
        }
    }

    /// A read of `count` keys.
    pub(super) fn bulk_get(&self, count: usize) -> String {
        format!("{} AND id IN ({})", self.select, vec!["?"; count].join(", "))
    }
}

/// Assignments happen in order, so the expiry, which all of them look at, comes last.
fn only_over_expired() -> String {
    let column = |name| {
        format!("{name} = IF(expiredate IS NOT NULL AND expiredate <= CURRENT_TIMESTAMP, VALUES({name}), {name})")
    };
    ["value", "eTag", "isbinary", "expiredate"].map(column).join(", ")
}
