//! `pubsub.redis`: a topic is a stream, a consumer group is a group of it.
//!
//! What is in the streams is readable by the incumbent and the other way round. Differences from it: a refused message is
//! delivered again instead of being dropped; each subscription is a consumer of its own, so that what it had read can be
//! told from what others have; acknowledgements travel in batches.

mod commands;
mod entries;
mod ledger;
mod metadata;
mod subscription;

use std::sync::Arc;

use async_trait::async_trait;
use dapr_kit::clock::Clock;
use dapr_spi::pubsub::{Feature, Intake, Limits, Map, Message, PubSub, SubscribeRequest, Subscription};
use dapr_spi::{Context, Error, Factory, Result};
use redis::{Pipeline, Value};
use tokio::sync::watch;

use crate::client::Client;
use crate::link::Effect;
use commands::Consumer;
use entries::Trim;
use ledger::Ledger;
pub use metadata::{PubSubMetadata, Valid};
use subscription::{Subscribed, Worker};

/// Messages of a bulk request that travel together.
const BULK: usize = 256;

/// Builds `pubsub.redis`.
pub struct Redis;

#[async_trait]
impl Factory for Redis {
    type Metadata = PubSubMetadata;
    type Valid = Valid;
    type Component = dyn PubSub;

    fn validate(metadata: PubSubMetadata) -> Result<Valid> {
        metadata.check()
    }

    async fn init(valid: Valid, context: Context) -> Result<Arc<dyn PubSub>> {
        let group = if valid.consumer_id.is_empty() { context.app_id } else { valid.consumer_id.clone() };
        if group.is_empty() {
            return Err(Error::invalid("field `consumerID` is needed where there is no app id"));
        }
        let client = Arc::new(Client::open(valid.client.clone()).await?);
        Ok(Arc::new(Broker { client, group, valid, clock: context.clock, closed: watch::Sender::new(false) }))
    }
}

struct Broker {
    client: Arc<Client>,
    /// The consumer group.
    group: String,
    valid: Valid,
    clock: Clock,
    closed: watch::Sender<bool>,
}

impl Broker {
    fn append(&self, message: &Message) -> Result<redis::Cmd> {
        if message.topic.is_empty() {
            return Err(Error::invalid("a message needs a topic"));
        }
        let trim = Trim { most: self.valid.most_messages, life: self.valid.message_life };
        entries::append(message, trim, self.clock.now_milliseconds())
    }

    fn check_open(&self) -> Result<()> {
        if *self.closed.borrow() { Err(Error::unavailable("the component is closed")) } else { Ok(()) }
    }

    /// Sends messages of one topic together.
    async fn append_all(&self, topic: &str, messages: &[Message]) -> Vec<Result<()>> {
        let mut commands = Pipeline::with_capacity(messages.len());
        let checked: Vec<Result<()>> = messages
            .iter()
            .map(|message| {
                commands.add_command(self.append(message)?);
                Ok(())
            })
            .collect();
        if commands.is_empty() {
            return checked;
        }
        let order = self.client.writing(Effect::Repeatable);
        let replies = self.client.send_all(topic, &commands, order).await;
        let mut replies = match replies {
            Ok(replies) => replies.into_iter(),
            Err(error) => {
                let failed = || Err(Error::new(error.kind(), error.to_string()));
                return checked.into_iter().map(|result| result.and_then(|()| failed())).collect();
            }
        };
        let mut reply = || replies.next().unwrap_or(Value::Nil);
        checked.into_iter().map(|result| result.and_then(|()| self.client.accepted(reply()).map(|_| ()))).collect()
    }
}

#[async_trait]
impl PubSub for Broker {
    fn features(&self) -> &[Feature] {
        &[Feature::BulkPublish, Feature::BulkSubscribeImmediate]
    }

    async fn publish(&self, message: Message) -> Result<()> {
        self.check_open()?;
        let append = self.append(&message)?;
        // Sent again when the answer is lost, so a message may be in the stream twice, and never not at all.
        let reply = self.client.send(&message.topic, &append, self.client.writing(Effect::Repeatable)).await?;
        self.client.accepted(reply).map(|_| ())
    }

    async fn bulk_publish(&self, messages: Vec<Message>, _: &Map) -> Vec<Result<()>> {
        let mut results = Vec::with_capacity(messages.len());
        for part in messages.chunk_by(|one, other| one.topic == other.topic).flat_map(|part| part.chunks(BULK)) {
            match self.check_open() {
                Ok(()) => results.extend(self.append_all(&part[0].topic, part).await),
                Err(_) => results.extend(part.iter().map(|_| self.check_open())),
            }
        }
        results
    }

    fn limits(&self, _: &SubscribeRequest) -> Limits {
        let Valid { concurrency, queue_depth, .. } = self.valid;
        Limits { concurrency, unsettled: queue_depth.max(concurrency) }
    }

    fn redelivery(&self, _: &SubscribeRequest) -> String {
        match self.valid.redelivery {
            Some(redelivery) => format!("is delivered again after {:?} (`redeliverInterval`)", redelivery.interval),
            None => "is dropped, since redelivery is turned off".to_owned(),
        }
    }

    async fn subscribe(&self, request: SubscribeRequest, intake: Intake) -> Result<Box<dyn Subscription>> {
        self.check_open()?;
        if request.topic.is_empty() {
            return Err(Error::invalid("a subscription needs a topic"));
        }
        let name = format!("{}-{:016x}", self.group, fastrand::u64(..));
        let consumer = Consumer::new(self.client.clone(), request.topic, self.group.clone(), name);
        consumer.create_group().await?;
        Ok(Box::new(Subscribed::start(Worker {
            consumer,
            ledger: Arc::<Ledger>::default(),
            intake,
            redelivery: self.valid.redelivery,
            closed: self.closed.subscribe(),
        })))
    }

    async fn ping(&self) -> Result<()> {
        for server in self.client.servers() {
            server.ask(&redis::cmd("PING")).await?;
        }
        Ok(())
    }

    async fn close(&self) {
        self.closed.send_replace(true);
        self.client.close();
    }
}
