//! The conformance suite of brokers: what every one must do, run by each against its real server.
//!
//! [`Suite::run`] drives [`PubSub::subscribe`] with an intake directly, as the engine does: what a broker delivers is
//! taken by a [`Collector`], which settles it. A difference that a broker's nature forces is said with [`Quirks`], so that
//! the list of differences is code. Topics and consumer groups are fresh in each run, so a suite can run on a server with
//! data in it.

mod collector;
mod content;
mod endings;
mod expiry;
mod flow;
mod groups;
mod order;
mod redelivery;
mod restart;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use dapr_spi::pubsub::{Feature, Map, Message, PubSub, SubscribeRequest};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::timeout;

pub use collector::{Act, Collector, Seen};

/// Every call of a broker must be answered within this time, and everything that is to come must have come.
pub const SOON: Duration = Duration::from_secs(30);
/// How long is watched that something does not happen.
const QUIET: Duration = Duration::from_millis(500);
/// The metadata that keeps messages together.
const PARTITION_KEY: &str = "partitionKey";

/// What a broker does otherwise than most, because its nature or the incumbent's format asks for it.
#[derive(Clone, Copy, Debug)]
pub struct Quirks {
    /// Nothing is kept: no consumer groups, a message that is refused or that nobody subscribes to is gone, and a
    /// publisher waits for a slow subscriber.
    pub volatile: bool,
    /// The metadata of a published message comes with it.
    pub metadata: bool,
    /// The content type of a published message comes with it.
    pub content_type: bool,
    /// Messages with the same `partitionKey` come in order, and [`dapr_spi::pubsub::Delivery::order`] keeps them so.
    pub key_order: bool,
    /// All messages of a topic come in the order in which they were published, one publisher, one subscriber.
    pub whole_order: bool,
    /// Subscriptions of the same group cannot share the messages of a topic.
    pub no_groups: bool,
    /// Of several members of a group, one may get all messages (an exclusive consumer, or fewer partitions than
    /// members).
    pub one_member_works: bool,
    /// Subscriptions of a component share what may be unsettled at the broker: while one does not get on, others wait.
    pub shared_window: bool,
    /// Messages for a known group are lost while nobody subscribes for it.
    pub forgets_absent_groups: bool,
    /// A message that is refused, or dropped unsettled, comes again within this time.
    pub redelivery: Duration,
    /// How long after `subscribe` a group may need until its members have found each other.
    pub settling: Duration,
    /// Begin of the names of topics.
    pub topic_prefix: &'static str,
    /// A pattern, where the broker has [`Feature::SubscribeWildcards`].
    pub wildcard: Option<Wildcard>,
    /// Makes a message for a topic that the broker refuses, where there is such a one: too large, for instance.
    pub refused: Option<fn(String) -> Message>,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            volatile: false,
            metadata: false,
            content_type: false,
            key_order: false,
            whole_order: false,
            no_groups: false,
            one_member_works: false,
            shared_window: false,
            forgets_absent_groups: false,
            redelivery: Duration::from_secs(10),
            settling: Duration::ZERO,
            topic_prefix: "",
            wildcard: None,
            refused: None,
        }
    }
}

/// A pattern of topics; `{}` stands for a topic of the suite.
#[derive(Clone, Copy, Debug)]
pub struct Wildcard {
    /// What is subscribed to.
    pub pattern: &'static str,
    /// Topics that the pattern takes.
    pub takes: &'static [&'static str],
    /// Topics that it does not take.
    pub leaves: &'static [&'static str],
    /// A delivered message names the topic it was published to, rather than the pattern.
    pub names_topic: bool,
}

type Open = Arc<dyn Fn(String) -> BoxFuture<'static, Arc<dyn PubSub>> + Send + Sync>;

/// One run of the suite on one broker.
#[derive(Clone)]
pub struct Suite {
    open: Open,
    quirks: Quirks,
    prefix: String,
}

impl Suite {
    /// A suite with topics of its own. `open` opens the component for a consumer group (`consumerID`), each time anew.
    pub fn new<F>(open: impl Fn(String) -> F + Send + Sync + 'static, quirks: Quirks) -> Self
    where
        F: Future<Output = Arc<dyn PubSub>> + Send + 'static,
    {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let prefix = format!("{}suite{}", quirks.topic_prefix, &id[..8]);
        Self { open: Arc::new(move |group| open(group).boxed()), quirks, prefix }
    }

    /// All checks in order but [`Suite::restart`], which needs the server's control.
    ///
    /// # Panics
    /// The broker does not conform; the message says what was expected.
    pub async fn run(&self) {
        self.declarations().await;
        self.content().await;
        self.topics().await;
        self.bulk().await;
        self.order().await;
        self.concurrency().await;
        self.redelivery().await;
        if self.quirks.volatile {
            self.every_subscription().await;
        } else {
            self.slow_consumer().await;
            self.poison().await;
            self.two_groups().await;
        }
        if !self.quirks.volatile && !self.quirks.no_groups {
            self.one_group().await;
        }
        if !self.quirks.volatile && !self.quirks.forgets_absent_groups {
            self.away().await;
        }
        self.drain().await;
        if self.features().await.contains(&Feature::MessageTtl) {
            self.ttl().await;
        }
        if self.features().await.contains(&Feature::SubscribeWildcards) {
            self.wildcards().await;
        }
        self.close().await;
    }

    async fn features(&self) -> Vec<Feature> {
        let broker = self.open("features").await;
        let features = broker.features().to_vec();
        self.end(broker).await;
        features
    }

    /// What a broker says of itself is of use.
    async fn declarations(&self) {
        let broker = self.open("declarations").await;
        let request = subscription(&self.topic("declarations"));
        assert!(!broker.redelivery(&request).trim().is_empty(), "redelivery() must say what happens");
        let limits = broker.limits(&request);
        assert!(limits.concurrency >= 1 && limits.unsettled >= limits.concurrency, "limits() are odd: {limits:?}");
        let bulk = broker.bulk_defaults();
        assert!(bulk.max_messages >= 1 && !bulk.max_wait.is_zero(), "bulk_defaults() are odd: {bulk:?}");
        bounded("ping of a healthy broker", broker.ping()).await.expect("ping of a healthy broker");
        self.end(broker).await;
    }

    async fn open(&self, group: &str) -> Arc<dyn PubSub> {
        bounded("opening the component", (self.open)(format!("{}-{group}", self.prefix))).await
    }

    async fn end(&self, broker: Arc<dyn PubSub>) {
        bounded("close", broker.close()).await;
    }

    fn topic(&self, name: &str) -> String {
        format!("{}-{name}", self.prefix)
    }

    async fn collect(
        &self,
        broker: &Arc<dyn PubSub>,
        topic: &str,
        unsettled: usize,
        act: impl FnMut(&Seen) -> Act + Send + 'static,
    ) -> Collector {
        let collector = Collector::start(broker, subscription(topic), unsettled, act).await;
        tokio::time::sleep(self.quirks.settling).await;
        collector
    }

    async fn publish(&self, broker: &Arc<dyn PubSub>, topic: &str, data: impl Into<Vec<u8>>) {
        self.send(broker, message(topic, data)).await;
    }

    async fn send(&self, broker: &Arc<dyn PubSub>, message: Message) {
        let topic = message.topic.clone();
        let sent = bounded("publish", broker.publish(message)).await;
        sent.unwrap_or_else(|error| panic!("publish to `{topic}`: {error}"));
    }
}

/// Runs every check that the broker's features call for.
///
/// # Panics
/// The broker does not conform; the message says what was expected.
pub async fn conformance<F>(open: impl Fn(String) -> F + Send + Sync + 'static, quirks: Quirks)
where
    F: Future<Output = Arc<dyn PubSub>> + Send + 'static,
{
    Suite::new(open, quirks).run().await;
}

/// A message without metadata.
pub fn message(topic: &str, data: impl Into<Vec<u8>>) -> Message {
    Message { topic: topic.to_owned(), data: data.into().into(), ..Message::default() }
}

/// A message that keeps its place among those with the same key.
pub fn keyed(topic: &str, key: &str, data: impl Into<Vec<u8>>) -> Message {
    with(message(topic, data), PARTITION_KEY, key)
}

/// A subscription without metadata.
pub fn subscription(topic: &str) -> SubscribeRequest {
    SubscribeRequest { topic: topic.to_owned(), ..SubscribeRequest::default() }
}

fn with(message: Message, name: &str, value: &str) -> Message {
    let metadata: Map = message.metadata.into_iter().chain([(name.to_owned(), value.to_owned())]).collect();
    Message { metadata, ..message }
}

async fn bounded<T>(what: &str, work: impl Future<Output = T>) -> T {
    timeout(SOON, work).await.unwrap_or_else(|_| panic!("{what} must end within {SOON:?}"))
}
