//! Exchanges, queues and bindings: names and arguments of the incumbent.

use std::sync::Arc;

use dapr_spi::pubsub::{Map, SubscribeRequest};
use dapr_spi::{Error, Result};
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};

use crate::errors::{failed, name};
use crate::properties::found;
use crate::settings::Settings;

/// What a subscription needs on the server.
#[derive(Clone, Debug)]
pub(crate) struct Topology {
    settings: Arc<Settings>,
    exchange: ShortString,
    pub(crate) queue: ShortString,
    arguments: FieldTable,
    routing_keys: Vec<ShortString>,
    dead_letter: Option<DeadLetter>,
}

#[derive(Clone, Debug)]
struct DeadLetter {
    exchange: ShortString,
    queue: ShortString,
    arguments: FieldTable,
}

/// The queue of a subscription.
pub(crate) fn queue_name(consumer_id: &str, request: &SubscribeRequest) -> String {
    match found(&request.metadata, "queueName") {
        Some(queue) => queue.to_owned(),
        None => format!("{consumer_id}-{}", request.topic),
    }
}

/// The dead-letter queue of a queue.
pub(crate) fn dead_letter_queue(queue: &str) -> String {
    format!("dlq-{queue}")
}

impl Topology {
    /// Reads the metadata of a subscription.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of(settings: Arc<Settings>, consumer_id: &str, request: &SubscribeRequest) -> Result<Self> {
        if request.topic.is_empty() {
            return Err(Error::invalid("the topic is empty"));
        }
        let queue = queue_name(consumer_id, request);
        let mut arguments = lengths(&settings);
        let dead_letter = if settings.dead_letter {
            let exchange = format!("dlx-{queue}");
            arguments.insert("x-dead-letter-exchange".into(), AMQPValue::LongString(exchange.as_str().into()));
            let mut of_queue = lengths(&settings);
            of_queue.insert("x-queue-mode".into(), AMQPValue::LongString("lazy".into()));
            let dead_letter_queue = dead_letter_queue(&queue);
            Some(DeadLetter {
                exchange: name("the name of the dead-letter exchange", &exchange)?,
                queue: name("the name of the dead-letter queue", &dead_letter_queue)?,
                arguments: of_queue,
            })
        } else {
            None
        };
        add_arguments(&mut arguments, &settings, &request.metadata)?;
        let routing_keys = found(&request.metadata, "routingKey").unwrap_or_default().split(',');
        Ok(Self {
            exchange: name("the topic", &request.topic)?,
            queue: name("the name of the queue", &queue)?,
            arguments,
            routing_keys: routing_keys.map(|key| name("`routingKey`", key)).collect::<Result<_>>()?,
            dead_letter,
            settings,
        })
    }

    /// Makes everything there that is not there yet.
    ///
    /// # Errors
    /// The server refuses, or the connection is lost.
    pub(crate) async fn declare(&self, channel: &Channel) -> Result<()> {
        declare_exchange(channel, &self.settings, self.exchange.clone()).await?;
        if let Some(dead_letter) = &self.dead_letter {
            self.declare_dead_letter(channel, dead_letter).await?;
        }
        let options = QueueDeclareOptions {
            durable: self.settings.durable,
            auto_delete: self.settings.auto_delete,
            ..QueueDeclareOptions::default()
        };
        let declared = channel.queue_declare(self.queue.clone(), options, self.arguments.clone()).await;
        declared.map_err(|error| failed(&format!("cannot declare the queue `{}`", self.queue), &error))?;
        for key in &self.routing_keys {
            bind(channel, &self.queue, &self.exchange, key.clone()).await?;
        }
        Ok(())
    }

    /// The dead-letter exchange and queue are always durable.
    async fn declare_dead_letter(&self, channel: &Channel, dead_letter: &DeadLetter) -> Result<()> {
        let DeadLetter { exchange, queue, arguments } = dead_letter;
        let auto_delete = self.settings.auto_delete;
        let options = ExchangeDeclareOptions { durable: true, auto_delete, ..ExchangeDeclareOptions::default() };
        let declared =
            channel.exchange_declare(exchange.clone(), ExchangeKind::Fanout, options, FieldTable::default()).await;
        declared.map_err(|error| failed(&format!("cannot declare the exchange `{exchange}`"), &error))?;
        let options = QueueDeclareOptions { durable: true, auto_delete, ..QueueDeclareOptions::default() };
        let declared = channel.queue_declare(queue.clone(), options, arguments.clone()).await;
        declared.map_err(|error| failed(&format!("cannot declare the queue `{queue}`"), &error))?;
        bind(channel, queue, exchange, ShortString::default()).await
    }
}

/// Makes the exchange of a topic there if it is not there yet.
///
/// # Errors
/// The server refuses, or the connection is lost.
pub(crate) async fn declare_exchange(channel: &Channel, settings: &Settings, exchange: ShortString) -> Result<()> {
    let options = ExchangeDeclareOptions {
        durable: settings.durable,
        auto_delete: settings.auto_delete,
        ..ExchangeDeclareOptions::default()
    };
    let kind = settings.exchange_kind.clone();
    let declared = channel.exchange_declare(exchange.clone(), kind, options, FieldTable::default()).await;
    declared.map_err(|error| failed(&format!("cannot declare the exchange `{exchange}`"), &error))
}

async fn bind(channel: &Channel, queue: &ShortString, exchange: &ShortString, key: ShortString) -> Result<()> {
    let options = QueueBindOptions::default();
    let bound = channel.queue_bind(queue.clone(), exchange.clone(), key, options, FieldTable::default()).await;
    bound.map_err(|error| failed(&format!("cannot bind the queue `{queue}` to the exchange `{exchange}`"), &error))
}

fn lengths(settings: &Settings) -> FieldTable {
    let mut arguments = FieldTable::default();
    for (name, value) in [("x-max-length", settings.max_len), ("x-max-length-bytes", settings.max_len_bytes)] {
        if let Some(value) = value {
            arguments.insert(name.into(), AMQPValue::LongLongInt(value));
        }
    }
    arguments
}

/// What a subscription's metadata adds to, or changes in, the arguments of its queue.
fn add_arguments(arguments: &mut FieldTable, settings: &Settings, metadata: &Map) -> Result<()> {
    let number = |field: &str| -> Result<Option<i64>> {
        let Some(text) = found(metadata, field) else { return Ok(None) };
        let read = text.parse().ok().filter(|number: &i64| *number >= 0);
        let wrong = || Error::invalid(format!("`{field}`: expected a number of zero or more, found `{text}`"));
        read.map(Some).ok_or_else(wrong)
    };
    if let Some(priority) = number("maxPriority")? {
        arguments.insert("x-max-priority".into(), AMQPValue::LongLongInt(priority.min(255)));
    }
    for (field, argument) in [("maxLen", "x-max-length"), ("maxLenBytes", "x-max-length-bytes")] {
        if let Some(value) = number(field)? {
            arguments.insert(argument.into(), AMQPValue::LongLongInt(value));
        }
    }
    let kind = found(metadata, "queueType").unwrap_or("classic");
    if !matches!(kind, "classic" | "quorum") {
        return Err(Error::invalid(format!("`queueType`: expected `classic` or `quorum`, found `{kind}`")));
    }
    if kind == "quorum" && (settings.auto_delete || !settings.durable) {
        let why = "`queueType: quorum` needs `deletedWhenUnused: false` and `durable: true` in the component: \
                   a quorum queue is always kept";
        return Err(Error::invalid(why));
    }
    arguments.insert("x-queue-type".into(), AMQPValue::LongString(kind.into()));
    let single = found(metadata, "singleActiveConsumer").and_then(dapr_spi::metadata::parse_bool);
    if single == Some(true) {
        arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use dapr_spi::metadata::{Metadata, Properties};

    use super::*;
    use crate::metadata::RabbitMqMetadata;

    fn topology(fields: &[(&str, &str)], metadata: &[(&str, &str)]) -> Result<Topology> {
        let properties = Properties::from_pairs(fields.iter().copied());
        let settings = Settings::check(RabbitMqMetadata::parse(&properties).unwrap()).unwrap();
        let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = SubscribeRequest { topic: "orders".into(), metadata, bulk: None };
        Topology::of(Arc::new(settings), "shop", &request)
    }

    fn text(topology: &Topology, argument: &str) -> Option<String> {
        topology.arguments.inner().get(argument).map(|value| match value {
            AMQPValue::LongString(text) => text.to_string(),
            AMQPValue::LongLongInt(number) => number.to_string(),
            AMQPValue::Boolean(value) => value.to_string(),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn names_are_those_of_the_incumbent() {
        let plain = topology(&[], &[]).unwrap();
        assert_eq!((plain.exchange.as_str(), plain.queue.as_str()), ("orders", "shop-orders"));
        assert_eq!(plain.routing_keys, ["".into()]);
        assert_eq!(text(&plain, "x-queue-type").as_deref(), Some("classic"));
        let own = topology(&[("enableDeadLetter", "true")], &[("queueName", "q"), ("routingKey", "a,b.#")]).unwrap();
        assert_eq!((own.queue.as_str(), own.routing_keys.len()), ("q", 2));
        let dead_letter = own.dead_letter.as_ref().unwrap();
        assert_eq!((dead_letter.exchange.as_str(), dead_letter.queue.as_str()), ("dlx-q", "dlq-q"));
        assert_eq!(text(&own, "x-dead-letter-exchange").as_deref(), Some("dlx-q"));
    }

    #[test]
    fn a_subscription_changes_the_arguments_of_its_queue() {
        let fields = [("maxLen", "10"), ("maxLenBytes", "1000"), ("deletedWhenUnused", "false")];
        let metadata =
            [("maxLen", "20"), ("maxPriority", "300"), ("queueType", "quorum"), ("singleActiveConsumer", "TRUE")];
        let changed = topology(&fields, &metadata).unwrap();
        for (argument, value) in [
            ("x-max-length", "20"),
            ("x-max-length-bytes", "1000"),
            ("x-max-priority", "255"),
            ("x-queue-type", "quorum"),
            ("x-single-active-consumer", "true"),
        ] {
            assert_eq!(text(&changed, argument).as_deref(), Some(value), "{argument}");
        }
    }

    #[test]
    fn wrong_metadata_is_refused_and_says_why() {
        for (metadata, part) in [
            ([("maxPriority", "high")], "maxPriority"),
            ([("maxLen", "-1")], "maxLen"),
            ([("queueType", "stream")], "queueType"),
            ([("queueType", "quorum")], "deletedWhenUnused: false"),
        ] {
            let error = topology(&[], &metadata).unwrap_err().to_string();
            assert!(error.contains(part), "{metadata:?}: {error}");
        }
    }
}
