//! Metadata fields of the state stores, and what is checked before anything is opened.

use std::time::Duration;

use dapr_spi::metadata::FieldValue;
use dapr_spi::{Error, Result};

use crate::settings::{Settings, connection_metadata};

connection_metadata! {
    /// Fields of version 1.
    pub struct MetadataV1 {
        /// Table of the items, as `table` or `schema.table`; created when missing.
        #[metadata(default = "state")]
        pub table_name: String,
        /// Table of migration levels and of the last clean-up, as `table` or `schema.table`; created when missing.
        #[metadata(default = "dapr_metadata")]
        pub metadata_table_name: String,
        /// How often expired items are removed; 0 or less means never.
        #[metadata(default = "1h", aliases("cleanupIntervalInSeconds"))]
        pub cleanup_interval: CleanupInterval,
    }
}

connection_metadata! {
    /// Fields of version 2.
    pub struct MetadataV2 {
        /// Put before `state` to make the table's name; may hold a schema: `schema.prefix_`.
        #[metadata(default = "")]
        pub table_prefix: String,
        /// Table of migration levels and of the last clean-up, as `table` or `schema.table`; created when missing.
        #[metadata(default = "dapr_metadata")]
        pub metadata_table_name: String,
        /// How often expired items are removed; 0 or less means never.
        #[metadata(default = "1h", aliases("cleanupIntervalInSeconds"))]
        pub cleanup_interval: CleanupInterval,
    }
}

/// A duration, or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CleanupInterval(pub(super) Option<Duration>);

impl FieldValue for CleanupInterval {
    const KIND: &'static str = "duration";
    const KEEPS_EMPTY: bool = false;

    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(seconds) = text.parse::<i64>() {
            return Ok(Self(u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)));
        }
        let parsed = dapr_kit::duration::parse_signed(text)?;
        Ok(Self(Some(parsed.magnitude).filter(|interval| !parsed.negative && !interval.is_zero())))
    }
}

/// Checked settings of a state store.
#[derive(Clone)]
pub struct Checked {
    pub(super) settings: Settings,
    pub(super) table: String,
    pub(super) metadata_table: String,
    /// `metadata_table` row of the migration level.
    pub(super) migration_key: String,
    /// `metadata_table` row of the last clean-up.
    pub(super) cleanup_key: String,
    pub(super) cleanup_interval: Option<Duration>,
}

impl MetadataV1 {
    pub(super) fn check(&self) -> Result<Checked> {
        Ok(Checked {
            settings: Settings::read(&self.connection_fields())?,
            table: name("tableName", or_default(&self.table_name, "state"))?,
            metadata_table: name("metadataTableName", or_default(&self.metadata_table_name, "dapr_metadata"))?,
            migration_key: "migrations".to_owned(),
            cleanup_key: "last-cleanup".to_owned(),
            cleanup_interval: self.cleanup_interval.0,
        })
    }
}

impl MetadataV2 {
    pub(super) fn check(&self) -> Result<Checked> {
        let prefix = &self.table_prefix;
        Ok(Checked {
            settings: Settings::read(&self.connection_fields())?,
            table: name("tablePrefix", &format!("{prefix}state"))?,
            metadata_table: name("metadataTableName", or_default(&self.metadata_table_name, "dapr_metadata"))?,
            migration_key: format!("migrations-state-v2-{prefix}"),
            cleanup_key: format!("last-cleanup-state-v2-{prefix}"),
            cleanup_interval: self.cleanup_interval.0,
        })
    }
}

fn or_default<'a>(given: &'a str, default: &'a str) -> &'a str {
    if given.is_empty() { default } else { given }
}

/// A table name goes into statements as it is, so it must be one: `table` or `schema.table`, plain or in double quotes.
///
/// The longest index name we derive must be told apart within the 63 bytes that the server keeps, so each part is
/// limited to 50.
fn name(field: &str, text: &str) -> Result<String> {
    let parts = parts_of(text).filter(|parts| parts.len() <= 2 && parts.iter().all(|part| is_identifier(part)));
    parts.map(|_| text.to_owned()).ok_or_else(|| {
        Error::invalid(format!("field `{field}`: `{text}` is no table name; give `table` or `schema.table`"))
    })
}

/// Splits at dots outside of quotes.
fn parts_of(text: &str) -> Option<Vec<&str>> {
    let mut quoted = false;
    let outside = |character: char| {
        quoted ^= character == '"';
        character == '.' && !quoted
    };
    let parts: Vec<_> = text.split(outside).collect();
    text.matches('"').count().is_multiple_of(2).then_some(parts)
}

fn is_identifier(part: &str) -> bool {
    const LONGEST: usize = 50;
    if let Some(inner) = part.strip_prefix('"').and_then(|part| part.strip_suffix('"')) {
        return !inner.is_empty() && inner.len() <= LONGEST && !inner.contains(['"', '\0']);
    }
    let starts = part.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    starts && part.len() <= LONGEST && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_name_is_a_name_and_nothing_else() {
        for text in ["state", "shop.state", "_s$1", "\"My State\"", "\"a.b\".state", "zustände"] {
            assert_eq!(name("tableName", text).unwrap(), text);
        }
        for text in ["", "a b", "state; DROP TABLE x", "a.b.c", ".state", "1state", "\"", "\"a\"b", "a--", "state("] {
            assert!(name("tableName", text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_cleanup_interval_can_be_turned_off() {
        let read = |text| CleanupInterval::read(text).unwrap().0;
        assert_eq!(read("20m"), Some(Duration::from_secs(1200)));
        assert_eq!(read("10"), Some(Duration::from_secs(10)));
        assert_eq!([read("0"), read("-1"), read("-5m"), read("0s")], [None; 4]);
        assert_eq!(CleanupInterval::read("1h").unwrap().0, Some(Duration::from_secs(3600)));
    }
}
