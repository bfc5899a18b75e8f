//! `pubsub.in-memory`: each message goes to every subscription of its topic, within this process.
//!
//! A message that nobody subscribes to is gone, and so is one that the application refuses (the sidecar's resiliency
//! policy has retried by then). Messages with the same `partitionKey` are processed in order.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use bytes::Bytes;
use dapr_spi::pubsub::{Delivery, Feature, Intake, Limits, Message, PubSub, SubscribeRequest, Subscription, Verdict};
use dapr_spi::{Context, Error, Factory, Result};
use futures_util::future::join_all;

use crate::state::NoMetadata;

/// Messages with the same value of this metadata keep their order.
const PARTITION_KEY: &str = "partitionKey";

/// Makes `pubsub.in-memory`.
pub struct InMemory;

#[async_trait]
impl Factory for InMemory {
    type Metadata = NoMetadata;
    type Valid = ();
    type Component = dyn PubSub;

    fn validate(_: NoMetadata) -> Result<()> {
        Ok(())
    }

    async fn init((): (), _: Context) -> Result<Arc<dyn PubSub>> {
        Ok(Arc::new(Bus::default()))
    }
}

#[derive(Default)]
struct Bus {
    topics: Arc<RwLock<Topics>>,
}

#[derive(Default)]
struct Topics {
    subscribers: Vec<Subscriber>,
    next_id: u64,
    closed: bool,
}

struct Subscriber {
    id: u64,
    topic: String,
    intake: Intake,
}

impl Subscriber {
    /// A topic that ends with `*` takes all topics that start with what is before it and go on after it.
    fn takes(&self, topic: &str) -> bool {
        let wildcard = self.topic.strip_suffix('*').and_then(|prefix| topic.strip_prefix(prefix));
        self.topic == topic || wildcard.is_some_and(|rest| !rest.is_empty())
    }
}

impl Bus {
    fn intakes_of(&self, topic: &str) -> Result<Vec<(Intake, String)>> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        if topics.closed {
            return Err(closed());
        }
        let takers = topics.subscribers.iter().filter(|subscriber| subscriber.takes(topic));
        Ok(takers.map(|subscriber| (subscriber.intake.clone(), subscriber.topic.clone())).collect())
    }
}

#[async_trait]
impl PubSub for Bus {
    fn features(&self) -> &[Feature] {
        &[Feature::SubscribeWildcards]
    }

    /// Waits while a subscriber has as many messages as it may have.
    async fn publish(&self, message: Message) -> Result<()> {
        let intakes = self.intakes_of(&message.topic)?;
        // The delivered topic is that of the subscription, as in the incumbent: its route is found by it.
        join_all(intakes.into_iter().map(|(intake, topic)| put(intake, Message { topic, ..message.clone() }))).await;
        Ok(())
    }

    /// A bulk subscription gets one message at a time, as with the incumbent.
    fn limits(&self, request: &SubscribeRequest) -> Limits {
        if request.bulk.is_some() { Limits { concurrency: 1, unsettled: 1 } } else { Limits::default() }
    }

    fn redelivery(&self, _: &SubscribeRequest) -> String {
        "is dropped, since this broker keeps nothing".into()
    }

    async fn subscribe(&self, request: SubscribeRequest, intake: Intake) -> Result<Box<dyn Subscription>> {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        if topics.closed {
            return Err(closed());
        }
        let id = topics.next_id;
        topics.next_id += 1;
        topics.subscribers.push(Subscriber { id, topic: request.topic, intake });
        Ok(Box::new(Subscribed { id, topics: self.topics.clone() }))
    }

    async fn close(&self) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        topics.closed = true;
        topics.subscribers.clear();
    }
}

/// A subscription that ends meanwhile is as if it had ended before.
async fn put(intake: Intake, message: Message) {
    let Some(slot) = intake.reserve().await else { return };
    let order = message.metadata.get(PARTITION_KEY).map(|key| Bytes::copy_from_slice(key.as_bytes()));
    let topic = message.topic.clone();
    let settle = move |verdict| {
        if verdict == Verdict::Again {
            tracing::error!("pubsub.in-memory: a message of topic `{topic}` is dropped: it was not processed");
        }
    };
    intake.put(slot, Delivery::new(message, order, settle));
}

struct Subscribed {
    id: u64,
    topics: Arc<RwLock<Topics>>,
}

#[async_trait]
impl Subscription for Subscribed {
    async fn close(self: Box<Self>) {}
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        topics.subscribers.retain(|subscriber| subscriber.id != self.id);
    }
}

fn closed() -> Error {
    Error::failed("component is closed")
}
