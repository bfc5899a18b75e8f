//! `pubsub.kafka`: topics of Kafka, shared within a consumer group, in order by key.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::duration;
use dapr_spi::pubsub::{BulkSubscribe, Feature, Intake, Limits, Map, Message, PubSub, SubscribeRequest, Subscription};
use dapr_spi::{Context, Error, ErrorKind, Factory, Result};
use tokio::sync::watch;

use crate::authentication::Login;
use crate::client::{self, Events};
use crate::fields::KafkaMetadata;
use crate::publisher::Publisher;
use crate::record::HeaderRules;
use crate::schemas::{Registry, ValueType};
use crate::settings::Settings;
use crate::subscription::{self, Plan};
use crate::token::Tokens;

/// Makes `pubsub.kafka`.
pub struct Kafka;

#[async_trait]
impl Factory for Kafka {
    type Metadata = KafkaMetadata;
    type Valid = Settings;
    type Component = dyn PubSub;

    fn validate(metadata: KafkaMetadata) -> Result<Settings> {
        Settings::check(metadata)
    }

    async fn init(settings: Settings, context: Context) -> Result<Arc<dyn PubSub>> {
        Ok(Arc::new(Broker::open(settings, context).await?))
    }
}

struct Broker {
    name: String,
    group: String,
    settings: Settings,
    tokens: Option<Arc<Tokens>>,
    registry: Option<Arc<Registry>>,
    publisher: Publisher,
    closed: watch::Sender<bool>,
}

impl Broker {
    async fn open(settings: Settings, context: Context) -> Result<Self> {
        let tokens = match &settings.security.login {
            Login::Token(source) => Some(Arc::new(Tokens::start(source.clone(), context.clock.clone()).await?)),
            _ => None,
        };
        let registry = settings.registry.clone().map(|settings| Arc::new(Registry::new(settings)));
        let publisher = Publisher::new(&settings, Events::new(&context.name, tokens.clone()), registry.clone())?;
        publisher.ping(settings.metadata_timeout).await?;
        let group = settings.group.clone().unwrap_or(context.app_id);
        Ok(Self { name: context.name, group, settings, tokens, registry, publisher, closed: watch::Sender::new(false) })
    }

    fn check_open(&self) -> Result<()> {
        if *self.closed.borrow() { Err(Error::failed("component is closed")) } else { Ok(()) }
    }

    fn plan(&self, request: &SubscribeRequest) -> Result<Plan> {
        let registry = match ValueType::of(&request.metadata)? {
            ValueType::Plain => None,
            ValueType::Avro => Some(self.registry.clone().ok_or_else(no_registry)?),
        };
        if self.group.is_empty() {
            return Err(Error::invalid("a subscription needs a consumer group: set `consumerGroup` or `consumerID`"));
        }
        Ok(Plan {
            config: client::consumer(&self.settings, &self.group),
            events: Events::new(&self.name, self.tokens.clone()),
            topic: request.topic.clone(),
            rules: self.settings.header_rules(),
            registry,
            retry_interval: self.settings.retry_interval,
            most_waiting: self.limits(request).unsettled,
            bulk: request.bulk.is_some(),
        })
    }
}

impl Settings {
    pub(crate) fn header_rules(&self) -> HeaderRules {
        HeaderRules { escape: self.escape_headers, excluded: self.excluded_headers.clone() }
    }
}

pub(crate) fn no_registry() -> Error {
    Error::invalid("`valueSchemaType: Avro` needs a schema registry; set `schemaRegistryURL` in the component")
}

#[async_trait]
impl PubSub for Broker {
    fn features(&self) -> &[Feature] {
        &[Feature::BulkPublish]
    }

    async fn publish(&self, message: Message) -> Result<()> {
        self.check_open()?;
        self.publisher.publish(&message).await
    }

    async fn bulk_publish(&self, messages: Vec<Message>, metadata: &Map) -> Vec<Result<()>> {
        if *self.closed.borrow() {
            return messages.iter().map(|_| self.check_open()).collect();
        }
        self.publisher.publish_all(messages, metadata).await
    }

    fn limits(&self, request: &SubscribeRequest) -> Limits {
        let limits = Limits::default();
        let batch = request.bulk.map_or(0, |bulk| bulk.max_messages.max(self.bulk_defaults().max_messages));
        Limits { unsettled: limits.unsettled.max(batch * 2), ..limits }
    }

    fn redelivery(&self, _: &SubscribeRequest) -> String {
        match self.settings.retry_interval {
            Some(interval) => format!(
                "is delivered again after {} until it is processed; what has the same key waits for it",
                duration::format(interval)
            ),
            None => "is dropped, since `consumeRetryEnabled` is false".into(),
        }
    }

    fn bulk_defaults(&self) -> BulkSubscribe {
        BulkSubscribe { max_messages: 80, max_wait: Duration::from_secs(10) }
    }

    async fn subscribe(&self, request: SubscribeRequest, intake: Intake) -> Result<Box<dyn Subscription>> {
        self.check_open()?;
        let plan = self.plan(&request)?;
        // A topic that does not exist is made now, so that its partitions are known when the group meets.
        if let Err(error) = self.publisher.look_up(&request.topic, self.settings.metadata_timeout).await {
            tracing::warn!(
                "component `{}`: topic `{}` is looked for again and again: {error}",
                self.name,
                request.topic
            );
        }
        let running = subscription::start(plan, intake, self.closed.subscribe());
        let running = running.map_err(|error| Error::from_source(ErrorKind::Failed, "cannot subscribe", error))?;
        Ok(Box::new(running))
    }

    async fn ping(&self) -> Result<()> {
        self.check_open()?;
        self.publisher.ping(self.settings.metadata_timeout).await
    }

    async fn close(&self) {
        self.closed.send_replace(true);
        self.publisher.close().await;
    }
}
