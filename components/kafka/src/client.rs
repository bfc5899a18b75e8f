//! The C library's clients: their configuration, and what they tell us beside messages.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dapr_spi::{Error, ErrorKind};
use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientConfig, ClientContext};

use crate::settings::{Acknowledgements, InitialOffset, Settings};
use crate::token::Tokens;

/// How long a message may take to be published, attempts and a broker that is away included.
pub(crate) const PUBLISH_TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes of messages that wait to be sent.
const SEND_QUEUE_KILOBYTES: u32 = 32 << 10;
/// Bytes of messages that a subscription has fetched in advance.
const FETCH_QUEUE_KILOBYTES: u32 = 4 << 10;
/// Messages that a subscription fetches in advance at least; what is smaller costs more requests than memory.
const LEAST_PREFETCHED: u32 = 2_000;
/// How long a message waits for others to travel with. What comes while a request is under way waits for it anyway.
const LINGER: &str = "0.5";
/// A rebalance waits for a member that is this long without a sign that it works.
const POLL_INTERVAL: Duration = Duration::from_secs(300);

/// What all clients of a component have in common.
fn common(settings: &Settings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("client.id", &settings.client_id)
        .set("socket.keepalive.enable", "true")
        .set("socket.nagle.disable", "true")
        .set("socket.timeout.ms", milliseconds(settings.read_timeout, 1_000, 300_000))
        .set("socket.connection.setup.timeout.ms", milliseconds(settings.dial_timeout, 1_000, 2_147_483_647))
        .set("topic.metadata.refresh.interval.ms", milliseconds(settings.metadata_refresh, 10, 3_600_000))
        .set("reconnect.backoff.ms", "100")
        .set("reconnect.backoff.max.ms", "2000");
    settings.security.configure(&mut config);
    config.set_log_level(RDKafkaLogLevel::Debug);
    config
}

/// For publishing.
pub(crate) fn producer(settings: &Settings) -> ClientConfig {
    let mut config = common(settings);
    let acknowledgements = match settings.acknowledgements {
        Acknowledgements::All => "all",
        Acknowledgements::Leader => "1",
        Acknowledgements::None => "0",
    };
    // What is tried again could overtake what came after it. Numbers that brokers check prevent that; where there are
    // none, one request at a time does.
    let numbered = settings.acknowledgements == Acknowledgements::All && settings.retries > 0;
    let in_flight = if numbered || settings.retries == 0 { "5" } else { "1" };
    config
        .set("acks", acknowledgements)
        .set("enable.idempotence", numbered.to_string())
        .set("max.in.flight.requests.per.connection", in_flight)
        .set("retries", settings.retries.to_string())
        .set("retry.backoff.ms", "100")
        .set("message.timeout.ms", PUBLISH_TIMEOUT.as_millis().to_string())
        .set("request.timeout.ms", PUBLISH_TIMEOUT.as_millis().to_string())
        .set("topic.metadata.propagation.max.ms", "5000")
        .set("message.max.bytes", settings.max_message_bytes.max(1_000).to_string())
        .set("queue.buffering.max.kbytes", SEND_QUEUE_KILOBYTES.to_string())
        .set("queue.buffering.max.ms", LINGER)
        .set("compression.codec", settings.compression)
        // The same partition for the same key as the incumbent's client.
        .set("partitioner", "fnv1a_random");
    config
}

/// For a subscription.
pub(crate) fn consumer(settings: &Settings, group: &str) -> ClientConfig {
    let mut config = common(settings);
    let initial_offset = match settings.initial_offset {
        InitialOffset::Newest => "latest",
        InitialOffset::Oldest => "earliest",
    };
    let fetch_bytes = settings.fetch_default.max(settings.max_message_bytes);
    config
        .set("group.id", group)
        .set("auto.offset.reset", initial_offset)
        .set("allow.auto.create.topics", "true")
        // What is committed is what we store, and we store what is settled.
        .set("enable.auto.offset.store", "false")
        .set("enable.auto.commit", "true")
        .set("auto.commit.interval.ms", "1000")
        .set("heartbeat.interval.ms", milliseconds(settings.heartbeat_interval, 1, 3_600_000))
        .set("session.timeout.ms", milliseconds(settings.session_timeout, 1, 3_600_000))
        .set("max.poll.interval.ms", milliseconds(POLL_INTERVAL.max(settings.session_timeout), 1, 86_400_000))
        .set("partition.assignment.strategy", settings.assignment_strategy)
        .set("fetch.min.bytes", settings.fetch_min.to_string())
        .set("max.partition.fetch.bytes", settings.fetch_default.to_string())
        .set("fetch.max.bytes", fetch_bytes.max(FETCH_QUEUE_KILOBYTES.cast_signed() << 10).to_string())
        .set("fetch.error.backoff.ms", "100")
        // By default a partition rests for a second each time enough of it was fetched.
        .set("fetch.queue.backoff.ms", "2")
        .set("queued.min.messages", settings.prefetched_messages.max(LEAST_PREFETCHED).to_string())
        .set("queued.max.messages.kbytes", FETCH_QUEUE_KILOBYTES.to_string());
    config
}

fn milliseconds(time: Duration, least: u128, most: u128) -> String {
    time.as_millis().clamp(least, most).to_string()
}

/// What a client tells beside messages: its log, its troubles, and that it needs a token.
#[derive(Clone)]
pub(crate) struct Events {
    /// Name of the component.
    name: Arc<str>,
    tokens: Option<Arc<Tokens>>,
    trouble: Arc<Trouble>,
}

/// Why brokers cannot be used.
#[derive(Default)]
struct Trouble {
    /// Whether there is a text, so that a message that goes well takes no lock.
    is_there: AtomicBool,
    text: Mutex<Option<String>>,
}

impl Trouble {
    fn text(&self) -> MutexGuard<'_, Option<String>> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Events {
    pub(crate) fn new(name: &str, tokens: Option<Arc<Tokens>>) -> Self {
        Self { name: name.into(), tokens, trouble: Arc::default() }
    }

    /// Why brokers cannot be used, when that is known.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.text().clone()
    }

    /// Things work again.
    pub(crate) fn recovered(&self) {
        if self.trouble.is_there.load(Ordering::Relaxed) {
            self.trouble.is_there.store(false, Ordering::Relaxed);
            self.trouble.text().take();
            tracing::info!("component `{}`: Kafka answers again", self.name);
        }
    }

    /// `error` with the reason that the client gave before.
    pub(crate) fn unavailable(&self, what: &str) -> Error {
        match self.trouble() {
            Some(trouble) => Error::unavailable(format!("{what}: {trouble}")),
            None => Error::unavailable(format!("{what}: no answer from a broker")),
        }
    }

    /// A failed call as an error, with the reason that the client gave before when the code says little.
    pub(crate) fn error(&self, what: &str, error: &KafkaError) -> Error {
        use RDKafkaErrorCode as Code;
        let kind = match error.rdkafka_error_code() {
            Some(
                Code::MessageTimedOut
                | Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::OperationTimedOut
                | Code::RequestTimedOut
                | Code::Resolve
                | Code::PurgeQueue,
            ) => return self.unavailable(what),
            Some(Code::QueueFull) => {
                return Error::unavailable(format!(
                    "{what}: too many messages wait to be sent; publish fewer at a time"
                ));
            }
            Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize | Code::InvalidMessage) => ErrorKind::Invalid,
            Some(Code::UnknownPartition) => ErrorKind::Invalid,
            _ => ErrorKind::Failed,
        };
        let text = error.rdkafka_error_code().map_or_else(|| error.to_string(), |code| code.to_string());
        Error::new(kind, format!("{what}: {text}"))
    }
}

impl ClientContext for Events {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!("component `{}`: {facility} {message}", self.name);
    }

    /// The client reports each attempt to connect; only what is new is worth a line.
    fn error(&self, error: KafkaError, reason: &str) {
        let reason = reason.rsplit_once("]: ").map_or(reason, |(_, reason)| reason);
        // It names the broker's trouble just before it says that there is no broker left.
        let is_summary = error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown);
        let mut trouble = self.trouble.text();
        let is_new = trouble.is_none();
        if is_new || !is_summary {
            *trouble = Some(reason.to_owned());
        }
        self.trouble.is_there.store(true, Ordering::Relaxed);
        drop(trouble);
        if is_new {
            tracing::warn!("component `{}`: trouble with Kafka, which is tried again and again: {reason}", self.name);
        } else {
            tracing::debug!("component `{}`: {reason}", self.name);
        }
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn std::error::Error>> {
        let tokens = self.tokens.as_ref().ok_or("this component has no source of tokens")?;
        Ok(tokens.current()?)
    }
}
