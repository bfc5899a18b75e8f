//! Messages that expire; patterns of topics.

use std::time::Duration;

use super::{Act, Suite, message, with};

impl Suite {
    /// A message with `ttlInSeconds` that nobody took in time is gone.
    pub(super) async fn ttl(&self) {
        let broker = self.open("ttl").await;
        let topic = self.topic("ttl");
        let first = self.collect(&broker, &topic, 8, |_| Act::Done).await;
        self.send(&broker, with(message(&topic, "in time"), "ttlInSeconds", "30")).await;
        assert_eq!(first.wait(1).await[0].text(), "in time", "a message with a lifetime comes within it");
        first.close().await;
        self.send(&broker, with(message(&topic, "too late"), "ttlInSeconds", "1")).await;
        self.send(&broker, message(&topic, "without")).await;
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let second = self.collect(&broker, &topic, 8, |_| Act::Done).await;
        second.wait(1).await;
        second.nothing_more(1, "a message does not come after its lifetime").await;
        assert_eq!(second.texts(), ["without"]);
        second.close().await;
        for wrong in ["soon", "-1", "0"] {
            let sent = broker.publish(with(message(&topic, "wrong"), "ttlInSeconds", wrong)).await;
            assert!(sent.is_err(), "`ttlInSeconds` of `{wrong}` must be refused");
        }
        self.end(broker).await;
    }

    /// A pattern takes the topics that it describes, and no others.
    pub(super) async fn wildcards(&self) {
        let wildcard = self.quirks.wildcard.expect("a broker with wildcards tests one: set `Quirks::wildcard`");
        let broker = self.open("wildcards").await;
        let base = self.topic("wild");
        let filled = |text: &str| text.replace("{}", &base);
        let pattern = filled(wildcard.pattern);
        let collector = self.collect(&broker, &pattern, 16, |_| Act::Done).await;
        for name in wildcard.leaves.iter().chain(wildcard.takes) {
            let topic = filled(name);
            self.publish(&broker, &topic, topic.clone()).await;
        }
        collector.wait(wildcard.takes.len()).await;
        let why = format!("`{pattern}` takes {:?} and nothing else", wildcard.takes);
        collector.nothing_more(wildcard.takes.len(), &why).await;
        let mut texts = collector.texts();
        let mut expected: Vec<String> = wildcard.takes.iter().map(|name| filled(name)).collect();
        texts.sort();
        expected.sort();
        assert_eq!(texts, expected, "{why}");
        for seen in collector.seen() {
            let topic = if wildcard.names_topic { seen.text() } else { pattern.clone() };
            assert_eq!(seen.message.topic, topic, "the topic of a message that a pattern took");
        }
        collector.close().await;
        self.end(broker).await;
    }
}
