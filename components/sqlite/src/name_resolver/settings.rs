//! The fields of `nameresolution.sqlite`.

use std::time::Duration;

use dapr_spi::{Error, Metadata, Result};

use crate::metadata::{Interval, Settings, SqliteMetadata};

const SECOND: Duration = Duration::from_secs(1);

/// Fields of `nameresolution.sqlite`.
#[derive(Clone, Debug, Metadata)]
pub struct SqliteNamesMetadata {
    /// Path of the database file, a `file:` URI with SQLite's parameters and `_pragma=name(value)`, or `:memory:`.
    #[metadata(required, aliases("url"))]
    pub connection_string: String,
    /// Bound of one request, at least `1s`.
    #[metadata(default = "1s", aliases("timeoutInSeconds"))]
    pub timeout: Duration,
    /// How long to wait for another process that locks the file; `0` not at all.
    #[metadata(default = "800ms")]
    pub busy_timeout: Interval,
    /// Do without the write-ahead log, as a network file system needs.
    #[metadata(name = "disableWAL", default = "false")]
    pub disable_wal: bool,
    /// Table of the sidecars.
    #[metadata(default = "hosts")]
    pub table_name: String,
    /// Table of the schema's version and of the last clean-up.
    #[metadata(default = "metadata")]
    pub metadata_table_name: String,
    /// A sidecar renews its row within this time, and is left out after it; whole seconds, at least `1s` more than
    /// `timeout`, and the same for all who share the file.
    #[metadata(default = "5s")]
    pub update_interval: Duration,
    /// How often rows of dead sidecars are removed from the file; `0` never. They are never found.
    #[metadata(default = "1h", aliases("cleanupIntervalInSeconds"))]
    pub cleanup_interval: Interval,
}

/// Checked settings.
#[derive(Clone, Debug)]
pub struct SqliteNamesSettings {
    pub(crate) file: Settings,
    pub(crate) update_interval: Duration,
}

impl SqliteNamesSettings {
    pub(crate) fn new(metadata: SqliteNamesMetadata) -> Result<Self> {
        let update_interval = metadata.update_interval;
        let mut file = Settings::new(SqliteMetadata {
            connection_string: metadata.connection_string,
            timeout: metadata.timeout,
            busy_timeout: metadata.busy_timeout,
            disable_wal: metadata.disable_wal,
            table_name: metadata.table_name,
            metadata_table_name: metadata.metadata_table_name,
            cleanup_interval: metadata.cleanup_interval,
        })?;
        if file.target.read_only {
            return Err(Error::invalid("field `connectionString`: sidecars register, so the file cannot be read-only"));
        }
        if update_interval.subsec_nanos() != 0 {
            return Err(Error::invalid("field `updateInterval`: must be whole seconds"));
        }
        if update_interval < file.timeout + SECOND {
            return Err(Error::invalid("field `updateInterval`: must be at least `1s` longer than `timeout`"));
        }
        if file.wal {
            // A renewal that a power failure undoes was for nobody.
            file.target.pragmas.insert(0, "synchronous=NORMAL".to_owned());
        }
        Ok(Self { file, update_interval })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dapr_spi::metadata::{Metadata as _, Properties};

    fn settings(pairs: &[(&str, &str)]) -> Result<SqliteNamesSettings, String> {
        let metadata = SqliteNamesMetadata::parse(&Properties::from_pairs(pairs.iter().copied()));
        SqliteNamesSettings::new(metadata.map_err(|problems| problems[0].to_string())?)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_are_those_of_the_incumbent() {
        let settings = settings(&[("connectionString", "data.db")]).unwrap();
        let file = &settings.file;
        assert_eq!((file.timeout, file.busy_timeout), (SECOND, Duration::from_millis(800)));
        assert_eq!((file.table.as_str(), file.metadata_table.as_str()), ("hosts", "metadata"));
        assert_eq!((settings.update_interval, file.cleanup_interval), (5 * SECOND, 3_600 * SECOND));
    }

    #[test]
    fn wrong_fields_are_named() {
        for (name, value) in [
            ("updateInterval", "5500ms"),
            ("updateInterval", "1s"),
            ("tableName", "a b"),
            ("metadataTableName", "a;b"),
            ("timeout", "10ms"),
        ] {
            let error = settings(&[("connectionString", "a"), (name, value)]).unwrap_err();
            assert!(error.contains(name), "{error}");
        }
        assert!(settings(&[]).unwrap_err().contains("connectionString"));
        assert!(settings(&[("connectionString", "file:a?mode=ro")]).unwrap_err().contains("read-only"));
    }
}
