//! Messages that were not processed come again.

use dapr_spi::pubsub::Verdict;

use super::{Act, Seen, Suite, message};

/// How often a poison message is refused.
const REFUSALS: usize = 3;

impl Suite {
    /// A message that is refused, and one that is dropped unsettled, come again; those that were processed do not.
    pub(super) async fn redelivery(&self) {
        let broker = self.open("redelivery").await;
        let topic = self.topic("redelivery");
        let collector = self
            .collect(&broker, &topic, 16, |seen| match (seen.text().as_str(), seen.time) {
                ("refused", 1) => Act::Again,
                ("dropped", 1) => Act::Drop,
                _ => Act::Done,
            })
            .await;
        let sent = ["first", "refused", "dropped", "last"];
        for text in sent {
            self.publish(&broker, &topic, text).await;
        }
        collector.wait(sent.len()).await;
        if self.quirks.volatile {
            collector.nothing_more(sent.len(), "a broker that keeps nothing delivers nothing again").await;
        } else {
            let again = |seen: &[Seen]| {
                let twice = |text: &str| seen.iter().any(|seen| seen.time == 2 && seen.text() == text);
                twice("refused") && twice("dropped")
            };
            let what = "the refused and the dropped message a second time";
            collector.wait_until(what, self.quirks.redelivery, again).await;
            collector.nothing_more(sent.len() + 2, "what was processed does not come again").await;
        }
        collector.close().await;
        self.end(broker).await;
    }

    /// A message that is never processed comes again and again, and holds up no others for ever.
    pub(super) async fn poison(&self) {
        let broker = self.open("poison").await;
        let topic = self.topic("poison");
        let act = |seen: &Seen| {
            let refuse = seen.text() == "poison" && seen.time <= REFUSALS;
            if refuse { Act::Again } else { Act::Done }
        };
        let collector = self.collect(&broker, &topic, 4, act).await;
        self.send(&broker, message(&topic, "poison")).await;
        for number in 0..10 {
            self.publish(&broker, &topic, number.to_string()).await;
        }
        let bound = self.quirks.redelivery * (u32::try_from(REFUSALS).unwrap_or(1) + 1);
        let what = format!("the poison message {} times and ten others", REFUSALS + 1);
        let ready = |seen: &[Seen]| {
            let poisoned = |seen: &&Seen| seen.text() == "poison";
            let others: std::collections::BTreeSet<String> =
                seen.iter().filter(|seen| !poisoned(seen)).map(Seen::text).collect();
            seen.iter().filter(poisoned).count() == REFUSALS + 1 && others.len() == 10
        };
        let seen = collector.wait_until(&what, bound, ready).await;
        collector.nothing_more(seen.len(), "a message that was processed at last does not come again").await;
        assert_eq!(collector.release(1, Verdict::Done), 0);
        collector.close().await;
        self.end(broker).await;
    }
}
