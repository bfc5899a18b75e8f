//! Publishing: from what an application sends to a message that the broker has.

mod bulk;
mod error;
mod event;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use dapr_errors::{Error, Result, table};
use dapr_kit::clock::Clock;
use dapr_resiliency::{ComponentType, Policy, Provider, Verdict};
use dapr_spi::pubsub::{Map, Message};
use dapr_spi::{Error as BrokerError, ErrorKind};
use dapr_telemetry::metrics::Metrics;
use dapr_telemetry::trace::Context;
use jiff::tz::TimeZone;

pub use bulk::{Bulk, Entry, FailedEntry};

use crate::envelope::Data;
use crate::{Broker, Brokers};

/// Metadata that sends a payload without an envelope.
pub const RAW_PAYLOAD: &str = "rawPayload";

/// Publishes for the application of a sidecar.
pub struct Publisher {
    settings: Settings,
    time_zone: TimeZone,
}

/// What publishing needs.
pub struct Settings {
    /// The application.
    pub app_id: String,
    /// The brokers.
    pub brokers: Arc<Brokers>,
    /// Policies of calls to brokers.
    pub resiliency: Provider,
    /// Where they are counted.
    pub metrics: Metrics,
    /// The time of events.
    pub clock: Clock,
}

/// A topic of a broker, as the application names it.
pub struct Target {
    broker: Arc<Broker>,
    topic: String,
}

/// What an application publishes.
#[derive(Debug)]
pub struct Event<'a> {
    /// The payload.
    pub data: Data,
    /// Its media type; may be empty.
    pub content_type: &'a str,
    /// For the broker, and for the envelope where it begins with `cloudevent.`.
    pub metadata: Map,
    /// The trace that the request belongs to.
    pub trace: Option<&'a Context>,
}

/// Which API a message came in through. It decides which list of status codes of a retry policy counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP, `httpStatusCodes`.
    Http,
    /// gRPC, `gRPCStatusCodes`; also all that the sidecar publishes by itself.
    Grpc,
}

/// Why a message was not published.
enum Failure {
    /// The app may not publish there.
    Forbidden,
    /// The broker failed, or its policy ended the call.
    Broker(String),
}

impl Target {
    /// The broker.
    pub fn broker(&self) -> &Arc<Broker> {
        &self.broker
    }

    /// The topic as the application names it.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Whether the payload goes without an envelope.
    ///
    /// # Errors
    /// `rawPayload` is neither true nor false.
    pub fn is_raw(&self, metadata: &Map) -> Result<bool> {
        is_raw(metadata).map_err(|cause| error::metadata(self, metadata, &cause))
    }
}

/// Whether metadata ask for a payload without an envelope.
///
/// # Errors
/// `rawPayload` is neither true nor false.
pub fn is_raw(metadata: &Map) -> std::result::Result<bool, String> {
    match metadata.get(RAW_PAYLOAD).map(String::as_str) {
        None | Some("" | "0" | "f" | "F" | "false" | "False" | "FALSE") => Ok(false),
        Some("1" | "t" | "T" | "true" | "True" | "TRUE") => Ok(true),
        Some(other) => Err(format!("{RAW_PAYLOAD} value must be a valid boolean: actual is '{other}'")),
    }
}

impl Publisher {
    /// Publishing for one application.
    pub fn new(settings: Settings) -> Self {
        Self { settings, time_zone: TimeZone::system() }
    }

    /// Finds broker and topic. `metadata` are those of the request, for the error.
    ///
    /// # Errors
    /// There is no such broker, it is not ready, or a name is empty.
    pub fn target(&self, pubsub: &str, topic: &str, metadata: &Map) -> Result<Target> {
        if pubsub.is_empty() {
            return Err(error::empty(&table::PUBSUB_EMPTY, &[], pubsub, metadata));
        }
        let broker = self.settings.brokers.find(pubsub)?;
        if topic.is_empty() {
            return Err(error::empty(&table::PUBSUB_TOPIC_EMPTY, &[&pubsub], pubsub, metadata));
        }
        Ok(Target { broker, topic: topic.to_owned() })
    }

    /// Publishes one message, in an envelope unless its metadata say `rawPayload`.
    ///
    /// # Errors
    /// The metadata or the payload are wrong, the app may not publish there, or the broker did not take the message.
    pub async fn publish(&self, target: &Target, event: Event<'_>, protocol: Protocol) -> Result<()> {
        let raw = target.is_raw(&event.metadata)?;
        let message = self.message(target, event, raw, &self.time())?;
        let started = Instant::now();
        let done = self.send(target, message, protocol).await;
        let (pubsub, metrics) = (target.broker.name(), &self.settings.metrics.pubsub_egress);
        metrics.record(pubsub, &target.topic, done.is_ok(), started.elapsed());
        done.map_err(|failure| self.error(target, failure))
    }

    /// Publishes a payload as it is: what the sidecar passes on by itself, such as dead letters.
    ///
    /// # Errors
    /// There is no such broker, the app may not publish there, or the broker did not take the message.
    pub async fn publish_raw(
        &self,
        pubsub: &str,
        topic: &str,
        data: Bytes,
        metadata: Map,
        content_type: Option<String>,
    ) -> Result<()> {
        let target = self.target(pubsub, topic, &metadata)?;
        let message = Message { data, topic: target.broker.topic(topic), metadata, content_type };
        self.send(&target, message, Protocol::Grpc).await.map_err(|failure| self.error(&target, failure))
    }

    /// Publishes to a topic of the sidecar's own, which no scope is for. The error is the broker's.
    pub(crate) async fn publish_own(
        &self,
        broker: &Arc<Broker>,
        topic: &str,
        data: Bytes,
    ) -> std::result::Result<(), String> {
        let message = Message { data, topic: broker.topic(topic), metadata: Map::new(), content_type: None };
        self.hand_over(broker, message, Protocol::Grpc).await
    }

    async fn send(&self, target: &Target, message: Message, protocol: Protocol) -> std::result::Result<(), Failure> {
        self.check_scope(target)?;
        self.hand_over(&target.broker, message, protocol).await.map_err(Failure::Broker)
    }

    /// Hands a message to the broker, as its policy says.
    async fn hand_over(
        &self,
        broker: &Broker,
        message: Message,
        protocol: Protocol,
    ) -> std::result::Result<(), String> {
        let policy = self.policy(broker);
        let component = broker.component();
        let judge = |done: &std::result::Result<(), BrokerError>| judge(done, protocol);
        let done = if policy.is_none() {
            return component.publish(message).await.map_err(|error| error.to_string());
        } else if policy.retries() {
            policy.run(judge, |_| component.publish(message.clone())).await
        } else {
            policy.run_once(judge, component.publish(message)).await
        };
        done.map_err(|error| error.to_string())
    }

    /// Whether the application may subscribe to the topic.
    pub(crate) fn check_subscription_scope(&self, target: &Target) -> Result<()> {
        let may = target.broker.scopes().may_subscribe(&self.settings.app_id, &target.topic);
        if may { Ok(()) } else { Err(error::forbidden(target, &self.settings.app_id)) }
    }

    fn check_scope(&self, target: &Target) -> std::result::Result<(), Failure> {
        let may = target.broker.scopes().may_publish(&self.settings.app_id, &target.topic);
        if may { Ok(()) } else { Err(Failure::Forbidden) }
    }

    fn policy(&self, broker: &Broker) -> Policy {
        self.settings.resiliency.component_outbound(broker.name(), ComponentType::Pubsub)
    }

    fn error(&self, target: &Target, failure: Failure) -> Error {
        match failure {
            Failure::Forbidden => error::forbidden(target, &self.settings.app_id),
            Failure::Broker(cause) => error::publish(target, &cause),
        }
    }

    /// Now, in the time zone of this machine, to the second.
    pub(crate) fn time(&self) -> String {
        event::time(&self.settings.clock, &self.time_zone)
    }
}

/// How a policy sees what the broker said. With a status from a pluggable broker its `matching` decides, where HTTP has
/// the status that stands for it.
fn judge(done: &std::result::Result<(), BrokerError>, protocol: Protocol) -> Verdict {
    let Err(error) = done else { return Verdict::Success };
    match (error.code(), error.kind()) {
        (Some(code), _) if protocol == Protocol::Http => Verdict::Code(code.http_status().into()),
        (Some(code), _) => Verdict::Code(code as i32),
        (None, ErrorKind::Invalid | ErrorKind::Unsupported) => Verdict::Permanent,
        (None, _) => Verdict::Retriable,
    }
}

#[cfg(test)]
mod tests;
