//! What others see on the server: names, arguments, properties. They are the incumbent's, so that both can share them.

use dapr_spi::pubsub::{Message, SubscribeRequest};
use dapr_testkit::pubsub::{Act, Collector, message};
use futures_util::StreamExt;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, ExchangeKind};

use crate::servers::{KEPT, Rabbit};

fn table(pairs: &[(&'static str, AMQPValue)]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in pairs {
        table.insert((*name).into(), value.clone());
    }
    table
}

fn text(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

fn with(topic: &str, pairs: &[(&str, &str)]) -> Message {
    let mut message = message(topic, "payload");
    message.metadata = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    message
}

fn request(topic: &str, pairs: &[(&str, &str)]) -> SubscribeRequest {
    SubscribeRequest { topic: topic.into(), metadata: with(topic, pairs).metadata, bulk: None }
}

/// Declaring the same again, as the incumbent does, is no error; RabbitMQ refuses any difference.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_declared_is_what_the_incumbent_declares() {
    let rabbit = Rabbit::shared().await;
    let fields = [("enableDeadLetter", "true"), ("maxLen", "7"), ("consumerID", "shop")];
    let broker = rabbit.open(&fields).await;
    let metadata = [("maxPriority", "5"), ("singleActiveConsumer", "true"), ("maxLenBytes", "9000")];
    let collector = Collector::start(&broker, request("declared", &metadata), 4, |_| Act::Done).await;
    let raw = rabbit.raw().await;
    let exchange = ExchangeDeclareOptions { durable: true, auto_delete: true, ..ExchangeDeclareOptions::default() };
    for name in ["declared", "dlx-shop-declared"] {
        let (kind, none) = (ExchangeKind::Fanout, FieldTable::default());
        raw.channel.exchange_declare(name.into(), kind, exchange, none).await.unwrap();
    }
    let queue = QueueDeclareOptions { durable: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let arguments = table(&[
        ("x-dead-letter-exchange", text("dlx-shop-declared")),
        ("x-max-length", AMQPValue::LongLongInt(7)),
        ("x-max-length-bytes", AMQPValue::LongLongInt(9000)),
        ("x-max-priority", AMQPValue::ShortShortUInt(5)),
        ("x-queue-type", text("classic")),
        ("x-single-active-consumer", AMQPValue::Boolean(true)),
    ]);
    raw.channel.queue_declare("shop-declared".into(), queue, arguments).await.unwrap();
    let lazy = table(&[("x-max-length", AMQPValue::LongLongInt(7)), ("x-queue-mode", text("lazy"))]);
    raw.channel.queue_declare("dlq-shop-declared".into(), queue, lazy).await.unwrap();
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_goes_out_as_properties() {
    let rabbit = Rabbit::shared().await;
    let broker = rabbit.open(KEPT).await;
    let raw = rabbit.raw().await;
    let sent = [("priority", "4"), ("ttlInSeconds", "60"), ("correlationID", "c"), ("contentType", "application/json")];
    // Nobody listens: the message is gone, but its exchange is there.
    broker.publish(with("properties", &sent)).await.unwrap();
    let queue = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
    raw.channel.queue_declare("look".into(), queue, FieldTable::default()).await.unwrap();
    let (bind, none) = (QueueBindOptions::default(), FieldTable::default());
    raw.channel.queue_bind("look".into(), "properties".into(), "".into(), bind, none).await.unwrap();
    let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let mut consumer =
        raw.channel.basic_consume("look".into(), "".into(), options, FieldTable::default()).await.unwrap();
    broker.publish(with("properties", &sent)).await.unwrap();
    let came = consumer.next().await.unwrap().unwrap();
    let expected = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_priority(4)
        .with_expiration("60000".into())
        .with_correlation_id("c".into());
    assert_eq!((came.data.as_slice(), came.properties), (&b"payload"[..], expected));
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_come_in_as_metadata_if_that_is_asked_for() {
    let rabbit = Rabbit::shared().await;
    let raw = rabbit.raw().await;
    for (asked, expected) in [("true", 3), ("false", 0)] {
        let fields = [("publishMessagePropertiesToMetadata", asked), ("consumerID", asked)];
        let broker = rabbit.open(&fields).await;
        let collector = Collector::start(&broker, request("incoming", &[]), 4, |_| Act::Done).await;
        let headers = table(&[("tries", AMQPValue::LongInt(3))]);
        let properties = BasicProperties::default()
            .with_message_id("m-1".into())
            .with_content_type("text/plain".into())
            .with_headers(headers);
        let options = BasicPublishOptions::default();
        raw.channel.basic_publish("incoming".into(), "".into(), options, b"raw", properties).await.unwrap();
        let metadata = collector.wait(1).await.remove(0).message.metadata;
        assert_eq!(metadata.len(), expected, "{metadata:?}");
        if asked == "true" {
            assert_eq!(metadata["metadata.messageid"], "m-1");
            assert_eq!(metadata["metadata.tries"], "3");
        }
        collector.close().await;
        broker.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn routing_keys_choose_among_the_messages_of_a_topic() {
    let rabbit = Rabbit::shared().await;
    let broker = rabbit.open(&[("exchangeKind", "topic"), ("consumerID", "routes")]).await;
    let metadata = [("routingKey", "order.*,bill.#"), ("queueName", "own-name")];
    let collector = Collector::start(&broker, request("routed", &metadata), 8, |_| Act::Done).await;
    for key in ["order.new", "order.new.big", "bill", "bill.paid.late", "other"] {
        let mut message = message("routed", key);
        message.metadata.insert("routingKey".into(), key.into());
        broker.publish(message).await.unwrap();
    }
    collector.wait(3).await;
    collector.nothing_more(3, "what no key takes does not come").await;
    assert_eq!(collector.texts(), ["order.new", "bill", "bill.paid.late"]);
    collector.close().await;
    broker.close().await;
}

/// In a quorum queue, and one after the other by priority in a classic one.
#[tokio::test(flavor = "multi_thread")]
async fn quorum_queues_and_priorities() {
    let rabbit = Rabbit::shared().await;
    let fields: Vec<_> = KEPT.iter().copied().chain([("consumerID", "kinds")]).collect();
    let broker = rabbit.open(&fields).await;
    let metadata = [("queueType", "quorum")];
    let collector = Collector::start(&broker, request("quorum", &metadata), 4, |seen| match seen.time {
        1 => Act::Again,
        _ => Act::Done,
    })
    .await;
    broker.publish(message("quorum", "1")).await.unwrap();
    collector.wait(2).await;
    collector.close().await;
    let metadata = [("maxPriority", "9")];
    let first = Collector::start(&broker, request("by-priority", &metadata), 1, |_| Act::Done).await;
    first.close().await;
    for priority in ["1", "9", "5"] {
        let mut message = message("by-priority", priority);
        message.metadata.insert("priority".into(), priority.into());
        broker.publish(message).await.unwrap();
    }
    let second = Collector::start(&broker, request("by-priority", &metadata), 1, |_| Act::Done).await;
    second.wait(3).await;
    assert_eq!(second.texts(), ["9", "5", "1"]);
    second.close().await;
    broker.close().await;
}

/// An exchange goes with its last queue; the next message makes it anew.
#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_the_server_deleted_comes_back() {
    let rabbit = Rabbit::shared().await;
    let broker = rabbit.open(&[("publisherConfirm", "true"), ("consumerID", "gone")]).await;
    for round in ["1", "2"] {
        let collector = Collector::start(&broker, request("deleted", &[]), 1, |_| Act::Done).await;
        broker.publish(message("deleted", round)).await.unwrap();
        assert_eq!(collector.wait(1).await[0].text(), round);
        collector.close().await;
        broker.publish(message("deleted", "to nobody")).await.unwrap();
    }
    broker.close().await;
}
