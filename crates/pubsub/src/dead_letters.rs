//! Looking at the messages that a broker keeps of a topic, and publishing them once more: for dead letters.

use bytes::Bytes;
use dapr_errors::{Error, Result, table};
use dapr_spi::ErrorKind;
use dapr_spi::pubsub::{Kept, Map, Message};

use crate::publish::{Publisher, Target};
use crate::{Broker, Envelope};

/// Messages that are asked for at once.
const PAGE: usize = 100;
/// Why a message that says nothing of its topic stays.
const NO_TOPIC: &str = "it does not say which topic it was published to: name one";

/// Which messages are published once more.
#[derive(Clone, Debug, Default)]
pub struct Redrive {
    /// The topic they go to; none for the one that each was published to at first.
    pub to: Option<String>,
    /// Only these; empty for all.
    pub ids: Vec<String>,
    /// At most so many.
    pub most: usize,
}

/// How it went.
#[derive(Debug, Default)]
pub struct Redriven {
    /// Messages that were published once more and taken away.
    pub count: usize,
    /// Messages that stayed, and why.
    pub failed: Vec<(String, Error)>,
}

impl Publisher {
    /// The oldest messages that a broker keeps of a topic, at most `most`, those behind `after`. Nothing is taken.
    ///
    /// # Errors
    /// There is no such broker, it cannot show what it keeps, or the app may not subscribe to the topic.
    pub async fn browse(&self, pubsub: &str, topic: &str, after: Option<&str>, most: usize) -> Result<Vec<Kept>> {
        let target = self.browsable(pubsub, topic)?;
        self.page(&target, after, most).await
    }

    /// Publishes messages of a topic once more, and takes away those that their broker has acknowledged. A message
    /// whose removal fails stays, and is there twice.
    ///
    /// # Errors
    /// As [`Publisher::browse`]; what concerns one message is in the answer.
    pub async fn redrive(&self, pubsub: &str, topic: &str, redrive: &Redrive) -> Result<Redriven> {
        let target = self.browsable(pubsub, topic)?;
        let (mut done, mut after) = (Redriven::default(), None);
        while done.count + done.failed.len() < redrive.most {
            let page = self.page(&target, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id.clone());
            for kept in page {
                let is_wanted = redrive.ids.is_empty() || redrive.ids.contains(&kept.id);
                if !is_wanted || done.count + done.failed.len() >= redrive.most {
                    continue;
                }
                let id = kept.id.clone();
                match self.publish_again(&target, redrive.to.as_deref(), kept).await {
                    Ok(()) => done.count += 1,
                    Err(error) => done.failed.push((id, error)),
                }
            }
        }
        Ok(done)
    }

    async fn publish_again(&self, from: &Target, to: Option<&str>, kept: Kept) -> Result<()> {
        let broker = from.broker();
        let Kept { id, message, .. } = kept;
        let Message { data, metadata, content_type, .. } = message;
        let to = match to {
            Some(to) => to.to_owned(),
            None => origin(broker, from.topic(), &data)
                .ok_or_else(|| Error::new(&table::PUBSUB_REDRIVE, &[&id, &from.topic(), &NO_TOPIC]))?,
        };
        self.publish_raw(broker.name(), &to, data, metadata, content_type).await?;
        let removed = broker.component().discard(&broker.topic(from.topic()), &[id]).await;
        removed.map_err(|error| failed(from, &error))
    }

    fn browsable(&self, pubsub: &str, topic: &str) -> Result<Target> {
        let target = self.target(pubsub, topic, &Map::new())?;
        self.check_subscription_scope(&target)?;
        Ok(target)
    }

    async fn page(&self, target: &Target, after: Option<&str>, most: usize) -> Result<Vec<Kept>> {
        let broker = target.broker();
        let page = broker.component().browse(&broker.topic(target.topic()), after, most).await;
        page.map_err(|error| failed(target, &error))
    }
}

/// The topic that a dead letter was published to at first: its envelope tells.
fn origin(broker: &Broker, dead_letters: &str, data: &Bytes) -> Option<String> {
    let envelope = Envelope::read(data.clone()).ok()?;
    let topic = envelope.topic()?;
    let topic = broker.topic_of(&topic);
    (envelope.pubsub_name()? == broker.name() && !topic.is_empty() && topic != dead_letters).then(|| topic.to_owned())
}

fn failed(target: &Target, error: &dapr_spi::Error) -> Error {
    let (topic, pubsub) = (target.topic(), target.broker().name());
    match error.kind() {
        ErrorKind::Unsupported => Error::new(&table::PUBSUB_BROWSE_UNSUPPORTED, &[&pubsub, error]),
        _ => Error::new(&table::PUBSUB_BROWSE, &[&topic, &pubsub, error]),
    }
}
