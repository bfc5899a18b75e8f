//! `pubsub.in-memory` conforms; it takes topics by a star at the end, and a publisher waits for a slow subscriber.

use std::sync::Arc;
use std::time::Duration;

use dapr_component_memory::pubsub::InMemory;
use dapr_spi::pubsub::{Intake, PubSub, Verdict};
use dapr_spi::registry;
use dapr_testkit::pubsub::{Act, Collector, Quirks, Wildcard, conformance, message, subscription};
use tokio::time::timeout;

fn quirks() -> Quirks {
    let wildcard =
        Wildcard { pattern: "{}*", takes: &["{}s", "{}*", "{}.new"], leaves: &["{}", "my-{}"], names_topic: false };
    Quirks {
        volatile: true,
        metadata: true,
        content_type: true,
        key_order: true,
        whole_order: true,
        wildcard: Some(wildcard),
        ..Quirks::default()
    }
}

async fn bus() -> Arc<dyn PubSub> {
    registry::open::<InMemory>(&[]).await.expect("a bus")
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    conformance(|_| bus(), quirks()).await;
}

#[tokio::test]
async fn a_publisher_waits_for_a_slow_subscriber() {
    let bus = bus().await;
    let collector = Collector::start(&bus, subscription("t"), 3, |_| Act::Keep).await;
    for _ in 0..3 {
        bus.publish(message("t", "x")).await.expect("there is room");
    }
    let mut waiting = Box::pin(bus.publish(message("t", "last")));
    let early = timeout(Duration::from_millis(100), &mut waiting).await;
    assert!(early.is_err(), "a publisher waits while there is no room");
    collector.wait(3).await;
    assert_eq!(collector.release(1, Verdict::Done), 1);
    timeout(Duration::from_secs(5), waiting).await.expect("goes on").expect("publish");
    collector.wait(4).await;
    collector.release(3, Verdict::Done);
    collector.close().await;
}

#[tokio::test]
async fn a_publisher_does_not_wait_for_a_subscription_that_ends() {
    let bus = bus().await;
    let (intake, deliveries) = Intake::new(1);
    let _kept = bus.subscribe(subscription("t"), intake).await.expect("subscribe");
    bus.publish(message("t", "1")).await.expect("there is room");
    let waiting = bus.publish(message("t", "2"));
    let (sent, ()) = tokio::join!(timeout(Duration::from_secs(5), waiting), async { drop(deliveries) });
    sent.expect("goes on").expect("nobody is there to take it");
}
