//! `pubsub.in-memory`: each message goes to every subscription of its topic, within this process.
//!
//! As the incumbent's: a subscription gets one message at a time, in the order of publishing; a message that nobody
//! subscribes to is gone; a handler's error is logged and the message is not delivered again (the sidecar's resiliency
//! policy has retried by then).

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use dapr_kit::task;
use dapr_spi::pubsub::{Feature, Handler, Message, PubSub, SubscribeRequest, Subscription};
use dapr_spi::{Context, Error, Factory, Result};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use crate::state::NoMetadata;

/// Messages that wait for one subscription; a publisher waits when they are more.
const QUEUE: usize = 256;

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
    queue: mpsc::Sender<Message>,
}

impl Subscriber {
    /// A topic that ends with `*` takes all topics that start with what is before it and go on after it.
    fn takes(&self, topic: &str) -> bool {
        let wildcard = self.topic.strip_suffix('*').and_then(|prefix| topic.strip_prefix(prefix));
        self.topic == topic || wildcard.is_some_and(|rest| !rest.is_empty())
    }
}

impl Bus {
    fn queues_of(&self, topic: &str) -> Result<Vec<(mpsc::Sender<Message>, String)>> {
        let topics = self.topics.read().unwrap_or_else(PoisonError::into_inner);
        if topics.closed {
            return Err(closed());
        }
        let takers = topics.subscribers.iter().filter(|subscriber| subscriber.takes(topic));
        Ok(takers.map(|subscriber| (subscriber.queue.clone(), subscriber.topic.clone())).collect())
    }
}

#[async_trait]
impl PubSub for Bus {
    fn features(&self) -> &[Feature] {
        &[Feature::SubscribeWildcards]
    }

    async fn publish(&self, message: Message) -> Result<()> {
        let queues = self.queues_of(&message.topic)?;
        // The delivered topic is that of the subscription, as in the incumbent: its route is found by it.
        let sends = queues.into_iter().map(|(queue, topic)| {
            let message = Message { topic, ..message.clone() };
            async move { queue.send(message).await }
        });
        // A subscription that ended meanwhile is as if it had ended before.
        join_all(sends).await;
        Ok(())
    }

    async fn subscribe(&self, request: SubscribeRequest, handler: Handler) -> Result<Box<dyn Subscription>> {
        let (queue, messages) = mpsc::channel(QUEUE);
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        if topics.closed {
            return Err(closed());
        }
        let id = topics.next_id;
        topics.next_id += 1;
        topics.subscribers.push(Subscriber { id, topic: request.topic.clone(), queue });
        let (stop, stopped) = mpsc::channel(1);
        task::spawn_detached("pubsub.in-memory delivery", deliver(request.topic, messages, stopped, handler));
        Ok(Box::new(Subscribed { id, topics: self.topics.clone(), _stop: stop }))
    }

    async fn close(&self) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        topics.closed = true;
        topics.subscribers.clear();
    }
}

/// Ends when the subscription is dropped or the bus is closed, after the message at hand.
async fn deliver(
    topic: String,
    mut messages: mpsc::Receiver<Message>,
    mut stopped: mpsc::Receiver<()>,
    handler: Handler,
) {
    loop {
        let message = tokio::select! {
            biased;
            _ = stopped.recv() => return,
            message = messages.recv() => message,
        };
        let Some(message) = message else { return };
        if let Err(error) = handler(message).await {
            tracing::error!("pubsub.in-memory: a message of topic `{topic}` is dropped, its handler failed: {error}");
        }
    }
}

struct Subscribed {
    id: u64,
    topics: Arc<RwLock<Topics>>,
    /// Closes when dropped.
    _stop: mpsc::Sender<()>,
}

impl Subscription for Subscribed {}

impl Drop for Subscribed {
    fn drop(&mut self) {
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        topics.subscribers.retain(|subscriber| subscriber.id != self.id);
    }
}

fn closed() -> Error {
    Error::failed("component is closed")
}
