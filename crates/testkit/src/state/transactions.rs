//! Several steps, all or none, in order.

use dapr_spi::ErrorKind;
use dapr_spi::state::{Feature, Operation};

use super::{Suite, delete, delete_etag, set, set_etag, set_first, set_ttl};

impl Suite {
    /// Mixed steps, repeated keys, and transactions that must leave nothing behind.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn transactions(&self) {
        self.transact(Vec::new()).await.expect("an empty transaction does nothing");
        self.mixed_steps().await;
        self.same_key_twice().await;
        self.many_steps().await;
        self.nothing_is_left_of_a_failed_one().await;
    }

    async fn mixed_steps(&self) {
        let [old, new, gone] = ["tx-old", "tx-new", "tx-gone"].map(|name| self.key(name));
        self.set(set(&old, "before")).await;
        self.set(set(&gone, "before")).await;
        let mut steps = vec![
            Operation::Upsert(set(&old, "after")),
            Operation::Upsert(set(&new, "new")),
            Operation::Delete(delete(&gone)),
            Operation::Delete(delete(&self.key("tx-never-written"))),
        ];
        if self.has(Feature::Etag) {
            let etag = self.etag(&old).await;
            steps[0] = Operation::Upsert(set_etag(&old, "after", &etag));
            steps[2] = Operation::Delete(delete_etag(&gone, &self.etag(&gone).await));
        }
        self.transact(steps).await.expect("a transaction of writes and deletes");
        assert_eq!(self.text(&old).await.as_deref(), Some("after"));
        assert_eq!(self.text(&new).await.as_deref(), Some("new"));
        assert_eq!(self.text(&gone).await, None);
    }

    async fn same_key_twice(&self) {
        let [last, deleted, rewritten] = ["tx-twice", "tx-set-delete", "tx-delete-set"].map(|name| self.key(name));
        self.set(set(&rewritten, "before")).await;
        let steps = vec![
            Operation::Upsert(set(&last, "one")),
            Operation::Upsert(set(&last, "two")),
            Operation::Upsert(set(&deleted, "one")),
            Operation::Delete(delete(&deleted)),
            Operation::Delete(delete(&rewritten)),
            Operation::Upsert(set(&rewritten, "after")),
        ];
        self.transact(steps).await.expect("a transaction with the same key twice");
        assert_eq!(self.text(&last).await.as_deref(), Some("two"), "steps happen in order");
        assert_eq!(self.text(&deleted).await, None, "steps happen in order");
        assert_eq!(self.text(&rewritten).await.as_deref(), Some("after"), "steps happen in order");
    }

    async fn many_steps(&self) {
        let count = self.store.max_transaction_operations().await.unwrap_or(500).min(500);
        let keys: Vec<String> = (0..count).map(|index| self.key(&format!("tx-many-{index}"))).collect();
        self.transact(keys.iter().map(|key| Operation::Upsert(set(key, "value"))).collect()).await.expect("many steps");
        for key in [&keys[0], &keys[count / 2], &keys[count - 1]] {
            assert_eq!(self.text(key).await.as_deref(), Some("value"));
        }
    }

    async fn nothing_is_left_of_a_failed_one(&self) {
        let [kept, new] = ["tx-kept", "tx-not-made"].map(|name| self.key(name));
        self.set(set(&kept, "before")).await;
        let before = self.get(&kept).await;
        let stray = set_ttl(&self.key("tx-bad"), "value", "soon");
        let mut bad = vec![(Operation::Upsert(stray), ErrorKind::Invalid)];
        if self.has(Feature::Etag) {
            let old = self.old_etag().await;
            let other = self.key("tx-etag");
            bad.push((Operation::Upsert(set_etag(&other, "value", &old)), ErrorKind::EtagMismatch));
            bad.push((Operation::Delete(delete_etag(&other, &old)), ErrorKind::EtagMismatch));
            bad.push((Operation::Upsert(set_first(&other, "value", None)), ErrorKind::EtagMismatch));
        }
        for (bad, kind) in bad {
            for position in 0..4 {
                let mut steps = vec![
                    Operation::Upsert(set(&kept, "after")),
                    Operation::Upsert(set(&new, "new")),
                    Operation::Delete(delete(&kept)),
                ];
                steps.insert(position, bad.clone());
                let error = self.transact(steps).await.expect_err("a transaction with a step that must fail");
                assert_eq!(error.kind(), kind, "step {bad:?} at {position}: {error}");
                assert_eq!(
                    self.get(&kept).await,
                    before,
                    "a failed transaction must change nothing, not even the ETag"
                );
                assert_eq!(self.text(&new).await, None, "a failed transaction must write nothing");
            }
        }
    }

    /// An ETag that `tx-etag` had, and has no more.
    async fn old_etag(&self) -> String {
        let key = self.key("tx-etag");
        self.set(set(&key, "one")).await;
        let old = self.etag(&key).await;
        self.set(set(&key, "two")).await;
        old
    }
}
