//! `pubsub.*` of a pluggable component.

mod subscription;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use dapr_proto::components::v1 as proto;
use dapr_proto::components::v1::pub_sub_client::PubSubClient;
use dapr_spi::metadata::Properties;
use dapr_spi::pubsub::{Feature, Intake, Limits, Map, Message, PubSub, SubscribeRequest, Subscription};
use dapr_spi::registry::{Component, Entry, Prepared};
use dapr_spi::{Context, Error, ErrorKind, Result};
use futures_util::{StreamExt, stream};
use tokio::sync::watch;

use crate::connection::Connection;
use crate::discovery::Discovered;
use crate::link::Link;

/// Components are told the consumer group by this property.
const CONSUMER_ID: &str = "consumerID";
/// Messages of a bulk request that a component without such a call gets at the same time.
const BULK_PARALLELISM: usize = 64;

/// Type and entry of a component that is a broker.
pub(crate) fn entry(component: &Discovered) -> Option<(String, Entry)> {
    component.serves("PubSub").then(|| {
        let component = Arc::new(component.clone());
        let name = format!("pubsub.{}", component.name);
        let prepare = move |properties: &Properties| {
            let properties: HashMap<String, String> =
                properties.0.iter().map(|property| (property.name.clone(), property.value.clone())).collect();
            let component = component.clone();
            Ok(Prepared::new(move |context| open(component.clone(), properties.clone(), context)))
        };
        (name, Entry::dynamic(prepare))
    })
}

async fn open(component: Arc<Discovered>, properties: HashMap<String, String>, context: Context) -> Result<Component> {
    let properties = with_consumer_id(properties, &context.app_id);
    Ok(Component::PubSub(Arc::new(Broker::open(&component, properties, &context.name).await?)))
}

/// The app id, where the resource names no group.
fn with_consumer_id(mut properties: HashMap<String, String>, app_id: &str) -> HashMap<String, String> {
    let given = properties.iter().any(|(name, id)| name.eq_ignore_ascii_case(CONSUMER_ID) && !id.trim().is_empty());
    if !given && !app_id.is_empty() {
        properties.retain(|name, _| !name.eq_ignore_ascii_case(CONSUMER_ID));
        properties.insert(CONSUMER_ID.to_owned(), app_id.to_owned());
    }
    properties
}

/// A broker behind a socket.
struct Broker {
    name: String,
    link: Arc<Link>,
    features: Vec<Feature>,
    /// It said that it has no `BulkPublish`.
    no_bulk: AtomicBool,
    closed: watch::Sender<bool>,
}

impl Broker {
    async fn open(component: &Discovered, properties: HashMap<String, String>, name: &str) -> Result<Self> {
        let link = Link::new(name, component.socket.clone(), move |connection| {
            let metadata = proto::MetadataRequest { properties: properties.clone() };
            let request = proto::PubSubInitRequest { metadata: Some(metadata) };
            async move { client(connection).init(request).await.map(drop) }
        })?;
        let told = link.call(async |connection| client(connection).features(proto::FeaturesRequest {}).await).await?;
        Ok(Self {
            name: name.to_owned(),
            link: Arc::new(link),
            features: features(&told.features),
            no_bulk: AtomicBool::new(false),
            closed: watch::Sender::new(false),
        })
    }

    fn publish_request(&self, message: Message) -> proto::PublishRequest {
        proto::PublishRequest {
            data: message.data,
            pubsub_name: self.name.clone(),
            topic: message.topic,
            metadata: message.metadata,
            content_type: message.content_type.unwrap_or_default(),
        }
    }

    /// In one call; `None` when the component has none.
    async fn publish_together(&self, messages: &[Message], metadata: &Map) -> Option<Vec<Result<()>>> {
        let topic = messages.first().map(|message| message.topic.clone()).unwrap_or_default();
        let entry = |(index, message): (usize, &Message)| proto::BulkMessageEntry {
            entry_id: index.to_string(),
            event: message.data.clone(),
            content_type: message.content_type.clone().unwrap_or_default(),
            metadata: message.metadata.clone(),
        };
        let request = proto::BulkPublishRequest {
            entries: messages.iter().enumerate().map(entry).collect(),
            pubsub_name: self.name.clone(),
            topic,
            metadata: metadata.clone(),
        };
        match self.link.call(|connection| async { client(connection).bulk_publish(request).await }).await {
            Ok(answer) => Some(results(messages.len(), answer)),
            Err(error) if error.kind() == ErrorKind::Unsupported => None,
            Err(error) => {
                let again = || Error::new(error.kind(), error.to_string()).with_code(error.code());
                Some(messages.iter().map(|_| Err(again())).collect())
            }
        }
    }
}

/// Entries that are not named were published.
fn results(count: usize, answer: proto::BulkPublishResponse) -> Vec<Result<()>> {
    let mut failed: HashMap<String, String> =
        answer.failed_entries.into_iter().map(|entry| (entry.entry_id, entry.error)).collect();
    let one = |index: usize| failed.remove(&index.to_string()).map_or(Ok(()), |why| Err(Error::failed(why)));
    (0..count).map(one).collect()
}

fn features(told: &[String]) -> Vec<Feature> {
    let all = [Feature::MessageTtl, Feature::SubscribeWildcards, Feature::BulkPublish, Feature::BulkSubscribeImmediate];
    all.into_iter().filter(|feature| told.iter().any(|name| name == feature.name())).collect()
}

/// Messages may be larger than gRPC's usual 4 MiB; the component is trusted with our memory.
fn client(connection: Connection) -> PubSubClient<Connection> {
    PubSubClient::new(connection).max_decoding_message_size(usize::MAX)
}

#[async_trait]
impl PubSub for Broker {
    fn features(&self) -> &[Feature] {
        &self.features
    }

    /// Bulk subscriptions get one message at a time, as with the incumbent, which waits for each.
    fn limits(&self, request: &SubscribeRequest) -> Limits {
        if request.bulk.is_some() { Limits { concurrency: 1, unsettled: 1 } } else { Limits::default() }
    }

    async fn pause(&self) {
        let pausing = self.link.call(|connection| async { client(connection).pause(proto::PauseRequest {}).await });
        match pausing.await {
            Err(error) if error.kind() != ErrorKind::Unsupported => {
                tracing::warn!(target: "dapr.runtime", "pub/sub {}: failed to pause: {error}", self.name);
            }
            _ => {}
        }
    }

    async fn publish(&self, message: Message) -> Result<()> {
        let request = self.publish_request(message);
        self.link.call(|connection| async { client(connection).publish(request).await }).await.map(drop)
    }

    async fn bulk_publish(&self, messages: Vec<Message>, metadata: &Map) -> Vec<Result<()>> {
        if messages.is_empty() {
            return Vec::new();
        }
        if !self.no_bulk.load(Ordering::Relaxed) {
            if let Some(results) = self.publish_together(&messages, metadata).await {
                return results;
            }
            self.no_bulk.store(true, Ordering::Relaxed);
        }
        stream::iter(messages).map(|message| self.publish(message)).buffered(BULK_PARALLELISM).collect().await
    }

    fn redelivery(&self, _: &SubscribeRequest) -> String {
        "is delivered again as the component does that".to_owned()
    }

    async fn subscribe(&self, request: SubscribeRequest, intake: Intake) -> Result<Box<dyn Subscription>> {
        let topic = proto::Topic { name: request.topic, metadata: request.metadata };
        let (name, link, closed) = (self.name.clone(), self.link.clone(), self.closed.subscribe());
        Ok(Box::new(subscription::start(name, link, closed, topic, intake).await?))
    }

    async fn ping(&self) -> Result<()> {
        self.link.call(|connection| async { client(connection).ping(proto::PingRequest {}).await }).await.map(drop)
    }

    async fn close(&self) {
        self.closed.send_replace(true);
        self.link.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_the_app_unless_the_resource_says_otherwise() {
        let id = |pairs: &[(&str, &str)]| {
            let given = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            with_consumer_id(given, "app").remove(CONSUMER_ID)
        };
        assert_eq!(id(&[]).as_deref(), Some("app"));
        assert_eq!(id(&[("ConsumerId", " ")]).as_deref(), Some("app"));
        assert_eq!(id(&[("consumerID", "mine")]).as_deref(), Some("mine"));
    }

    #[test]
    fn a_failed_entry_is_told_by_its_id() {
        let failed = |id: &str| proto::BulkPublishResponseFailedEntry { entry_id: id.into(), error: "full".into() };
        let answer = proto::BulkPublishResponse { failed_entries: vec![failed("1"), failed("7"), failed("x")] };
        let results: Vec<bool> = results(3, answer).iter().map(Result::is_ok).collect();
        assert_eq!(results, [true, false, true]);
    }
}
