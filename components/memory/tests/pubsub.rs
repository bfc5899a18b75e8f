//! `pubsub.in-memory` delivers in order, to every subscription, with wildcards and back-pressure.

use std::sync::Arc;
use std::time::Duration;

use dapr_component_memory::pubsub::InMemory;
use dapr_spi::pubsub::{Handler, Message, PubSub, SubscribeRequest};
use dapr_spi::{Error, registry};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(5);

fn message(topic: &str, data: &str) -> Message {
    Message { topic: topic.into(), data: data.to_owned().into(), ..Message::default() }
}

fn topic(topic: &str) -> SubscribeRequest {
    SubscribeRequest { topic: topic.into(), ..SubscribeRequest::default() }
}

fn collect() -> (Handler, mpsc::UnboundedReceiver<String>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let handler: Handler = Arc::new(move |message| {
        let text = format!("{}:{}", message.topic, String::from_utf8_lossy(&message.data));
        let failed = message.data.starts_with(b"bad");
        let _ = sender.send(text);
        Box::pin(async move { if failed { Err(Error::failed("on purpose")) } else { Ok(()) } })
    });
    (handler, receiver)
}

async fn bus() -> Arc<dyn PubSub> {
    registry::open::<InMemory>(&[]).await.expect("a bus")
}

async fn next(receiver: &mut mpsc::UnboundedReceiver<String>) -> String {
    timeout(SOON, receiver.recv()).await.expect("a message soon").expect("a message")
}

#[tokio::test]
async fn every_subscription_gets_every_message_in_order() {
    let bus = bus().await;
    let (first, mut first_got) = collect();
    let (second, mut second_got) = collect();
    let _first = bus.subscribe(topic("orders"), first).await.expect("subscribe");
    let second = bus.subscribe(topic("orders"), second).await.expect("subscribe");
    for data in ["1", "bad", "3"] {
        bus.publish(message("orders", data)).await.expect("publish");
    }
    bus.publish(message("other", "x")).await.expect("a topic without subscribers is no error");
    for expected in ["orders:1", "orders:bad", "orders:3"] {
        assert_eq!(next(&mut first_got).await, expected);
        assert_eq!(next(&mut second_got).await, expected);
    }
    drop(second);
    bus.publish(message("orders", "4")).await.expect("publish");
    assert_eq!(next(&mut first_got).await, "orders:4");
    assert_eq!(timeout(SOON, second_got.recv()).await, Ok(None), "a dropped subscription gets nothing more");
}

#[tokio::test]
async fn a_star_at_the_end_takes_longer_topics() {
    let bus = bus().await;
    let (handler, mut got) = collect();
    let _kept = bus.subscribe(topic("order*"), handler).await.expect("subscribe");
    for name in ["order", "orders", "order*", "my-orders", "orders.new"] {
        bus.publish(message(name, name)).await.expect("publish");
    }
    for expected in ["order*:orders", "order*:order*", "order*:orders.new"] {
        assert_eq!(next(&mut got).await, expected);
    }
}

#[tokio::test]
async fn a_publisher_waits_for_a_slow_subscriber() {
    let bus = bus().await;
    let gate = Arc::new(Semaphore::new(0));
    let wait = gate.clone();
    let handler: Handler = Arc::new(move |_| {
        let wait = wait.clone();
        Box::pin(async move {
            wait.acquire().await.expect("open").forget();
            Ok(())
        })
    });
    let _kept = bus.subscribe(topic("t"), handler).await.expect("subscribe");
    let mut accepted = 0;
    while timeout(Duration::from_millis(100), bus.publish(message("t", "x"))).await.is_ok() {
        accepted += 1;
        assert!(accepted < 1_000, "the queue must be bounded");
    }
    gate.add_permits(2);
    timeout(SOON, bus.publish(message("t", "x"))).await.expect("goes on").expect("publish");
}

#[tokio::test]
async fn a_closed_bus_refuses() {
    let bus = bus().await;
    let (handler, mut got) = collect();
    let _kept = bus.subscribe(topic("t"), handler).await.expect("subscribe");
    bus.close().await;
    assert!(bus.publish(message("t", "x")).await.is_err());
    let (handler, _) = collect();
    assert!(bus.subscribe(topic("t"), handler).await.is_err());
    assert_eq!(timeout(SOON, got.recv()).await, Ok(None), "the delivery ends");
}
