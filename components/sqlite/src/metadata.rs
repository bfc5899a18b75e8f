//! The metadata fields of `state.sqlite`.

use std::time::Duration;

use dapr_spi::metadata::FieldValue;
use dapr_spi::{Error, Metadata, Result};

use crate::connection_string::{self, Target};

/// Fields of `state.sqlite`.
#[derive(Clone, Debug, Metadata)]
pub struct SqliteMetadata {
    /// Path of the database file, a `file:` URI with SQLite's parameters and `_pragma=name(value)`, or `:memory:`.
    #[metadata(required, aliases("url"))]
    pub connection_string: String,
    /// Bound of one request, at least `1s`.
    #[metadata(default = "20s", aliases("timeoutInSeconds"))]
    pub timeout: Duration,
    /// How long to wait for another process that locks the file; `0` not at all.
    #[metadata(default = "2s")]
    pub busy_timeout: Interval,
    /// Do without the write-ahead log, as a network file system needs.
    #[metadata(name = "disableWAL", default = "false")]
    pub disable_wal: bool,
    /// Table of the items.
    #[metadata(default = "state")]
    pub table_name: String,
    /// Table of the schema's version.
    #[metadata(default = "metadata")]
    pub metadata_table_name: String,
    /// How often expired items are removed from the file; `0` never. They are never read.
    #[metadata(default = "0s", aliases("cleanupIntervalInSeconds"))]
    pub cleanup_interval: Interval,
}

/// A duration of which a negative one is as good as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval(pub Duration);

impl FieldValue for Interval {
    const KIND: &'static str = "duration";

    fn read(text: &str) -> Result<Self, String> {
        if text.trim().starts_with('-') {
            Duration::read(&text.trim()[1..]).map(|_| Self(Duration::ZERO))
        } else {
            Duration::read(text).map(Self)
        }
    }
}

/// Checked settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) target: Target,
    pub(crate) timeout: Duration,
    pub(crate) busy_timeout: Duration,
    pub(crate) wal: bool,
    pub(crate) table: String,
    pub(crate) metadata_table: String,
    pub(crate) cleanup_interval: Duration,
}

impl Settings {
    pub(crate) fn new(metadata: SqliteMetadata) -> Result<Self> {
        if metadata.timeout < Duration::from_secs(1) {
            return Err(Error::invalid("field `timeout`: must be at least `1s`"));
        }
        let target = connection_string::parse(&metadata.connection_string)?;
        Ok(Self {
            wal: !metadata.disable_wal && !target.in_memory && !target.read_only,
            target,
            timeout: metadata.timeout,
            busy_timeout: metadata.busy_timeout.0,
            table: identifier("tableName", metadata.table_name)?,
            metadata_table: identifier("metadataTableName", metadata.metadata_table_name)?,
            cleanup_interval: metadata.cleanup_interval.0,
        })
    }
}

pub(crate) fn identifier(field: &str, name: String) -> Result<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(Error::invalid(format!("field `{field}`: expected letters, digits and `_`, found `{name}`")));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dapr_spi::metadata::{Metadata as _, Properties};

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let metadata = SqliteMetadata::parse(&Properties::from_pairs(pairs.iter().copied()));
        Settings::new(metadata.map_err(|problems| problems[0].to_string())?).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_those_of_the_incumbent() {
        let settings = settings(&[("url", "data.db")]).unwrap();
        assert_eq!((settings.timeout, settings.busy_timeout), (Duration::from_secs(20), Duration::from_secs(2)));
        assert_eq!((settings.table.as_str(), settings.metadata_table.as_str()), ("state", "metadata"));
        assert!(settings.wal && settings.cleanup_interval.is_zero());
    }

    #[test]
    fn aliases_and_bare_numbers_are_read() {
        let pairs = [("connectionString", "a"), ("timeoutInSeconds", "7"), ("cleanupIntervalInSeconds", "-1")];
        let settings = settings(&pairs).unwrap();
        assert_eq!((settings.timeout, settings.cleanup_interval), (Duration::from_secs(7), Duration::ZERO));
    }

    #[test]
    fn wrong_fields_are_named() {
        for (name, value) in [("timeout", "500ms"), ("tableName", "a;b"), ("tableName", ""), ("busyTimeout", "soon")] {
            let error = settings(&[("connectionString", "a"), (name, value)]).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
        assert!(settings(&[]).unwrap_err().contains("connectionString"));
    }
}
