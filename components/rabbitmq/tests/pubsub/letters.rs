//! What becomes of messages that the application refuses, by the fields of the component.

use std::sync::Arc;

use dapr_spi::pubsub::{PubSub, Verdict};
use dapr_testkit::pubsub::{Act, Collector, Seen, message, subscription};
use lapin::options::{BasicGetOptions, QueueDeclareOptions};
use lapin::types::FieldTable;

use crate::servers::{Rabbit, Raw};

/// Messages in a queue that nobody has, and the first of them, taken out.
async fn first_of(raw: &Raw, queue: &str) -> Option<String> {
    let options = BasicGetOptions { no_ack: true };
    let got = raw.channel.basic_get(queue.into(), options).await.expect("a look into the queue");
    got.map(|got| String::from_utf8_lossy(&got.delivery.data).into_owned())
}

async fn count(raw: &Raw, queue: &str) -> u32 {
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let declared = raw.channel.queue_declare(queue.into(), options, FieldTable::default()).await;
    declared.expect("the queue").message_count()
}

async fn refuse_one(broker: &Arc<dyn PubSub>, topic: &str) -> Vec<Seen> {
    let collector = Collector::start(broker, subscription(topic), 4, |seen| match seen.text().as_str() {
        "refused" => Act::Again,
        _ => Act::Done,
    })
    .await;
    for text in ["refused", "fine"] {
        broker.publish(message(topic, text)).await.unwrap();
    }
    collector.wait(2).await;
    collector.nothing_more(2, "a refused message does not come again").await;
    collector.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_goes_to_the_dead_letter_queue() {
    let rabbit = Rabbit::shared().await;
    let fields = [("enableDeadLetter", "true"), ("deletedWhenUnused", "false"), ("consumerID", "letters")];
    let broker = rabbit.open(&fields).await;
    let line = broker.redelivery(&subscription("dead"));
    assert!(line.contains("dlq-letters-dead") && line.contains("does not come again"), "{line}");
    refuse_one(&broker, "dead").await;
    broker.close().await;
    let raw = rabbit.raw().await;
    assert_eq!(first_of(&raw, "dlq-letters-dead").await.as_deref(), Some("refused"));
    assert_eq!(count(&raw, "letters-dead").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_without_dead_letter_queue_is_lost_and_that_is_said() {
    let rabbit = Rabbit::shared().await;
    let broker = rabbit.open(&[("deletedWhenUnused", "false"), ("consumerID", "letters")]).await;
    let line = broker.redelivery(&subscription("lost"));
    assert!(line.contains("lost") && line.contains("requeueInFailure") && line.contains("enableDeadLetter"), "{line}");
    refuse_one(&broker, "lost").await;
    broker.close().await;
    assert_eq!(count(&rabbit.raw().await, "letters-lost").await, 0);
}

/// The same fields; but a message that the application has not refused is not lost when the subscription ends.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_at_the_end_of_a_subscription_stays_in_the_queue() {
    let rabbit = Rabbit::shared().await;
    let broker = rabbit.open(&[("deletedWhenUnused", "false"), ("consumerID", "letters")]).await;
    let collector = Collector::start(&broker, subscription("end"), 2, |_| Act::Keep).await;
    for number in 0..6 {
        broker.publish(message("end", number.to_string())).await.unwrap();
    }
    collector.wait(2).await;
    collector.close_intake().await;
    assert_eq!(collector.release(1, Verdict::Done), 1);
    assert_eq!(collector.release(1, Verdict::Again), 1);
    collector.close().await;
    broker.close().await;
    let raw = rabbit.raw().await;
    assert_eq!(count(&raw, "letters-end").await, 5);
    assert_eq!(first_of(&raw, "letters-end").await.as_deref(), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_auto_ack_a_message_is_gone_as_soon_as_it_has_come() {
    let rabbit = Rabbit::shared().await;
    let fields = [("autoAck", "true"), ("deletedWhenUnused", "false"), ("consumerID", "letters")];
    let broker = rabbit.open(&fields).await;
    assert!(broker.redelivery(&subscription("auto")).contains("autoAck"));
    let collector = Collector::start(&broker, subscription("auto"), 2, |_| Act::Keep).await;
    for number in 0..4 {
        broker.publish(message("auto", number.to_string())).await.unwrap();
    }
    collector.wait(2).await;
    collector.nothing_more(2, "no more than there is room for, also with `autoAck`").await;
    collector.close_intake().await;
    assert_eq!(collector.release(2, Verdict::Again), 2);
    collector.close().await;
    broker.close().await;
    assert_eq!(count(&rabbit.raw().await, "letters-auto").await, 2);
}
