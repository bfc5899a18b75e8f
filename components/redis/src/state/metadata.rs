//! The fields of `state.redis`.

use dapr_spi::Metadata;

use crate::settings::{Given, Limit};

/// Metadata of `state.redis`.
#[derive(Metadata)]
#[expect(dead_code, reason = "ignored fields are declared and checked, but not read")]
pub struct RedisMetadata {
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
    #[metadata(aliases("maxRetries"), default = "3")]
    redis_max_retries: i64,
    /// First delay between tries, at most `redisMaxRetryInterval`; a bare number is milliseconds. Default: 2s.
    redis_min_retry_interval: Option<Limit>,
    /// Longest delay between tries; also how long a lost server is left alone at most, which is never less than 500ms.
    /// Default: 512ms.
    redis_max_retry_interval: Option<Limit>,
    /// Older name of `redisMinRetryInterval`, in nanoseconds.
    max_retry_backoff: Option<i64>,
    /// Limit for opening a connection, login included; -1 for none. Default: 5s.
    dial_timeout: Option<Limit>,
    /// Limit for the answer to a read; -1 for none. Default: 3s.
    read_timeout: Option<Limit>,
    /// Limit for the answer to a write; -1 for none. Default: that of reads.
    write_timeout: Option<Limit>,
    /// Expiry of items that are saved without `ttlInSeconds`; zero or less for none.
    #[metadata(name = "ttlInSeconds")]
    ttl_in_seconds: Option<i32>,
    /// JSON list of indexes for the query API, made at start; needs a server with RedisJSON and RediSearch.
    #[metadata(default = "")]
    query_indexes: String,
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
    /// No effect: this is a field of `pubsub.redis`.
    #[metadata(ignored)]
    redeliver_interval: Option<Limit>,
    /// No effect: this is a field of `pubsub.redis`.
    #[metadata(ignored)]
    processing_timeout: Option<Limit>,
}

/// What only the state store reads.
pub(super) struct Own {
    pub(super) default_ttl: Option<i32>,
    pub(super) query_indexes: String,
}

impl RedisMetadata {
    /// Takes apart what the client needs and what the store needs.
    pub(super) fn split(self) -> (Given, Own) {
        let legacy_delay = self.max_retry_backoff.map(|nanoseconds| match u64::try_from(nanoseconds) {
            Ok(0) => Limit::Default,
            Ok(nanoseconds) => Limit::After(std::time::Duration::from_nanos(nanoseconds)),
            Err(_) => Limit::Off,
        });
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
            redis_min_retry_interval: self.redis_min_retry_interval.or(legacy_delay),
            redis_max_retry_interval: self.redis_max_retry_interval,
            dial_timeout: self.dial_timeout,
            read_timeout: self.read_timeout,
            write_timeout: self.write_timeout,
        };
        (given, Own { default_ttl: self.ttl_in_seconds, query_indexes: self.query_indexes })
    }
}
