//! Message brokers: topics that deliver to subscribers.
//!
//! A broker puts messages into the [`Intake`] of a subscription as [`Delivery`]s, and learns by [`Verdict`] what became
//! of each. It reserves room before it pulls, so it never holds more than fits; order, retries, dead letters and the
//! application are the engine's.

mod intake;
mod ttl;

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

pub use intake::{Deliveries, Delivery, Intake, Slot, Verdict};
pub use ttl::ttl_of;

use crate::{Error, Result};

/// Transport metadata: the application's, or the broker's own.
pub type Map = HashMap<String, String>;

/// Messages of one bulk request that a broker without such a call gets at the same time.
const BULK_PARALLELISM: usize = 64;

/// What a broker can do beyond publish and subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Messages that expire.
    MessageTtl,
    /// Topic names with wildcards.
    SubscribeWildcards,
    /// Many messages in one call.
    BulkPublish,
    /// Many messages delivered as they come, without waiting for a batch to fill.
    BulkSubscribeImmediate,
}

impl Feature {
    /// The name in the metadata API.
    pub fn name(self) -> &'static str {
        match self {
            Self::MessageTtl => "MESSAGE_TTL",
            Self::SubscribeWildcards => "SUBSCRIBE_WILDCARDS",
            Self::BulkPublish => "BULK_PUBSUB",
            Self::BulkSubscribeImmediate => "BULK_SUBSCRIBE_IMMEDIATE",
        }
    }
}

/// One message, on its way in or out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The payload.
    pub data: Bytes,
    /// Where it goes, or came from.
    pub topic: String,
    /// Transport metadata.
    pub metadata: Map,
    /// Media type of the payload, where the broker keeps one.
    pub content_type: Option<String>,
}

/// A message that the broker keeps, seen without being taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// What the broker calls it.
    pub id: String,
    /// When it was published, in milliseconds since 1970, if the broker knows.
    pub published: Option<i64>,
    /// The message.
    pub message: Message,
}

/// What a subscription asks for.
#[derive(Clone, Debug, Default)]
pub struct SubscribeRequest {
    /// The topic, or a pattern where wildcards are supported.
    pub topic: String,
    /// Subscription metadata.
    pub metadata: Map,
    /// Set when the application wants many messages in one call.
    pub bulk: Option<BulkSubscribe>,
}

/// How messages are gathered for one call of the application; zero means the broker's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkSubscribe {
    /// Messages in one call.
    pub max_messages: usize,
    /// How long the first of them waits for others.
    pub max_wait: Duration,
}

/// How many messages of one subscription there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// With the application at a time.
    pub concurrency: usize,
    /// Pulled and not settled: those with the application and those that wait for it.
    pub unsettled: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { concurrency: 64, unsettled: 128 }
    }
}

/// A running subscription. The engine closes the intake first, so nothing new is pulled; waits until what was pulled is
/// settled; then closes this.
#[async_trait]
pub trait Subscription: Send + Sync {
    /// Hands over the last verdicts and leaves. What is still unsettled goes back to the broker.
    async fn close(self: Box<Self>);
}

/// A broker.
#[async_trait]
pub trait PubSub: Send + Sync {
    /// What the broker can do; constant over its life.
    fn features(&self) -> &[Feature];

    /// Hands a message to the broker; `Ok` means that the broker has it.
    ///
    /// # Errors
    /// The broker did not acknowledge.
    async fn publish(&self, message: Message) -> Result<()>;

    /// Hands many messages of one topic to the broker, each with its own result, in the same order. `metadata` is that
    /// of the whole request.
    async fn bulk_publish(&self, messages: Vec<Message>, metadata: &Map) -> Vec<Result<()>> {
        let _ = metadata;
        stream::iter(messages).map(|message| self.publish(message)).buffered(BULK_PARALLELISM).collect().await
    }

    /// How many messages of such a subscription there may be.
    fn limits(&self, request: &SubscribeRequest) -> Limits {
        let _ = request;
        Limits::default()
    }

    /// What happens to a message that comes back as [`Verdict::Again`], as half a sentence for the log:
    /// `is delivered again after 60s`.
    fn redelivery(&self, request: &SubscribeRequest) -> String;

    /// How many messages a bulk subscription gathers, and for how long, when it does not say.
    fn bulk_defaults(&self) -> BulkSubscribe {
        BulkSubscribe { max_messages: 100, max_wait: Duration::from_secs(1) }
    }

    /// Puts the messages of a topic into `intake` until that is closed. A broker that is away is reconnected to in the
    /// background, without end; an error is for what will not pass by itself.
    ///
    /// # Errors
    /// The broker refused, or cannot be reached now.
    async fn subscribe(&self, request: SubscribeRequest, intake: Intake) -> Result<Box<dyn Subscription>>;

    /// Looks at the messages that are kept of a topic without taking them: the oldest first, at most `most`, those
    /// behind the one that is called `after`.
    ///
    /// # Errors
    /// The broker cannot show what it keeps, or could not be asked.
    async fn browse(&self, topic: &str, after: Option<&str>, most: usize) -> Result<Vec<Kept>> {
        let _ = (topic, after, most);
        Err(Error::unsupported("the broker does not show the messages that it keeps"))
    }

    /// Removes messages that [`PubSub::browse`] has shown, whoever still waits for them. Those that are gone are passed
    /// over.
    ///
    /// # Errors
    /// The broker has no such call, or could not be asked.
    async fn discard(&self, topic: &str, ids: &[String]) -> Result<()> {
        let _ = (topic, ids);
        Err(Error::unsupported("the broker does not let single messages be removed"))
    }

    /// Stops handing out messages and keeps the subscriptions: the sidecar ends, and what is pulled is delivered yet.
    /// Subscriptions are closed next; a broker that has nothing to do here before does nothing.
    async fn pause(&self) {}

    /// Asks the broker for a sign of life.
    ///
    /// # Errors
    /// The broker does not answer.
    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    /// Ends background work and connections; no call follows.
    async fn close(&self) {}
}
