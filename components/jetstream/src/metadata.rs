//! The fields of `pubsub.jetstream`.

use std::time::Duration;

use dapr_spi::Metadata;

/// Metadata of `pubsub.jetstream`.
#[derive(Metadata)]
pub struct JetStreamMetadata {
    /// Where the servers are: `nats://host:4222`, or `tls://` for TLS; several with commas between them. A user and a
    /// password, or a token, may stand before the host: `nats://user:password@host:4222`.
    #[metadata(name = "natsURL", required, secret)]
    pub(crate) nats_url: String,
    /// JWT of the user; needs `seedKey`.
    #[metadata(default = "", secret)]
    pub(crate) jwt: String,
    /// Seed of the key that the JWT belongs to.
    #[metadata(default = "", secret)]
    pub(crate) seed_key: String,
    /// Token that the server asks for.
    #[metadata(default = "", secret)]
    pub(crate) token: String,
    /// Client certificate: PEM, or the path of a file with it. Needs `tls_client_key`.
    #[metadata(name = "tls_client_cert", default = "", secret)]
    pub(crate) tls_client_cert: String,
    /// Key of the client certificate: PEM, or the path of a file with it.
    #[metadata(name = "tls_client_key", default = "", secret)]
    pub(crate) tls_client_key: String,
    /// Certificate authority of the server: PEM, or the path of a file with it. Without it, the roots of the system are
    /// trusted.
    #[metadata(default = "")]
    pub(crate) ca_cert: String,
    /// Name of the connection, as the server's tools show it.
    #[metadata(default = "dapr.io - pubsub.jetstream")]
    pub(crate) name: String,
    /// Stream to subscribe to; without it, the stream that takes the topic is looked up.
    #[metadata(default = "")]
    pub(crate) stream_name: String,
    /// Name of the durable consumer: it keeps its place while nobody subscribes. A durable consumer is for one topic; with
    /// several, write `{topic}` somewhere in the name, such as `orders-{topic}`. Without a name, each subscription begins
    /// anew as `deliverPolicy` says.
    #[metadata(default = "")]
    pub(crate) durable_name: String,
    /// Subscribers of one durable consumer that share its messages. Without it, a durable consumer has one subscriber.
    #[metadata(default = "")]
    pub(crate) queue_group_name: String,
    /// First message of a new consumer, for `deliverPolicy: sequence`.
    #[metadata(default = "0")]
    pub(crate) start_sequence: u64,
    /// Time of the first message of a new consumer in seconds since 1970, for `deliverPolicy: time`.
    pub(crate) start_time: Option<u64>,
    /// Let the server wait for the sidecar when much is under way; needs `heartbeat`, which is 5s then when it is not
    /// given.
    #[metadata(default = "false")]
    pub(crate) flow_control: bool,
    /// How long the server waits for an acknowledgement before it delivers again, and how long a message rests that was
    /// not processed; the server's default is 30s. A message that the application is still working on is not delivered
    /// again.
    pub(crate) ack_wait: Option<Duration>,
    /// How often a message is delivered at most; no limit without it.
    #[metadata(default = "0")]
    pub(crate) max_deliver: i64,
    /// How long a message rests after each delivery in which it was not processed, such as `1s, 5s, 30s`; the last one
    /// stands for all that follow. Goes before `ackWait`; a `maxDeliver` must be more than there are times.
    #[metadata(default = "")]
    pub(crate) back_off: String,
    /// Messages that are delivered and not acknowledged at a time. Without it, a new consumer has 256 for one subscriber,
    /// and 512 for a queue group, whose members share them.
    #[metadata(default = "0")]
    pub(crate) max_ack_pending: u32,
    /// Replicas of the consumer; those of the stream without it.
    #[metadata(default = "0")]
    pub(crate) replicas: usize,
    /// Keep the state of the consumer in memory, not on disk.
    #[metadata(default = "false")]
    pub(crate) memory_storage: bool,
    /// Bits that are delivered a second at most; no limit without it.
    #[metadata(default = "0")]
    pub(crate) rate_limit: u64,
    /// How often the server gives a sign of life when there are no messages; not for queue groups.
    pub(crate) heartbeat: Option<Duration>,
    /// Where a new consumer begins: `all`, `last`, `new`, `sequence` or `time`.
    #[metadata(default = "all")]
    pub(crate) deliver_policy: String,
    /// `explicit`: each message is acknowledged. `all`: one for all before it. `none`: a message counts as processed as
    /// soon as it is sent.
    #[metadata(default = "explicit")]
    pub(crate) ack_policy: String,
    /// Domain of JetStream.
    #[metadata(default = "")]
    pub(crate) domain: String,
    /// Begin of the subjects of JetStream's API, `$JS.API` when empty. Goes before `domain`.
    #[metadata(name = "apiPrefix", default = "")]
    pub(crate) api_prefix: String,
    /// `single` for one message after the other, or `parallel`.
    #[metadata(aliases("concurrencyMode"), default = "single")]
    pub(crate) concurrency: String,
}
