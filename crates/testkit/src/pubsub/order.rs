//! Order among messages with the same key, and of a whole topic.

use std::collections::{BTreeMap, BTreeSet};

use dapr_spi::pubsub::Message;

use super::{Act, PARTITION_KEY, Seen, Suite, keyed};

const MESSAGES: usize = 200;
const KEYS: usize = 5;

impl Suite {
    /// Published one after another, messages come in that order where it is promised.
    pub(super) async fn order(&self) {
        let broker = self.open("order").await;
        let topic = self.topic("order");
        let collector = self.collect(&broker, &topic, 32, |_| Act::Done).await;
        let messages: Vec<Message> = (0..MESSAGES)
            .map(|number| {
                keyed(&topic, &format!("key-{}", number % KEYS), format!("key-{} {number:05}", number % KEYS))
            })
            .collect();
        for message in messages {
            self.send(&broker, message).await;
        }
        let seen = collector.wait(MESSAGES).await;
        let texts: BTreeSet<String> = seen.iter().map(Seen::text).collect();
        assert_eq!(texts.len(), MESSAGES, "every message comes");
        if self.quirks.key_order {
            assert_key_order(&seen);
        }
        if self.quirks.whole_order {
            let numbers: Vec<String> = seen.iter().map(|seen| number(&seen.text()).to_owned()).collect();
            assert!(numbers.is_sorted(), "all messages of the topic come in order, found {numbers:?}");
        }
        collector.close().await;
        self.end(broker).await;
    }
}

fn number(text: &str) -> &str {
    text.split(' ').nth(1).unwrap_or_default()
}

/// Of messages whose text is a key, a space and a number that grows, each key's come in order, and each delivery tells
/// what it is to be kept in order with.
fn assert_key_order(seen: &[Seen]) {
    let mut orders = BTreeMap::new();
    for seen in seen {
        let text = seen.text();
        let key = text.split(' ').next().unwrap_or_default().to_owned();
        let order = seen.order.clone().unwrap_or_else(|| panic!("`{text}` has a `{PARTITION_KEY}` and no order"));
        let known = orders.entry(key.clone()).or_insert_with(|| order.clone());
        assert_eq!(*known, order, "messages of `{key}` must all have the same order");
    }
    assert_first_arrivals_in_order(seen);
}

/// The first arrivals of each key's messages are in order; repetitions do not count.
pub(super) fn assert_first_arrivals_in_order(seen: &[Seen]) {
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for text in seen.iter().filter(|seen| seen.time == 1).map(Seen::text) {
        let (key, number) = text.split_once(' ').unwrap_or_default();
        let before = last.insert(key.to_owned(), number.to_owned());
        let in_order = before.as_deref().is_none_or(|before| before < number);
        assert!(in_order, "messages of `{key}` must come in order: {number} came after {before:?}");
    }
}
