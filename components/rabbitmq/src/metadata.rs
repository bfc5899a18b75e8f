//! The fields of `pubsub.rabbitmq`.

use std::time::Duration;

use dapr_spi::Metadata;

/// Metadata of `pubsub.rabbitmq`.
#[derive(Metadata)]
pub struct RabbitMqMetadata {
    /// Where the server is: `amqp://user:password@host:5672/vhost`, or `amqps://` for TLS. Without it, `hostname` and the
    /// fields beside it say so.
    #[metadata(aliases("host"), default = "", secret)]
    pub(crate) connection_string: String,
    /// Server as `host` or `host:port`.
    #[metadata(default = "localhost")]
    pub(crate) hostname: String,
    /// `amqp`, or `amqps` for TLS. Beside a `connectionString` it must be the same.
    #[metadata(default = "")]
    pub(crate) protocol: String,
    /// User; without one, `guest`.
    #[metadata(default = "")]
    pub(crate) username: String,
    /// Password of the user.
    #[metadata(default = "", secret)]
    pub(crate) password: String,
    /// Certificate authority of the server, PEM; without it, the roots of the system are trusted.
    #[metadata(default = "")]
    pub(crate) ca_cert: String,
    /// Client certificate, PEM.
    #[metadata(default = "", secret)]
    pub(crate) client_cert: String,
    /// Key of the client certificate, PEM.
    #[metadata(default = "", secret)]
    pub(crate) client_key: String,
    /// Let the server take the user from the client certificate (SASL EXTERNAL); needs `amqps`, `caCert`, `clientCert` and
    /// `clientKey`.
    #[metadata(default = "false")]
    pub(crate) sasl_external: bool,
    /// Begin of the names of queues, `<consumerID>-<topic>`; the app id when empty. Subscriptions with the same share
    /// their messages.
    #[metadata(name = "consumerID", default = "")]
    pub(crate) consumer_id: String,
    /// Exchanges and queues survive a restart of the server; messages only with `deliveryMode: 2`.
    #[metadata(default = "true")]
    pub(crate) durable: bool,
    /// The server deletes a queue, with what is in it, when its last subscriber leaves, and an exchange when its last queue
    /// goes. Set it to `false` to lose nothing while the application is away.
    #[metadata(default = "true")]
    pub(crate) deleted_when_unused: bool,
    /// Messages count as processed as soon as they have come, whatever the application makes of them.
    #[metadata(default = "false")]
    pub(crate) auto_ack: bool,
    /// `2` to keep messages on disk; `0` and `1` keep them in memory.
    #[metadata(default = "0")]
    pub(crate) delivery_mode: u16,
    /// A message that was not processed goes back to its queue. Otherwise it goes to the dead-letter queue if there is
    /// one, and is lost if not.
    #[metadata(default = "false")]
    pub(crate) requeue_in_failure: bool,
    /// Messages that a subscription holds at a time; `0` for as many as the sidecar has room for.
    #[metadata(default = "0")]
    pub(crate) prefetch_count: u16,
    /// How long a lost connection rests before each attempt to open it again.
    #[metadata(default = "3s")]
    pub(crate) reconnect_wait_seconds: Duration,
    /// `parallel`, or `single` for one message after the other.
    #[metadata(default = "parallel")]
    pub(crate) concurrency: String,
    /// Wait until the server confirms that it has a message. Without, one may be lost when server or connection fail.
    #[metadata(default = "false")]
    pub(crate) publisher_confirm: bool,
    /// Give each queue a dead-letter queue `dlq-<queue>` behind the exchange `dlx-<queue>`.
    #[metadata(default = "false")]
    pub(crate) enable_dead_letter: bool,
    /// Messages that a queue and its dead-letter queue keep at most; the oldest are dropped.
    pub(crate) max_len: Option<i64>,
    /// Bytes that a queue and its dead-letter queue keep at most; the oldest messages are dropped.
    pub(crate) max_len_bytes: Option<i64>,
    /// Kind of the exchanges: `fanout`, `topic`, `direct` or `headers`.
    #[metadata(default = "fanout")]
    pub(crate) exchange_kind: String,
    /// Name of the connections, as the server's tools show it.
    #[metadata(default = "")]
    pub(crate) client_name: String,
    /// After about twice this time without a sign of life, a connection counts as lost.
    #[metadata(default = "10s")]
    pub(crate) heart_beat: Duration,
    /// Lifetime of messages that bring none of their own; for ever without.
    #[metadata(aliases("ttl"))]
    pub(crate) ttl_in_seconds: Option<Duration>,
    /// Give properties and headers of a message to the application, as metadata.
    #[metadata(default = "false")]
    pub(crate) publish_message_properties_to_metadata: bool,
}
