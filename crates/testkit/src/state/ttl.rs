//! Items that expire. Stores may keep whole seconds, so an item may live up to one second less than asked.

use std::time::{Duration, Instant};

use dapr_spi::ErrorKind;
use dapr_spi::state::{Feature, Operation, SetRequest};
use jiff::Timestamp;

use super::{Suite, first_write, set, set_ttl};

const SHORT: &str = "2";

impl Suite {
    /// Expiry, `ttlExpireTime`, overwriting, and what an expired item leaves behind.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn ttl(&self) {
        let names =
            ["ttl", "ttl-prolonged", "ttl-removed", "ttl-overwritten", "ttl-then-first"].map(|name| self.key(name));
        for key in &names {
            self.set(set_ttl(key, "value", SHORT)).await;
        }
        self.ttl_metadata(&names[0]).await;
        self.set(set_ttl(&names[1], "prolonged", "100")).await;
        self.set(set_ttl(&names[2], "removed", "-1")).await;
        self.set(set(&names[3], "overwritten")).await;
        self.ttl_in_transaction().await;
        self.bad_ttl().await;
        self.wait_gone(&names[0]).await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        self.after_expiry(&names).await;
    }

    async fn ttl_metadata(&self, key: &str) {
        let found = self.get(key).await;
        assert!(found.data.is_some(), "an item with ttlInSeconds={SHORT} is there right after");
        let text = found.metadata.get("ttlExpireTime").expect("metadata `ttlExpireTime` of an item that expires");
        assert!(text.ends_with('Z'), "ttlExpireTime must be UTC, found `{text}`");
        let expiry: Timestamp = text.parse().unwrap_or_else(|error| panic!("ttlExpireTime `{text}`: {error}"));
        let left = expiry.as_millisecond() - Timestamp::now().as_millisecond();
        assert!((-500..=3_500).contains(&left), "ttlExpireTime is {left} ms ahead, expected about {SHORT} s");
        let plain = self.key("no-ttl");
        self.set(set(&plain, "value")).await;
        assert!(self.get(&plain).await.metadata.is_empty(), "an item that does not expire has no metadata");
    }

    async fn ttl_in_transaction(&self) {
        if self.has(Feature::Transactional) {
            let operation = Operation::Upsert(set_ttl(&self.key("ttl-transaction"), "value", SHORT));
            let other = Operation::Upsert(set(&self.key("ttl-transaction-other"), "value"));
            self.transact(vec![operation, other]).await.expect("a transaction with ttlInSeconds");
        }
    }

    async fn bad_ttl(&self) {
        let key = self.key("ttl-bad");
        self.set(set(&key, "before")).await;
        for text in ["soon", "1.5", "10s", "99999999999"] {
            let what = format!("ttlInSeconds=`{text}`");
            self.set_fails(set_ttl(&key, "after", text), &[ErrorKind::Invalid], &what).await;
        }
    }

    async fn wait_gone(&self, key: &str) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.text(key).await.is_some() {
            assert!(Instant::now() < deadline, "`{key}` with ttlInSeconds={SHORT} is still there after 5 s");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let found = self.get(key).await;
        assert!(found.etag.is_none() && found.metadata.is_empty(), "an expired key is like one never written");
    }

    async fn after_expiry(&self, keys: &[String; 5]) {
        let prolonged = self.get(&keys[1]).await;
        assert!(prolonged.data.is_some(), "a later write with a longer TTL prolongs");
        for (key, what) in [(&keys[2], "ttlInSeconds=-1"), (&keys[3], "a write without ttlInSeconds")] {
            let keeps = self.quirks.overwrite_keeps_ttl && what.contains("without");
            let found = self.get(key).await;
            assert_eq!(found.data.is_some(), !keeps, "{what} on an item that expires");
            assert!(found.metadata.is_empty(), "{what}: no ttlExpireTime is left");
        }
        assert_eq!(self.text(&self.key("ttl-transaction")).await, None, "ttlInSeconds counts in a transaction, too");
        let first = SetRequest { options: first_write(), ..set(&keys[4], "first") };
        self.set(first).await;
        assert_eq!(self.text(&keys[4]).await.as_deref(), Some("first"), "first-write takes an expired key");
    }
}
