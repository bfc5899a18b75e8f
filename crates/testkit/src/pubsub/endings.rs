//! Subscriptions and components that end, and come back.

use std::collections::BTreeSet;
use std::sync::Arc;

use dapr_spi::pubsub::{Intake, PubSub, Verdict};

use super::{Act, SOON, Seen, Suite, bounded, message, subscription};

const MESSAGES: usize = 30;
const UNSETTLED: usize = 4;

impl Suite {
    /// A subscription that ends finishes what it has pulled, pulls nothing more, and gets nothing afterwards. The next one
    /// goes on where it ended.
    pub(super) async fn drain(&self) {
        let broker = self.open("drain").await;
        let topic = self.topic("drain");
        let first = self.collect(&broker, &topic, UNSETTLED, |_| Act::Keep).await;
        let count = if self.quirks.volatile { UNSETTLED } else { MESSAGES };
        for number in 0..count {
            self.publish(&broker, &topic, format!("{number:03}")).await;
        }
        first.wait(UNSETTLED).await;
        first.close_intake().await;
        assert_eq!(first.release(UNSETTLED, Verdict::Done), UNSETTLED);
        first.nothing_more(UNSETTLED, "an intake that is closed gets nothing more").await;
        let done: BTreeSet<String> = first.close().await.iter().map(Seen::text).collect();
        assert_eq!(done.len(), UNSETTLED);
        if self.quirks.volatile {
            self.publish(&broker, &topic, "nobody takes it").await;
        } else {
            self.resume(&broker, &topic, &done).await;
        }
        self.end(broker).await;
    }

    async fn resume(&self, broker: &Arc<dyn PubSub>, topic: &str, done: &BTreeSet<String>) {
        let second = self.collect(broker, topic, UNSETTLED, |_| Act::Done).await;
        let rest = MESSAGES - UNSETTLED;
        let complete = |seen: &[Seen]| seen.iter().map(Seen::text).collect::<BTreeSet<_>>().len() >= rest;
        let bound = SOON.max(self.quirks.redelivery);
        let seen = second.wait_until(&format!("the other {rest} messages"), bound, complete).await;
        let again: Vec<String> = seen.iter().map(Seen::text).filter(|text| done.contains(text)).collect();
        assert!(again.is_empty(), "what was processed before the subscription ended came again: {again:?}");
        second.close().await;
    }

    /// Messages that are published while a known group is away wait for it, also for a new component.
    pub(super) async fn away(&self) {
        let topic = self.topic("away");
        let broker = self.open("away").await;
        let first = self.collect(&broker, &topic, UNSETTLED, |_| Act::Done).await;
        self.publish(&broker, &topic, "before").await;
        first.wait(1).await;
        first.close().await;
        self.publish(&broker, &topic, "while no subscription").await;
        self.end(broker).await;
        let other = self.open("away-other").await;
        self.publish(&other, &topic, "while no component").await;
        self.end(other).await;
        let broker = self.open("away").await;
        let second = self.collect(&broker, &topic, UNSETTLED, |_| Act::Done).await;
        let texts: BTreeSet<String> = second.wait(2).await.iter().map(Seen::text).collect();
        let expected = ["while no subscription", "while no component"].map(str::to_owned);
        assert_eq!(texts, BTreeSet::from(expected), "what was published while the group was away, and nothing else");
        second.close().await;
        self.end(broker).await;
    }

    /// A closed component refuses, its subscriptions get nothing more, and closing hangs on nothing.
    pub(super) async fn close(&self) {
        let broker = self.open("close").await;
        let topic = self.topic("close");
        let collector = self.collect(&broker, &topic, UNSETTLED, |_| Act::Done).await;
        self.publish(&broker, &topic, "before").await;
        collector.wait(1).await;
        bounded("close with a running subscription", broker.close()).await;
        let late = bounded("publish after close", broker.publish(message(&topic, "after"))).await;
        assert!(late.is_err(), "a closed component must refuse to publish");
        let (intake, _deliveries) = Intake::new(1);
        let late = bounded("subscribe after close", broker.subscribe(subscription(&topic), intake)).await;
        assert!(late.is_err(), "a closed component must refuse to subscribe");
        let other = self.open("close-other").await;
        self.publish(&other, &topic, "from another component").await;
        self.end(other).await;
        collector.nothing_more(1, "nothing is delivered after close").await;
        collector.close().await;
        bounded("a second close", broker.close()).await;
    }
}
