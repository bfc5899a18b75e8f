//! Message brokers: topics that deliver to subscribers.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::Result;

/// What a broker can do beyond publish and subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Messages that expire.
    MessageTtl,
    /// Topic names with wildcards.
    SubscribeWildcards,
    /// Many messages in one call.
    BulkPublish,
}

impl Feature {
    /// The name in the metadata API.
    pub fn name(self) -> &'static str {
        match self {
            Self::MessageTtl => "MESSAGE_TTL",
            Self::SubscribeWildcards => "SUBSCRIBE_WILDCARDS",
            Self::BulkPublish => "BULK_PUBSUB",
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
    pub metadata: HashMap<String, String>,
    /// Media type of the payload, where the broker keeps one.
    pub content_type: Option<String>,
}

/// What a subscription asks for.
#[derive(Clone, Debug, Default)]
pub struct SubscribeRequest {
    /// The topic, or a pattern where wildcards are supported.
    pub topic: String,
    /// Subscription metadata.
    pub metadata: HashMap<String, String>,
}

/// Takes a message; an error asks the broker to deliver it again.
pub type Handler = Arc<dyn Fn(Message) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> + Send + Sync>;

/// Ends its subscription when dropped.
pub trait Subscription: Send + Sync {}

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

    /// Delivers messages of a topic to `handler` until the returned value is dropped.
    ///
    /// # Errors
    /// The broker refused.
    async fn subscribe(&self, request: SubscribeRequest, handler: Handler) -> Result<Box<dyn Subscription>>;

    /// Ends background work and connections; no call follows.
    async fn close(&self) {}
}
