//! Consumer groups: members share, groups do not.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Act, Collector, SOON, Suite};

const MESSAGES: usize = 60;

impl Suite {
    /// Two components of one group: each message comes to one of them.
    pub(super) async fn one_group(&self) {
        let (one, two) = (self.open("shared").await, self.open("shared").await);
        let topic = self.topic("shared");
        let collectors =
            [self.collect(&one, &topic, 4, |_| Act::Done).await, self.collect(&two, &topic, 4, |_| Act::Done).await];
        for number in 0..MESSAGES {
            self.publish(&one, &topic, format!("{number:03}")).await;
        }
        let deadline = tokio::time::Instant::now() + SOON;
        while all(&collectors).len() < MESSAGES && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let texts = all(&collectors);
        let distinct: BTreeSet<&String> = texts.iter().collect();
        assert_eq!(distinct.len(), MESSAGES, "every message comes to one member of the group within {SOON:?}");
        for collector in &collectors {
            collector.nothing_more(collector.seen().len(), "everything has come already").await;
        }
        assert_eq!(all(&collectors).len(), MESSAGES, "no message comes to both members of a group");
        let idle = collectors.iter().filter(|collector| collector.seen().is_empty()).count();
        assert!(idle == 0 || self.quirks.one_member_works, "both members of a group get messages");
        for collector in collectors {
            collector.close().await;
        }
        self.end(one).await;
        self.end(two).await;
    }

    /// Two groups: each gets every message.
    pub(super) async fn two_groups(&self) {
        let (one, two) = (self.open("group-1").await, self.open("group-2").await);
        let topic = self.topic("groups");
        let collectors =
            [self.collect(&one, &topic, 4, |_| Act::Done).await, self.collect(&two, &topic, 4, |_| Act::Done).await];
        for number in 0..MESSAGES {
            self.publish(&two, &topic, format!("{number:03}")).await;
        }
        for collector in collectors {
            let seen = collector.wait(MESSAGES).await;
            let distinct: BTreeSet<String> = seen.iter().map(super::Seen::text).collect();
            assert_eq!(distinct.len(), MESSAGES, "each group gets every message");
            collector.close().await;
        }
        self.end(one).await;
        self.end(two).await;
    }

    /// Without groups, each subscription gets every message.
    pub(super) async fn every_subscription(&self) {
        let broker = self.open("every").await;
        let topic = self.topic("every");
        let collectors = [
            self.collect(&broker, &topic, 4, |_| Act::Done).await,
            self.collect(&broker, &topic, 4, |_| Act::Done).await,
        ];
        for number in 0..MESSAGES {
            self.publish(&broker, &topic, format!("{number:03}")).await;
        }
        for collector in collectors {
            let texts: Vec<String> = collector.wait(MESSAGES).await.iter().map(super::Seen::text).collect();
            assert!(texts.len() == MESSAGES && texts.is_sorted(), "each subscription gets everything in order");
            collector.close().await;
        }
        self.end(broker).await;
    }
}

fn all(collectors: &[Collector]) -> Vec<String> {
    collectors.iter().flat_map(Collector::texts).collect()
}
