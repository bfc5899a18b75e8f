//! Nothing that was acknowledged is lost when a member of the group, or the broker, ends at any moment.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dapr_kit::task;
use dapr_spi::pubsub::{Intake, PubSub, Verdict};
use dapr_testkit::pubsub::{keyed, subscription};

use crate::server::{open, topic};

const ROUNDS: usize = 6;

async fn publish(broker: Arc<dyn PubSub>, topic: String, stop: Arc<AtomicBool>) -> BTreeSet<String> {
    let mut acknowledged = BTreeSet::new();
    for number in 0.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let text = format!("{number:06}");
        if broker.publish(keyed(&topic, &(number % 7).to_string(), text.clone())).await.is_ok() {
            acknowledged.insert(text);
        }
    }
    acknowledged
}

/// A subscriber that crashes: it processes some messages, then goes with others in hand and without a goodbye.
async fn crash(port: u16, topic: &str, processed: &mut BTreeSet<String>) {
    let broker = open(port, &[("consumerID", topic), ("sessionTimeout", "6s")]).await;
    let (intake, mut deliveries) = Intake::new(16);
    let subscribed = broker.subscribe(subscription(topic), intake).await.unwrap();
    let ending = tokio::time::sleep(Duration::from_secs(3));
    tokio::pin!(ending);
    let mut in_hand = Vec::new();
    loop {
        tokio::select! {
            delivery = deliveries.next() => {
                let delivery = delivery.unwrap();
                if fastrand::u8(..) < 5 && in_hand.len() < 8 {
                    in_hand.push(delivery);
                    continue;
                }
                processed.insert(String::from_utf8(delivery.message.data.to_vec()).unwrap());
                delivery.settle(Verdict::Done);
            }
            () = &mut ending => break,
        }
    }
    // Its verdicts never come, as if the process were gone; nothing is handed over.
    std::mem::forget(in_hand);
    drop(subscribed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost() {
    let mut server = dapr_testkit::kafka::start().await.unwrap();
    let topic = topic("loss");
    let publisher = open(server.port(), &[]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let publishing = task::spawn("publisher", publish(publisher.clone(), topic.clone(), stop.clone()));
    let mut processed = BTreeSet::new();
    for round in 0..ROUNDS {
        if round % 3 == 1 {
            server.kill();
            server.resume().await.unwrap();
        }
        crash(server.port(), &topic, &mut processed).await;
    }
    stop.store(true, Ordering::SeqCst);
    let acknowledged = publishing.join().await.unwrap();
    assert!(acknowledged.len() > 100, "only {} were published", acknowledged.len());
    let broker = open(server.port(), &[("consumerID", &topic)]).await;
    let (intake, mut deliveries) = Intake::new(64);
    let subscribed = broker.subscribe(subscription(&topic), intake).await.unwrap();
    while !acknowledged.is_subset(&processed) {
        let next = tokio::time::timeout(Duration::from_secs(30), deliveries.next()).await;
        let Ok(Some(delivery)) = next else {
            let lost: Vec<_> = acknowledged.difference(&processed).take(10).collect();
            panic!("lost of {}: {lost:?}", acknowledged.len());
        };
        processed.insert(String::from_utf8(delivery.message.data.to_vec()).unwrap());
        delivery.settle(Verdict::Done);
    }
    deliveries.close();
    subscribed.close().await;
    broker.close().await;
    publisher.close().await;
}
