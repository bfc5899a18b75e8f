//! Checked settings of a component.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dapr_net::dial::{Origin, Tls};
use dapr_net::tls;
use dapr_spi::pubsub::Limits;
use dapr_spi::{Error, Result};
use lapin::ExchangeKind;
use lapin::uri::{AMQPScheme, AMQPUri};
use rustls::pki_types::ServerName;

use crate::address;
use crate::metadata::RabbitMqMetadata;

/// Frames of this size are offered to the server. The client keeps room for 64 of them, so that they cost memory.
const FRAME_BYTES: u32 = 32 << 10;
const SMALLEST_HEARTBEAT: Duration = Duration::from_secs(1);

/// Checked settings.
#[derive(Clone)]
pub struct Settings {
    pub(crate) uri: AMQPUri,
    pub(crate) tls: Option<Tls>,
    pub(crate) sasl_external: bool,
    pub(crate) client_name: String,
    /// Empty means the app id.
    pub(crate) consumer_id: String,
    pub(crate) durable: bool,
    pub(crate) auto_delete: bool,
    pub(crate) auto_ack: bool,
    pub(crate) delivery_mode: u8,
    pub(crate) requeue: bool,
    /// Zero means as many as fit.
    pub(crate) prefetch: u16,
    pub(crate) reconnect_wait: Duration,
    pub(crate) single: bool,
    pub(crate) confirm: bool,
    pub(crate) dead_letter: bool,
    pub(crate) max_len: Option<i64>,
    pub(crate) max_len_bytes: Option<i64>,
    pub(crate) exchange_kind: ExchangeKind,
    pub(crate) ttl: Option<Duration>,
    pub(crate) properties_to_metadata: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("server", &self.origin()).finish_non_exhaustive()
    }
}

impl Settings {
    /// Checks what single fields cannot say.
    pub(crate) fn check(given: RabbitMqMetadata) -> Result<Self> {
        let mut uri = uri(&given)?;
        let heartbeat = given.heart_beat.max(SMALLEST_HEARTBEAT).as_secs();
        uri.query.heartbeat.get_or_insert(u16::try_from(heartbeat).unwrap_or(u16::MAX));
        uri.query.frame_max = Some(FRAME_BYTES);
        let delivery_mode = u8::try_from(given.delivery_mode).ok().filter(|mode| *mode <= 2);
        let unknown = || Error::invalid(format!("`deliveryMode`: expected 0, 1 or 2, found {}", given.delivery_mode));
        let delivery_mode = delivery_mode.ok_or_else(unknown)?;
        if given.ttl_in_seconds == Some(Duration::ZERO) {
            return Err(Error::invalid("`ttlInSeconds` must be more than zero"));
        }
        let (exchange_kind, single) = (exchange_kind(&given.exchange_kind)?, is_single(&given.concurrency)?);
        Ok(Self {
            tls: tls(&given, &uri)?,
            uri,
            sasl_external: given.sasl_external,
            client_name: given.client_name,
            consumer_id: given.consumer_id,
            durable: given.durable,
            auto_delete: given.deleted_when_unused,
            auto_ack: given.auto_ack,
            delivery_mode,
            requeue: given.requeue_in_failure,
            prefetch: given.prefetch_count,
            reconnect_wait: given.reconnect_wait_seconds,
            single,
            confirm: given.publisher_confirm,
            dead_letter: given.enable_dead_letter,
            max_len: given.max_len.filter(|max| *max > 0),
            max_len_bytes: given.max_len_bytes.filter(|max| *max > 0),
            exchange_kind,
            ttl: given.ttl_in_seconds,
            properties_to_metadata: given.publish_message_properties_to_metadata,
        })
    }

    /// Where the server is.
    pub(crate) fn origin(&self) -> Origin {
        let authority = &self.uri.authority;
        Origin { host: authority.host.clone(), port: authority.port, tls: self.tls.clone() }
    }

    /// How many messages of a subscription there may be.
    pub(crate) fn limits(&self) -> Limits {
        let default = Limits::default();
        let unsettled = if self.prefetch == 0 { default.unsettled } else { usize::from(self.prefetch) };
        let concurrency = if self.single { 1 } else { default.concurrency.min(unsettled) };
        Limits { concurrency, unsettled }
    }
}

fn uri(given: &RabbitMqMetadata) -> Result<AMQPUri> {
    let wrong = |field: &'static str| move |why: String| Error::invalid(format!("`{field}`: {why}"));
    if given.connection_string.is_empty() {
        let scheme = if given.protocol.is_empty() { "amqp" } else { &given.protocol };
        let scheme = address::scheme(scheme).map_err(wrong("protocol"))?;
        let mut uri = AMQPUri { scheme, ..AMQPUri::default() };
        let port = address::default_port(&uri.scheme);
        let (host, port) = address::host_and_port(&given.hostname, port).map_err(wrong("hostname"))?;
        (uri.authority.host, uri.authority.port) = (host, port);
        uri.authority.userinfo = address::guest();
        if !given.username.is_empty() {
            uri.authority.userinfo.username.clone_from(&given.username);
            if !given.password.is_empty() {
                uri.authority.userinfo.password.clone_from(&given.password);
            }
        }
        return Ok(uri);
    }
    let uri = address::parse(&given.connection_string).map_err(wrong("connectionString"))?;
    if !given.protocol.is_empty() && address::scheme(&given.protocol).as_ref() != Ok(&uri.scheme) {
        return Err(Error::invalid("`protocol` and `connectionString` name different protocols; leave `protocol` out"));
    }
    Ok(uri)
}

fn tls(given: &RabbitMqMetadata, uri: &AMQPUri) -> Result<Option<Tls>> {
    let complete = [&given.ca_cert, &given.client_cert, &given.client_key].iter().all(|field| !field.is_empty());
    if given.sasl_external && !complete {
        return Err(Error::invalid("`saslExternal: true` needs `caCert`, `clientCert` and `clientKey`"));
    }
    // What is given is checked, also where it is not used: a wrong certificate is found when the component is written.
    let config = if uri.scheme == AMQPScheme::AMQPS || !given.ca_cert.is_empty() || !given.client_cert.is_empty() {
        Some(tls::client_config(&given.ca_cert, &given.client_cert, &given.client_key).map_err(Error::invalid)?)
    } else {
        None
    };
    if uri.scheme != AMQPScheme::AMQPS {
        return if given.sasl_external { Err(Error::invalid("`saslExternal: true` needs `amqps`")) } else { Ok(None) };
    }
    let host = uri.authority.host.clone();
    let server_name = ServerName::try_from(host.clone())
        .map_err(|_| Error::invalid(format!("`connectionString`: `{host}` is no name that TLS can check")))?;
    Ok(config.map(|config| Tls { config: Arc::new(config), server_name }))
}

fn exchange_kind(text: &str) -> Result<ExchangeKind> {
    match text {
        "fanout" => Ok(ExchangeKind::Fanout),
        "topic" => Ok(ExchangeKind::Topic),
        "direct" => Ok(ExchangeKind::Direct),
        "headers" => Ok(ExchangeKind::Headers),
        other => Err(Error::invalid(format!(
            "`exchangeKind`: expected `fanout`, `topic`, `direct` or `headers`, found `{other}`"
        ))),
    }
}

fn is_single(text: &str) -> Result<bool> {
    match text.to_ascii_lowercase().as_str() {
        "" | "parallel" => Ok(false),
        "single" => Ok(true),
        _ => Err(Error::invalid(format!("`concurrency`: expected `parallel` or `single`, found `{text}`"))),
    }
}

#[cfg(test)]
mod tests {
    use dapr_spi::metadata::{Metadata, Properties};

    use super::*;

    fn check(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let metadata = RabbitMqMetadata::parse(&Properties::from_pairs(pairs.iter().copied())).unwrap();
        Settings::check(metadata).map_err(|error| error.to_string())
    }

    #[test]
    fn the_server_is_found_in_either_form() {
        let of = |pairs: &[(&str, &str)]| format!("{}", check(pairs).unwrap().origin());
        assert_eq!(of(&[]), "localhost:5672");
        assert_eq!(of(&[("hostname", "rabbit:99")]), "rabbit:99");
        assert_eq!(of(&[("host", "amqp://other")]), "other:5672");
        assert_eq!(of(&[("protocol", "amqps"), ("hostname", "rabbit")]), "rabbit:5671");
        let with_user = check(&[("username", "u"), ("password", "p@:/")]).unwrap().uri.authority.userinfo;
        assert_eq!((with_user.username.as_str(), with_user.password.as_str()), ("u", "p@:/"));
    }

    #[test]
    fn defaults_are_those_of_the_incumbent() {
        let settings = check(&[]).unwrap();
        assert!(settings.durable && settings.auto_delete && !settings.auto_ack && !settings.requeue);
        assert!(!settings.confirm && !settings.dead_letter && !settings.single && settings.prefetch == 0);
        assert_eq!((settings.delivery_mode, settings.ttl), (0, None));
        assert_eq!(settings.exchange_kind, ExchangeKind::Fanout);
        assert_eq!(settings.reconnect_wait, Duration::from_secs(3));
        assert_eq!(settings.uri.query.heartbeat, Some(10));
        assert_eq!(settings.limits(), Limits::default());
    }

    #[test]
    fn limits_follow_prefetch_and_concurrency() {
        let limits = |pairs: &[(&str, &str)]| check(pairs).unwrap().limits();
        assert_eq!(limits(&[("prefetchCount", "5")]), Limits { concurrency: 5, unsettled: 5 });
        assert_eq!(limits(&[("concurrency", "single")]), Limits { concurrency: 1, unsettled: 128 });
    }

    #[test]
    fn refuses_what_cannot_work_and_says_why() {
        for (pairs, part) in [
            (&[("deliveryMode", "3")][..], "deliveryMode"),
            (&[("exchangeKind", "fan")], "exchangeKind"),
            (&[("concurrency", "some")], "concurrency"),
            (&[("saslExternal", "true")], "needs `caCert`"),
            (&[("connectionString", "amqp://h"), ("protocol", "amqps")], "different protocols"),
            (&[("connectionString", "http://user:hunter2@h")], "must be `amqp` or `amqps`"),
            (&[("caCert", "a file name")], "`caCert` holds no certificate"),
            (&[("ttlInSeconds", "0")], "ttlInSeconds"),
        ] {
            let error = check(pairs).unwrap_err();
            assert!(error.contains(part) && !error.contains("hunter2"), "{pairs:?}: {error}");
        }
    }
}
