//! The fields of `pubsub.redis`.

use std::time::Duration;

use dapr_kit::duration;
use dapr_spi::metadata::FieldValue;
use dapr_spi::{Error, Metadata, Result};

use crate::settings::{Given, Limit, Settings};

/// The default of `redisMinRetryInterval` of the incumbent's client library.
const FIRST_DELAY: Duration = Duration::from_millis(8);
/// More than anybody needs; a queue is bounded.
const MOST_UNSETTLED: usize = 100_000;

/// Metadata of `pubsub.redis`.
#[derive(Metadata)]
#[expect(dead_code, reason = "ignored fields are declared and checked, but not read")]
pub struct PubSubMetadata {
    /// Server as `host:port`; several, separated by commas, for a cluster or for sentinels.
    #[metadata(required)]
    redis_host: String,
    /// Port for addresses of `redisHost` that have none; 6379 when neither gives one.
    redis_port: Option<u16>,
    /// ACL user; empty for the default user.
    #[metadata(default = "")]
    redis_username: String,
    /// Password of the user.
    #[metadata(default = "", secret)]
    redis_password: String,
    /// User for the sentinels.
    #[metadata(default = "")]
    sentinel_username: String,
    /// Password for the sentinels.
    #[metadata(default = "", secret)]
    sentinel_password: String,
    /// Database to select; a cluster has only 0.
    #[metadata(name = "redisDB", default = "0")]
    redis_db: u32,
    /// `node` or `cluster`.
    #[metadata(default = "node")]
    redis_type: String,
    /// `redisHost` lists sentinels, which name the master and another one when it fails.
    #[metadata(default = "false")]
    failover: bool,
    /// Name of the master that the sentinels watch.
    #[metadata(default = "")]
    sentinel_master_name: String,
    /// Speak TLS, and trust the system's root certificates (or those of the file that `SSL_CERT_FILE` names).
    #[metadata(name = "enableTLS", default = "false")]
    enable_tls: bool,
    /// Trust any certificate. For tests only.
    #[metadata(name = "insecureSkipTLSVerify", default = "false")]
    insecure_skip_tls_verify: bool,
    /// Client certificate, PEM.
    #[metadata(default = "")]
    client_cert: String,
    /// Key of the client certificate, PEM.
    #[metadata(default = "", secret)]
    client_key: String,
    /// Log in with Entra ID. Not built: `true` is refused with what to use instead.
    #[metadata(name = "useEntraID", aliases("useAzureAD"), default = "false")]
    use_entra_id: bool,
    /// How often a request is tried again after a failure; -1 for never.
    #[metadata(default = "3")]
    redis_max_retries: i64,
    /// First delay between tries, at most `redisMaxRetryInterval`; a bare number is milliseconds. Default: 8ms.
    redis_min_retry_interval: Option<Limit>,
    /// Longest delay between tries; also how long a lost server is left alone at most, which is never less than 500ms.
    /// Default: 512ms.
    redis_max_retry_interval: Option<Limit>,
    /// Limit for opening a connection, login included; -1 for none. Default: 5s.
    dial_timeout: Option<Limit>,
    /// Limit for the answer to a read; -1 for none. Default: 3s.
    read_timeout: Option<Limit>,
    /// Limit for the answer to a write; -1 for none. Default: that of reads.
    write_timeout: Option<Limit>,
    /// Consumer group. The app id when it is not given.
    #[metadata(name = "consumerID", default = "")]
    consumer_id: String,
    /// After how long a refused message is delivered again, and how often messages of sidecars that have died are looked
    /// for; a bare number is milliseconds, and `0` turns redelivery off.
    #[metadata(default = "15s")]
    redeliver_interval: Milliseconds,
    /// How long a sidecar must not have been heard of until its messages are taken over; a bare number is milliseconds, and
    /// `0` turns redelivery off.
    #[metadata(default = "60s")]
    processing_timeout: Milliseconds,
    /// Messages of a subscription that are read and not settled.
    #[metadata(default = "100")]
    queue_depth: usize,
    /// Messages of a subscription that are with the application at a time.
    #[metadata(default = "10")]
    concurrency: usize,
    /// About how many messages a stream keeps, processed or not; 0 for all.
    #[metadata(default = "0")]
    max_len_approx: u64,
    /// About how long a stream keeps messages, processed or not; 0 for ever. Not together with `maxLenApprox`, which wins.
    #[metadata(name = "streamTTL", default = "0s")]
    stream_ttl: Duration,
    /// No effect: all requests share one connection, so there is no pool.
    #[metadata(ignored)]
    pool_size: Option<i64>,
    /// No effect: no request waits for a connection of a pool.
    #[metadata(ignored)]
    pool_timeout: Option<Limit>,
    /// No effect: the one connection is kept as long as it works.
    #[metadata(ignored)]
    max_conn_age: Option<Limit>,
    /// No effect: the one connection is always open.
    #[metadata(ignored)]
    min_idle_conns: Option<i64>,
    /// No effect: a connection that the server closed is replaced at once.
    #[metadata(ignored)]
    idle_check_frequency: Option<Limit>,
    /// No effect: the one connection stays open when idle.
    #[metadata(ignored)]
    idle_timeout: Option<Limit>,
}

/// A duration; a bare number is milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Milliseconds(Duration);

impl FieldValue for Milliseconds {
    const KIND: &'static str = "duration";

    fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.parse::<u64>() {
            Ok(number) => Ok(Self(Duration::from_millis(number))),
            Err(_) => duration::parse(text).map(Self),
        }
    }
}

/// When messages are delivered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Redelivery {
    /// A refused message after this time.
    pub(super) interval: Duration,
    /// Those of a sidecar that was not heard of for so long.
    pub(super) timeout: Duration,
}

/// Checked settings of `pubsub.redis`.
#[derive(Clone, Debug)]
pub struct Valid {
    pub(super) client: Settings,
    pub(super) consumer_id: String,
    /// Off with none.
    pub(super) redelivery: Option<Redelivery>,
    pub(super) queue_depth: usize,
    pub(super) concurrency: usize,
    pub(super) most_messages: u64,
    pub(super) message_life: Duration,
}

impl PubSubMetadata {
    /// Takes apart what the client needs and what the broker needs.
    pub(super) fn check(self) -> Result<Valid> {
        let (interval, timeout) = (self.redeliver_interval.0, self.processing_timeout.0);
        if self.concurrency == 0 || self.queue_depth == 0 || self.queue_depth > MOST_UNSETTLED {
            return Err(Error::invalid(format!(
                "`concurrency` and `queueDepth` must be at least 1, and `queueDepth` at most {MOST_UNSETTLED}"
            )));
        }
        if self.max_len_approx > 0 && !self.stream_ttl.is_zero() {
            tracing::warn!("pubsub.redis: `streamTTL` has no effect together with `maxLenApprox`");
        }
        let given = Given {
            redis_host: self.redis_host,
            redis_port: self.redis_port,
            redis_username: self.redis_username,
            redis_password: self.redis_password,
            sentinel_username: self.sentinel_username,
            sentinel_password: self.sentinel_password,
            redis_db: self.redis_db,
            redis_type: self.redis_type,
            failover: self.failover,
            sentinel_master_name: self.sentinel_master_name,
            enable_tls: self.enable_tls,
            insecure_skip_tls_verify: self.insecure_skip_tls_verify,
            client_cert: self.client_cert,
            client_key: self.client_key,
            use_entra_id: self.use_entra_id,
            redis_max_retries: self.redis_max_retries,
            redis_min_retry_interval: self.redis_min_retry_interval,
            redis_max_retry_interval: self.redis_max_retry_interval,
            dial_timeout: self.dial_timeout,
            read_timeout: self.read_timeout,
            write_timeout: self.write_timeout,
        };
        Ok(Valid {
            client: given.check(FIRST_DELAY)?,
            consumer_id: self.consumer_id,
            redelivery: (!interval.is_zero() && !timeout.is_zero()).then_some(Redelivery { interval, timeout }),
            queue_depth: self.queue_depth,
            concurrency: self.concurrency,
            most_messages: self.max_len_approx,
            message_life: self.stream_ttl,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dapr_spi::metadata::{Metadata as _, Properties};

    fn valid(pairs: &[(&str, &str)]) -> Result<Valid> {
        let pairs = [("redisHost", "a")].iter().chain(pairs).copied();
        PubSubMetadata::parse(&Properties::from_pairs(pairs))
            .map_err(|_| Error::invalid("a field"))
            .and_then(PubSubMetadata::check)
    }

    #[test]
    fn defaults_are_those_of_the_incumbent() {
        let valid = valid(&[]).unwrap();
        let expected = Redelivery { interval: Duration::from_secs(15), timeout: Duration::from_secs(60) };
        assert_eq!((valid.redelivery, valid.queue_depth, valid.concurrency), (Some(expected), 100, 10));
        assert_eq!(valid.client.retry.first, FIRST_DELAY);
    }

    #[test]
    fn bare_numbers_are_milliseconds_and_zero_is_off() {
        let given = valid(&[("processingTimeout", "250"), ("redeliverInterval", "2s")]).unwrap().redelivery.unwrap();
        assert_eq!((given.timeout, given.interval), (Duration::from_millis(250), Duration::from_secs(2)));
        assert_eq!(valid(&[("redeliverInterval", "0")]).unwrap().redelivery, None);
        assert!(valid(&[("queueDepth", "0")]).is_err() && valid(&[("concurrency", "0")]).is_err());
    }
}
