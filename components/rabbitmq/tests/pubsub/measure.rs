//! Throughput at the trait against a plain client of the same crate, with the same messages in flight, confirms and
//! acknowledgements. Run it alone: `cargo test --release -p dapr-component-rabbitmq -- --ignored --nocapture throughput`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dapr_testkit::pubsub::{Act, Collector, message, subscription};
use futures_util::{StreamExt, stream};
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, ExchangeKind};

use crate::servers::{KEPT, Rabbit};

const MESSAGES: usize = 20_000;
const IN_FLIGHT: usize = 64;
const UNSETTLED: usize = 128;
const ROUNDS: usize = 3;
const PAYLOAD: [u8; 1024] = [b'x'; 1024];

async fn plain(rabbit: &Rabbit) -> Duration {
    let (out, back) = (rabbit.raw().await, rabbit.raw().await);
    let none = FieldTable::default;
    out.channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let exchange = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    out.channel.exchange_declare("plain".into(), ExchangeKind::Fanout, exchange, none()).await.unwrap();
    let queue = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    back.channel.queue_declare("plain".into(), queue, none()).await.unwrap();
    back.channel
        .queue_bind("plain".into(), "plain".into(), "".into(), QueueBindOptions::default(), none())
        .await
        .unwrap();
    back.channel.basic_qos(u16::try_from(UNSETTLED).unwrap(), BasicQosOptions::default()).await.unwrap();
    let options = BasicConsumeOptions::default();
    let mut consumer = back.channel.basic_consume("plain".into(), "".into(), options, none()).await.unwrap();
    let started = Instant::now();
    let publishing = stream::iter(0..MESSAGES)
        .map(|_| async {
            let properties = BasicProperties::default().with_delivery_mode(2).with_content_type("text/plain".into());
            let options = BasicPublishOptions::default();
            let sent = out.channel.basic_publish("plain".into(), "".into(), options, &PAYLOAD, properties).await;
            sent.unwrap().await.unwrap();
        })
        .buffered(IN_FLIGHT)
        .for_each(async |()| ());
    let consuming = async {
        for _ in 0..MESSAGES {
            let delivery = consumer.next().await.unwrap().unwrap();
            delivery.ack(BasicAckOptions::default()).await.unwrap();
        }
    };
    tokio::join!(publishing, consuming);
    started.elapsed()
}

async fn component(rabbit: &Rabbit) -> Duration {
    let fields: Vec<_> = KEPT.iter().copied().chain([("consumerID", "measure")]).collect();
    let broker = rabbit.open(&fields).await;
    let collector = Collector::start(&broker, subscription("measured"), UNSETTLED, |_| Act::Done).await;
    let started = Instant::now();
    let publisher = Arc::clone(&broker);
    stream::iter(0..MESSAGES)
        .map(|_| publisher.publish(message("measured", PAYLOAD)))
        .buffered(IN_FLIGHT)
        .for_each(async |sent| sent.unwrap())
        .await;
    collector.wait_within(MESSAGES, Duration::from_secs(120)).await;
    let took = started.elapsed();
    collector.close().await;
    broker.close().await;
    took
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn throughput() {
    let rabbit = Rabbit::start().await;
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        best = (best.0.min(plain(&rabbit).await), best.1.min(component(&rabbit).await));
    }
    let rate = |took: Duration| MESSAGES as f64 / took.as_secs_f64();
    let (plain, ours) = (rate(best.0), rate(best.1));
    eprintln!("plain client {plain:.0}/s, component {ours:.0}/s: {:.0} %", 100.0 * ours / plain);
    assert!(ours > 0.7 * plain, "the component must be within 30 % of a plain client");
}
