//! Publishing: one client for all topics of a component.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use dapr_spi::pubsub::{Map, Message};
use dapr_spi::{Error, ErrorKind, Result};
use futures_util::StreamExt as _;
use futures_util::stream;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};

use crate::client::{self, Events, PUBLISH_TIMEOUT};
use crate::pubsub::no_registry;
use crate::record::{HeaderRules, KEY, PARTITION_KEY};
use crate::schemas::{Registry, ValueType};
use crate::settings::Settings;

/// Metadata that chooses the partition.
const PARTITION_NUMBER: &str = "partitionNumber";
/// Messages of one bulk request that are on their way at the same time. They are queued in order.
const BULK_PARALLELISM: usize = 1_000;
/// How long the end may take for what is still to be sent.
const FLUSH: Duration = Duration::from_secs(5);

type Producer = FutureProducer<Events>;

/// Publishes messages.
pub(crate) struct Publisher {
    config: ClientConfig,
    events: Events,
    rules: HeaderRules,
    registry: Option<Arc<Registry>>,
    producer: ArcSwap<Producer>,
}

impl Publisher {
    pub(crate) fn new(settings: &Settings, events: Events, registry: Option<Arc<Registry>>) -> Result<Self> {
        let config = client::producer(settings);
        let producer = config.create_with_context(events.clone());
        let producer: Producer =
            producer.map_err(|error| Error::from_source(ErrorKind::Invalid, "cannot make a Kafka client", error))?;
        let producer = ArcSwap::from_pointee(producer);
        Ok(Self { config, events, rules: settings.header_rules(), registry, producer })
    }

    /// Waits until the brokers have the message, as `producerRequiredAcks` says.
    pub(crate) async fn publish(&self, message: &Message) -> Result<()> {
        let value = self.value(&message.topic, &message.data, &message.metadata).await?;
        self.send(&message.topic, value, &message.metadata).await
    }

    /// The metadata of the request goes before that of a message, as in the incumbent.
    pub(crate) async fn publish_all(&self, messages: Vec<Message>, metadata: &Map) -> Vec<Result<()>> {
        let publish = |mut message: Message| async move {
            message.metadata.extend(metadata.iter().map(|(name, value)| (name.clone(), value.clone())));
            self.publish(&message).await
        };
        stream::iter(messages).map(publish).buffered(BULK_PARALLELISM).collect().await
    }

    /// What is written: nothing for a JSON null, which is a tombstone.
    async fn value(&self, topic: &str, data: &Bytes, metadata: &Map) -> Result<Option<Bytes>> {
        if data.as_ref() == b"null" {
            return Ok(None);
        }
        match ValueType::of(metadata)? {
            ValueType::Plain => Ok(Some(data.clone())),
            ValueType::Avro => {
                let registry = self.registry.as_ref().ok_or_else(no_registry)?;
                registry.encode(topic, data).await.map(Some)
            }
        }
    }

    async fn send(&self, topic: &str, value: Option<Bytes>, metadata: &Map) -> Result<()> {
        let mut record: FutureRecord<'_, str, [u8]> = FutureRecord::to(topic);
        record.payload = value.as_deref();
        record.key = metadata.get(PARTITION_KEY).or_else(|| metadata.get(KEY)).map(String::as_str);
        record.partition = partition_number(metadata)?;
        record.headers = self.rules.headers(metadata);
        let producer = self.producer.load_full();
        match producer.send(record, PUBLISH_TIMEOUT).await {
            Ok(_) => {
                self.events.recovered();
                Ok(())
            }
            Err((error, _)) => {
                self.replace_broken(&producer);
                Err(self.events.error(&format!("cannot publish to topic `{topic}`"), &error))
            }
        }
    }

    /// A client whose numbering of messages the brokers do not accept any more is of no use.
    fn replace_broken(&self, broken: &Arc<Producer>) {
        let Some((code, text)) = broken.client().fatal_error() else { return };
        tracing::error!("the Kafka client for publishing failed and is made anew: {code}: {text}");
        match self.config.create_with_context(self.events.clone()) {
            Ok(fresh) => {
                self.producer.compare_and_swap(broken, Arc::new(fresh));
            }
            Err(error) => tracing::error!("cannot make a Kafka client: {error}"),
        }
    }

    /// Asks the cluster for what it has.
    pub(crate) async fn ping(&self, timeout: Duration) -> Result<()> {
        self.ask(None, timeout).await.map_err(|_| self.events.unavailable("cannot reach Kafka"))
    }

    /// Asks for a topic, which makes it where brokers do that.
    pub(crate) async fn look_up(&self, topic: &str, timeout: Duration) -> Result<()> {
        let found = self.ask(Some(topic.to_owned()), timeout).await;
        found.map_err(|error| self.events.error(&format!("cannot look up topic `{topic}`"), &error))
    }

    async fn ask(&self, topic: Option<String>, timeout: Duration) -> Result<(), KafkaError> {
        let producer = self.producer.load_full();
        let asking = move || producer.client().fetch_metadata(topic.as_deref(), timeout).map(drop);
        let asked = tokio::task::spawn_blocking(asking).await;
        asked.unwrap_or(Err(KafkaError::Canceled))?;
        self.events.recovered();
        Ok(())
    }

    /// Sends what is still to be sent.
    pub(crate) async fn close(&self) {
        let producer = self.producer.load_full();
        let flushing = move || producer.flush(FLUSH);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(flushing).await {
            tracing::warn!("messages that were being published to Kafka at the end may be lost: {error}");
        }
    }
}

fn partition_number(metadata: &Map) -> Result<Option<i32>> {
    let Some(text) = metadata.get(PARTITION_NUMBER) else { return Ok(None) };
    match text.parse::<i32>() {
        Ok(number) if number >= 0 => Ok(Some(number)),
        _ => Err(Error::invalid(format!("`{PARTITION_NUMBER}`: expected a number from 0 on, found `{text}`"))),
    }
}
