//! `pubsub.rabbitmq` as the engine sees it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dapr_spi::pubsub::{Feature, Intake, Limits, Message, PubSub, SubscribeRequest, Subscription};
use dapr_spi::{Context, Factory, Result};
use tokio::sync::{OnceCell, watch};
use tokio::time::Instant;

use crate::connection::{self, Link, closed};
use crate::consumer::{self, Order, REST};
use crate::metadata::RabbitMqMetadata;
use crate::publisher::Publisher;
use crate::settings::Settings;
use crate::topology::{Topology, dead_letter_queue, queue_name};

/// How long a sign of life may take.
const PING: Duration = Duration::from_secs(5);

/// Makes `pubsub.rabbitmq`.
pub struct RabbitMq;

#[async_trait]
impl Factory for RabbitMq {
    type Metadata = RabbitMqMetadata;
    type Valid = Arc<Settings>;
    type Component = dyn PubSub;

    fn validate(metadata: RabbitMqMetadata) -> Result<Arc<Settings>> {
        Settings::check(metadata).map(Arc::new)
    }

    async fn init(settings: Arc<Settings>, context: Context) -> Result<Arc<dyn PubSub>> {
        let connection = connection::open(&settings).await?;
        let consumer_id = if settings.consumer_id.is_empty() { context.app_id } else { settings.consumer_id.clone() };
        let publisher = Publisher::new(settings.clone(), Link::keep(settings.clone(), connection, "publishing"));
        Ok(Arc::new(Broker {
            settings,
            consumer_id,
            publisher,
            consuming: OnceCell::new(),
            closed: watch::Sender::new(false),
        }))
    }
}

struct Broker {
    settings: Arc<Settings>,
    consumer_id: String,
    publisher: Publisher,
    /// Opened with the first subscription.
    consuming: OnceCell<Arc<Link>>,
    closed: watch::Sender<bool>,
}

impl Broker {
    fn check_open(&self) -> Result<()> {
        if *self.closed.borrow() { Err(closed()) } else { Ok(()) }
    }
}

#[async_trait]
impl PubSub for Broker {
    fn features(&self) -> &[Feature] {
        &[Feature::MessageTtl]
    }

    async fn publish(&self, message: Message) -> Result<()> {
        self.check_open()?;
        self.publisher.publish(&message).await
    }

    fn limits(&self, _: &SubscribeRequest) -> Limits {
        self.settings.limits()
    }

    fn redelivery(&self, request: &SubscribeRequest) -> String {
        let queue = queue_name(&self.consumer_id, request);
        if self.settings.auto_ack {
            "is lost, since `autoAck` acknowledges messages as they come".into()
        } else if self.settings.requeue {
            format!("goes back to the queue `{queue}` and comes again at once, from the second time on after {REST:?}")
        } else if self.settings.dead_letter {
            let dead_letters = dead_letter_queue(&queue);
            format!("goes to the queue `{dead_letters}` and does not come again (`requeueInFailure` is false)")
        } else {
            "is dropped by RabbitMQ and lost (neither `requeueInFailure` nor `enableDeadLetter` is set)".into()
        }
    }

    async fn subscribe(&self, request: SubscribeRequest, intake: Intake) -> Result<Box<dyn Subscription>> {
        self.check_open()?;
        let topology = Topology::of(self.settings.clone(), &self.consumer_id, &request)?;
        let opening = async || {
            let connection = connection::open(&self.settings).await?;
            Ok::<_, dapr_spi::Error>(Arc::new(Link::keep(self.settings.clone(), connection, "subscriptions")))
        };
        let link = self.consuming.get_or_try_init(opening).await?.clone();
        consumer::subscribe(Order {
            settings: self.settings.clone(),
            link,
            topology,
            topic: request.topic,
            intake,
            component_closed: self.closed.subscribe(),
        })
        .await
    }

    async fn ping(&self) -> Result<()> {
        self.check_open()?;
        self.publisher.ping(Instant::now() + PING).await
    }

    async fn close(&self) {
        self.closed.send_replace(true);
        self.publisher.close().await;
        if let Some(link) = self.consuming.get() {
            link.close().await;
        }
    }
}
