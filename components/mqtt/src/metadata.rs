//! The fields of `pubsub.mqtt3`.

use dapr_spi::Metadata;

/// Metadata of `pubsub.mqtt3`.
#[derive(Metadata)]
pub struct MqttMetadata {
    /// Where the broker is: `tcp://user:password@host:1883` (or `mqtt://`), `ssl://` for TLS (or `tls://`, `tcps://`,
    /// `mqtts://`).
    #[metadata(required, secret)]
    pub(crate) url: String,
    /// Certificate authority of the broker, PEM; without it, the roots of the system are trusted.
    #[metadata(default = "")]
    pub(crate) ca_cert: String,
    /// Client certificate, PEM.
    #[metadata(default = "")]
    pub(crate) client_cert: String,
    /// Key of the client certificate, PEM.
    #[metadata(default = "", secret)]
    pub(crate) client_key: String,
    /// Client id at the broker; the app id when empty. Two connections cannot have the same: several instances of an app
    /// need `{uuid}` or `{podName}` in it.
    #[metadata(name = "consumerID", default = "")]
    pub(crate) consumer_id: String,
    /// The broker keeps the last message of a topic for new subscribers; a message's metadata `retain` may say otherwise.
    #[metadata(default = "false")]
    pub(crate) retain: bool,
    /// The broker forgets subscriptions and messages of this client when the connection ends.
    #[metadata(default = "false")]
    pub(crate) clean_session: bool,
    /// Quality of service of messages and subscriptions: `0` at most once, `1` at least once, `2` exactly once between
    /// broker and sidecar.
    #[metadata(default = "1")]
    pub(crate) qos: u16,
}
