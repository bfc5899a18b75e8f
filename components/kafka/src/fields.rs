//! The metadata fields of the Kafka components, as they are written.

use std::time::Duration;

use dapr_spi::Metadata;
use dapr_spi::metadata::FieldValue;

/// A time of which a bare number is milliseconds, as the incumbent reads this one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milliseconds(pub(crate) Duration);

impl FieldValue for Milliseconds {
    const KIND: &'static str = "duration";

    fn read(text: &str) -> Result<Self, String> {
        match text.trim().parse::<u32>() {
            Ok(milliseconds) => Ok(Self(Duration::from_millis(milliseconds.into()))),
            Err(_) => dapr_kit::duration::parse(text.trim()).map(Self),
        }
    }
}

/// Fields of `pubsub.kafka`.
#[derive(Metadata)]
pub struct KafkaMetadata {
    /// Addresses of some brokers, `host:port`, separated by commas. The others are learnt from them.
    #[metadata(required)]
    pub brokers: String,
    /// Consumer group. Default: `consumerID`, and without that the app id.
    pub consumer_group: Option<String>,
    /// Consumer group when `consumerGroup` is not set.
    #[metadata(name = "consumerID")]
    pub consumer_id: Option<String>,
    /// The name that brokers show and count quotas by.
    #[metadata(name = "clientID", default = "sarama")]
    pub client_id: String,
    /// How brokers know us: `none`, `password`, `mtls`, `certificate`, `oidc` or `oidc_private_key_jwt`.
    pub auth_type: Option<String>,
    /// Deprecated, use `authType`: `true` means `password` when there is a `saslPassword`, else `mtls`; `false` means
    /// `none`.
    pub auth_required: Option<bool>,
    /// User name for `authType: password`.
    pub sasl_username: Option<String>,
    /// Password for `authType: password`.
    #[metadata(secret)]
    pub sasl_password: Option<String>,
    /// `PLAINTEXT`, `SHA-256` or `SHA-512`, for `authType: password`.
    #[metadata(default = "PLAINTEXT")]
    pub sasl_mechanism: String,
    /// URL that gives tokens, for the `oidc` types.
    pub oidc_token_endpoint: Option<String>,
    /// Id of the client there.
    #[metadata(name = "oidcClientID")]
    pub oidc_client_id: Option<String>,
    /// Its secret, for `authType: oidc`.
    #[metadata(secret)]
    pub oidc_client_secret: Option<String>,
    /// Scopes to ask for, separated by commas.
    #[metadata(default = "openid")]
    pub oidc_scopes: String,
    /// Extensions that go to the broker with the token, as a JSON object of texts.
    pub oidc_extensions: Option<String>,
    /// Certificate of the key for `authType: oidc_private_key_jwt`, in PEM.
    pub oidc_client_assertion_cert: Option<String>,
    /// RSA key that signs the client's assertion for `authType: oidc_private_key_jwt`, in PEM.
    #[metadata(secret)]
    pub oidc_client_assertion_key: Option<String>,
    /// `resource` of the request for a token, for `authType: oidc_private_key_jwt`.
    pub oidc_resource: Option<String>,
    /// Audience of the assertion, for `authType: oidc_private_key_jwt`. Default: the token endpoint.
    pub oidc_audience: Option<String>,
    /// Name of the key in the assertion's header, for `authType: oidc_private_key_jwt`.
    pub oidc_kid: Option<String>,
    /// Certificate authority of the brokers, in PEM. Default: those that this machine trusts.
    pub ca_cert: Option<String>,
    /// Our certificate for `authType: mtls`, in PEM.
    pub client_cert: Option<String>,
    /// Its key, in PEM.
    #[metadata(secret)]
    pub client_key: Option<String>,
    /// Trust any broker, whatever its certificate says. Not for production.
    #[metadata(default = "false")]
    pub skip_verify: bool,
    /// No TLS. `authType: none` has none in any case.
    #[metadata(default = "false")]
    pub disable_tls: bool,
    /// Where a group without a stored position begins: `newest` or `oldest`.
    #[metadata(default = "newest")]
    pub initial_offset: String,
    /// Largest message to publish, in bytes. Zero means 1 MiB.
    #[metadata(default = "0")]
    pub max_message_bytes: i32,
    /// After how long a message that was not processed is delivered again. A bare number is milliseconds.
    #[metadata(default = "100ms")]
    pub consume_retry_interval: Milliseconds,
    /// Whether a message that was not processed is delivered again. Otherwise it is dropped, with an error in the log.
    #[metadata(default = "true")]
    pub consume_retry_enabled: bool,
    /// How often a consumer tells its group that it lives.
    #[metadata(default = "3s")]
    pub heartbeat_interval: Duration,
    /// After how long without a sign of life the group gives a consumer's partitions to others.
    #[metadata(default = "10s")]
    pub session_timeout: Duration,
    /// Has no effect: client and broker agree on the version of each request.
    #[metadata(default = "2.0.0.0", ignored)]
    pub version: String,
    /// Messages per partition that are fetched in advance.
    #[metadata(default = "256")]
    pub channel_buffer_size: u32,
    /// Bytes that a broker collects before it answers a fetch, or half a second.
    #[metadata(default = "1")]
    pub consumer_fetch_min: i32,
    /// Bytes of one partition in an answer to a fetch.
    #[metadata(default = "1048576")]
    pub consumer_fetch_default: i32,
    /// How often brokers and partitions are looked up again.
    #[metadata(default = "8m")]
    pub client_connection_topic_metadata_refresh_interval: Duration,
    /// Has no effect: connections are always kept alive.
    #[metadata(default = "0", ignored)]
    pub client_connection_keep_alive_interval: Duration,
    /// How long opening a connection may take.
    #[metadata(default = "30s")]
    pub dial_timeout: Duration,
    /// How long a broker may take to answer.
    #[metadata(default = "30s")]
    pub read_timeout: Duration,
    /// Has no effect: `readTimeout` bounds a request as a whole.
    #[metadata(default = "30s", ignored)]
    pub write_timeout: Duration,
    /// How long the first look at the cluster may take, and a look at its health. Zero means 4 seconds.
    #[metadata(default = "0")]
    pub metadata_timeout: Duration,
    /// When a message counts as published: `all` (every replica in sync has it), `local` (the leader has it) or `none`
    /// (it was sent).
    #[metadata(default = "all")]
    pub producer_required_acks: String,
    /// How often sending a message is tried again.
    #[metadata(default = "5")]
    pub producer_retry_max: i32,
    /// `none`, `gzip`, `snappy`, `lz4` or `zstd`.
    #[metadata(default = "none")]
    pub compression: String,
    /// How partitions are shared within the group: `range`, `roundrobin` or `sticky`. Go sidecars cannot be in the same
    /// group with `sticky`, since it is the cooperative one here.
    #[metadata(default = "range")]
    pub consumer_group_rebalance_strategy: String,
    /// URL of the schema registry, for values with `valueSchemaType: Avro`.
    #[metadata(name = "schemaRegistryURL")]
    pub schema_registry_url: Option<String>,
    /// User name at the schema registry.
    #[metadata(name = "schemaRegistryAPIKey")]
    pub schema_registry_api_key: Option<String>,
    /// Password at the schema registry.
    #[metadata(name = "schemaRegistryAPISecret", secret)]
    pub schema_registry_api_secret: Option<String>,
    /// Whether the latest schema of a topic is remembered. Schemas by number always are: they never change.
    #[metadata(default = "true")]
    pub schema_caching_enabled: bool,
    /// How long the latest schema of a topic is remembered.
    #[metadata(name = "schemaLatestVersionCacheTTL", default = "5m")]
    pub schema_latest_version_cache_ttl: Duration,
    /// Avro values are read and given as Avro JSON, in which a union names its branch, rather than as plain JSON.
    #[metadata(name = "useAvroJSON", default = "false")]
    pub use_avro_json: bool,
    /// The key and headers of a message are URL-encoded in its metadata.
    #[metadata(default = "false")]
    pub escape_headers: bool,
    /// Metadata whose name matches does not become a header, nor a header metadata.
    pub exclude_header_meta_regex: Option<String>,
}
