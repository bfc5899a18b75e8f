//! The metadata fields of `pubsub.sqlite`.

use std::time::Duration;

use dapr_kit::quantity;
use dapr_spi::metadata::FieldValue;
use dapr_spi::{Error, Metadata, Result};

use crate::connection_string;
use crate::metadata::{Interval, Settings as FileSettings, identifier};

/// Fields of `pubsub.sqlite`.
#[derive(Clone, Debug, Metadata)]
pub struct PubSubMetadata {
    /// Path of the database file, a `file:` URI with SQLite's parameters and `_pragma=name(value)`, or `:memory:`.
    #[metadata(required, aliases("url"))]
    pub connection_string: String,
    /// Consumer group: its members share the messages of a topic. The app id when it is not given.
    #[metadata(name = "consumerID", default = "")]
    pub consumer_id: String,
    /// Where a group starts when it subscribes to a topic for the first time: `oldest` (all that is still there) or
    /// `newest` (what comes from then on).
    #[metadata(default = "oldest")]
    pub initial_offset: String,
    /// After how long a message that was refused is delivered again.
    #[metadata(default = "5s")]
    pub redeliver_interval: Duration,
    /// After how long the messages of a sidecar that has died are delivered to others; at least `1s`.
    #[metadata(default = "15s")]
    pub lease_timeout: Duration,
    /// Messages are removed after this time, processed or not; so are groups that are away for longer.
    #[metadata(default = "168h")]
    pub retention: Duration,
    /// With messages of this size in the file, publishing fails until some are processed: `1Gi`, `500M`.
    #[metadata(default = "1Gi")]
    pub max_size: Size,
    /// Bound of one request, at least `1s`.
    #[metadata(default = "20s", aliases("timeoutInSeconds"))]
    pub timeout: Duration,
    /// How long to wait for another process that locks the file; `0` not at all.
    #[metadata(default = "5s")]
    pub busy_timeout: Interval,
    /// Do without the write-ahead log, as a network file system needs.
    #[metadata(name = "disableWAL", default = "false")]
    pub disable_wal: bool,
    /// Table of the messages, and begin of the names of the other tables.
    #[metadata(default = "pubsub")]
    pub table_name: String,
    /// Table of the schema's version.
    #[metadata(default = "metadata")]
    pub metadata_table_name: String,
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl FieldValue for Size {
    const KIND: &'static str = "size";

    fn read(text: &str) -> Result<Self, String> {
        let bytes = quantity::parse_bytes(text)?;
        u64::try_from(bytes).map(Self).map_err(|_| format!("expected a size above zero, found `{text}`"))
    }
}

/// Checked settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) file: FileSettings,
    pub(super) consumer_id: String,
    pub(super) from_oldest: bool,
    pub(super) redeliver_interval: Duration,
    pub(super) lease_timeout: Duration,
    pub(super) retention: Duration,
    pub(super) max_size: u64,
}

/// A smaller file would be full with its tables and a few messages.
const SMALLEST_SIZE: u64 = 1 << 20;

impl Settings {
    pub(super) fn new(metadata: PubSubMetadata) -> Result<Self> {
        let from_oldest = match metadata.initial_offset.to_ascii_lowercase().as_str() {
            "newest" => false,
            "oldest" => true,
            other => {
                return Err(Error::invalid(format!(
                    "field `initialOffset`: expected `newest` or `oldest`, found `{other}`"
                )));
            }
        };
        for (field, value) in [("timeout", metadata.timeout), ("leaseTimeout", metadata.lease_timeout)] {
            if value < Duration::from_secs(1) {
                return Err(Error::invalid(format!("field `{field}`: must be at least `1s`")));
            }
        }
        if metadata.retention.is_zero() || metadata.max_size.0 < SMALLEST_SIZE {
            return Err(Error::invalid("field `retention` must be above zero, and `maxSize` at least `1Mi`"));
        }
        let mut target = connection_string::parse(&metadata.connection_string)?;
        if target.read_only {
            return Err(Error::invalid("field `connectionString`: a broker cannot use a file that is read-only"));
        }
        // What a backlog took can be given back; it counts for a new file only.
        target.pragmas.insert(0, "auto_vacuum=INCREMENTAL".to_owned());
        Ok(Self {
            file: FileSettings {
                wal: !metadata.disable_wal && !target.in_memory,
                target,
                timeout: metadata.timeout,
                busy_timeout: metadata.busy_timeout.0,
                table: identifier("tableName", metadata.table_name)?,
                metadata_table: identifier("metadataTableName", metadata.metadata_table_name)?,
                cleanup_interval: Duration::ZERO,
            },
            consumer_id: metadata.consumer_id,
            from_oldest,
            redeliver_interval: metadata.redeliver_interval,
            lease_timeout: metadata.lease_timeout,
            retention: metadata.retention,
            max_size: metadata.max_size.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dapr_spi::metadata::{Metadata as _, Properties};

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let file = [("connectionString", "events.db")];
        let metadata = PubSubMetadata::parse(&Properties::from_pairs(file.iter().chain(pairs).copied()));
        Settings::new(metadata.map_err(|problems| problems[0].to_string())?).map_err(|error| error.to_string())
    }

    #[test]
    fn wrong_fields_are_named() {
        for (name, value) in [
            ("initialOffset", "middle"),
            ("leaseTimeout", "10ms"),
            ("timeout", "0"),
            ("retention", "0s"),
            ("maxSize", "-1"),
            ("maxSize", "12"),
            ("tableName", "a-b"),
        ] {
            let error = settings(&[(name, value)]).unwrap_err();
            assert!(error.contains(name), "{name}: {error}");
        }
        assert!(settings(&[("maxSize", "2Mi"), ("initialOffset", "OLDEST")]).unwrap().from_oldest);
    }
}
