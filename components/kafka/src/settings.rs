//! What the Kafka components are told, checked.

use std::time::Duration;

use dapr_spi::{Error, Result};
use regex::Regex;

use crate::authentication::Security;
use crate::fields::KafkaMetadata;
use crate::schemas;

/// The incumbent's client sends at most so much unless told otherwise.
const MAX_MESSAGE_BYTES: i32 = 1 << 20;
/// Less than the runtime's default for starting a component, so that the reason is told.
const METADATA_TIMEOUT: Duration = Duration::from_secs(4);

/// Where a group without a stored position begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InitialOffset {
    Newest,
    Oldest,
}

/// When a message counts as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acknowledgements {
    All,
    Leader,
    None,
}

/// Checked settings.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(crate) brokers: String,
    /// The consumer group, if the component names one.
    pub(crate) group: Option<String>,
    pub(crate) client_id: String,
    pub(crate) security: Security,
    pub(crate) initial_offset: InitialOffset,
    pub(crate) max_message_bytes: i32,
    /// After how long a message comes again; `None` when it is dropped instead.
    pub(crate) retry_interval: Option<Duration>,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) session_timeout: Duration,
    pub(crate) prefetched_messages: u32,
    pub(crate) fetch_min: i32,
    pub(crate) fetch_default: i32,
    pub(crate) metadata_refresh: Duration,
    pub(crate) dial_timeout: Duration,
    pub(crate) read_timeout: Duration,
    pub(crate) metadata_timeout: Duration,
    pub(crate) acknowledgements: Acknowledgements,
    pub(crate) retries: u32,
    pub(crate) compression: &'static str,
    pub(crate) assignment_strategy: &'static str,
    pub(crate) registry: Option<schemas::Settings>,
    pub(crate) escape_headers: bool,
    pub(crate) excluded_headers: Option<Regex>,
}

impl Settings {
    /// Checks the fields and their combination.
    pub(crate) fn check(metadata: KafkaMetadata) -> Result<Self> {
        let security = Security::check(&metadata)?;
        let registry = schemas::Settings::check(&metadata)?;
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        let positive = |time: Duration, default: Duration| if time.is_zero() { default } else { time };
        Ok(Self {
            brokers: brokers(&metadata.brokers)?,
            security,
            registry,
            initial_offset: initial_offset(&metadata.initial_offset)?,
            max_message_bytes: match metadata.max_message_bytes {
                bytes if bytes > 0 => bytes,
                _ => MAX_MESSAGE_BYTES,
            },
            retry_interval: metadata.consume_retry_enabled.then_some(metadata.consume_retry_interval.0),
            heartbeat_interval: metadata.heartbeat_interval,
            session_timeout: session_timeout(metadata.session_timeout, metadata.heartbeat_interval)?,
            prefetched_messages: metadata.channel_buffer_size.clamp(1, 100_000),
            fetch_min: metadata.consumer_fetch_min.clamp(1, 100_000_000),
            fetch_default: metadata.consumer_fetch_default.clamp(1, 1_000_000_000),
            metadata_refresh: positive(
                metadata.client_connection_topic_metadata_refresh_interval,
                Duration::from_secs(480),
            ),
            dial_timeout: positive(metadata.dial_timeout, Duration::from_secs(30)),
            read_timeout: positive(metadata.read_timeout, Duration::from_secs(30)),
            metadata_timeout: positive(metadata.metadata_timeout, METADATA_TIMEOUT),
            acknowledgements: acknowledgements(&metadata.producer_required_acks)?,
            retries: u32::try_from(metadata.producer_retry_max).map_err(|_| {
                Error::invalid(format!("`producerRetryMax` is {}: it cannot be negative", metadata.producer_retry_max))
            })?,
            compression: compression(&metadata.compression)?,
            assignment_strategy: assignment_strategy(&metadata.consumer_group_rebalance_strategy)?,
            escape_headers: metadata.escape_headers,
            excluded_headers: excluded_headers(given(metadata.exclude_header_meta_regex))?,
            group: given(metadata.consumer_group).or_else(|| given(metadata.consumer_id)),
            client_id: metadata.client_id,
        })
    }
}

fn brokers(text: &str) -> Result<String> {
    let addresses: Vec<&str> = text.split(',').map(str::trim).filter(|address| !address.is_empty()).collect();
    if addresses.is_empty() {
        return Err(Error::invalid("`brokers` is empty; name at least one broker as `host:port`"));
    }
    Ok(addresses.join(","))
}

fn initial_offset(text: &str) -> Result<InitialOffset> {
    match text.to_ascii_lowercase().as_str() {
        "" | "newest" => Ok(InitialOffset::Newest),
        "oldest" => Ok(InitialOffset::Oldest),
        other => Err(Error::invalid(format!("`initialOffset`: expected `newest` or `oldest`, found `{other}`"))),
    }
}

fn acknowledgements(text: &str) -> Result<Acknowledgements> {
    match text.to_ascii_lowercase().as_str() {
        "" | "all" => Ok(Acknowledgements::All),
        "local" => Ok(Acknowledgements::Leader),
        "none" => Ok(Acknowledgements::None),
        other => {
            Err(Error::invalid(format!("`producerRequiredAcks`: expected `all`, `local` or `none`, found `{other}`")))
        }
    }
}

fn compression(text: &str) -> Result<&'static str> {
    const KNOWN: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
    let name = if text.is_empty() { "none" } else { text };
    KNOWN
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
        .ok_or_else(|| Error::invalid(format!("`compression`: expected one of {}, found `{text}`", KNOWN.join(", "))))
}

/// The C library has no eager sticky strategy, only the cooperative one.
fn assignment_strategy(text: &str) -> Result<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "" | "range" => Ok("range"),
        "roundrobin" => Ok("roundrobin"),
        "sticky" => Ok("cooperative-sticky"),
        other => Err(Error::invalid(format!(
            "`consumerGroupRebalanceStrategy`: expected `range`, `roundrobin` or `sticky`, found `{other}`"
        ))),
    }
}

fn session_timeout(session: Duration, heartbeat: Duration) -> Result<Duration> {
    if heartbeat.is_zero() || heartbeat >= session {
        return Err(Error::invalid("`heartbeatInterval` must be shorter than `sessionTimeout`, and not zero"));
    }
    Ok(session)
}

fn excluded_headers(text: Option<String>) -> Result<Option<Regex>> {
    let Some(text) = text else { return Ok(None) };
    let pattern = Regex::new(&text)
        .map_err(|error| Error::invalid(format!("`excludeHeaderMetaRegex` is no regular expression: {error}")))?;
    Ok(Some(pattern))
}

#[cfg(test)]
pub(crate) mod tests;
