//! `pubsub.jetstream` as the engine sees it.

use std::sync::Arc;

use async_trait::async_trait;
use dapr_spi::pubsub::{Feature, Intake, Kept, Limits, Map, Message, PubSub, SubscribeRequest, Subscription};
use dapr_spi::{Context, Error, Factory, Result};

use crate::connection::Connection;
use crate::consumer::Consumers;
use crate::errors::closed;
use crate::metadata::JetStreamMetadata;
use crate::settings::Settings;
use crate::stored::Stored;
use crate::{publisher, subscription};

/// Makes `pubsub.jetstream`.
pub struct JetStream;

#[async_trait]
impl Factory for JetStream {
    type Metadata = JetStreamMetadata;
    type Valid = Arc<Settings>;
    type Component = dyn PubSub;

    fn validate(metadata: JetStreamMetadata) -> Result<Arc<Settings>> {
        Settings::check(metadata).map(Arc::new)
    }

    async fn init(settings: Arc<Settings>, _: Context) -> Result<Arc<dyn PubSub>> {
        let connection = Arc::new(Connection::open(&settings).await?);
        Ok(Arc::new(Broker { settings, connection }))
    }
}

struct Broker {
    settings: Arc<Settings>,
    connection: Arc<Connection>,
}

impl Broker {
    fn consumers<'a>(&'a self, topic: &'a str) -> Result<Consumers<'a>> {
        self.connection.check_open()?;
        check_topic(topic)?;
        let Connection { client, context, .. } = &*self.connection;
        Ok(Consumers { client, context, settings: &self.settings, topic })
    }
}

fn check_topic(topic: &str) -> Result<()> {
    if publisher::is_subject(topic) {
        return Ok(());
    }
    Err(Error::invalid(format!("the topic `{topic}` is no subject of NATS: words with dots between them")))
}

#[async_trait]
impl PubSub for Broker {
    fn features(&self) -> &[Feature] {
        &[]
    }

    async fn publish(&self, message: Message) -> Result<()> {
        self.connection.check_open()?;
        publisher::publish(&self.connection.context, message).await
    }

    async fn bulk_publish(&self, messages: Vec<Message>, _: &Map) -> Vec<Result<()>> {
        if self.connection.check_open().is_err() {
            return messages.iter().map(|_| Err(closed())).collect();
        }
        publisher::bulk_publish(&self.connection.context, messages).await
    }

    fn limits(&self, _: &SubscribeRequest) -> Limits {
        self.settings.limits()
    }

    fn redelivery(&self, _: &SubscribeRequest) -> String {
        self.settings.redelivery()
    }

    async fn subscribe(&self, request: SubscribeRequest, intake: Intake) -> Result<Box<dyn Subscription>> {
        self.connection.check_open()?;
        check_topic(&request.topic)?;
        let (settings, connection) = (self.settings.clone(), self.connection.clone());
        subscription::subscribe(subscription::Order { settings, connection, topic: request.topic, intake }).await
    }

    async fn browse(&self, topic: &str, after: Option<&str>, most: usize) -> Result<Vec<Kept>> {
        Stored::of(&self.consumers(topic)?).await?.browse(after, most).await
    }

    async fn discard(&self, topic: &str, ids: &[String]) -> Result<()> {
        Stored::of(&self.consumers(topic)?).await?.discard(ids).await
    }

    async fn ping(&self) -> Result<()> {
        self.connection.check_open()?;
        self.connection.ping().await
    }

    async fn close(&self) {
        self.connection.close().await;
    }
}
