//! Listing keys by pattern, and deleting them by prefix.

use std::collections::BTreeSet;

use dapr_spi::ErrorKind;
use dapr_spi::state::KeysLikeRequest;

use super::{Suite, set};

impl Suite {
    /// `%`, `_`, `\` and pages.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn keys_like(&self) {
        let names =
            ["like||a1", "like||a2", "like||b1", "like||10%", "like||10x", "like||a_1", "like||ab1", r"like||c\d"];
        for name in names {
            self.set(set(&self.key(name), "value")).await;
        }
        self.set(set(&self.key("other||a1"), "value")).await;
        self.check_like("like||%", &names).await;
        self.check_like("like||a_", &["like||a1", "like||a2"]).await;
        self.check_like("like||%1", &["like||a1", "like||b1", "like||a_1", "like||ab1"]).await;
        self.check_like(r"like||10\%", &["like||10%"]).await;
        self.check_like(r"like||a\_1", &["like||a_1"]).await;
        self.check_like(r"like||c\\d", &[r"like||c\d"]).await;
        self.check_like("like||a1", &["like||a1"]).await;
        self.check_like("ike||%", &[]).await;
        self.check_like("%||a1", &["like||a1", "other||a1"]).await;
        self.pages(&names).await;
        let empty = self.store.keys_like(KeysLikeRequest::default()).await.expect_err("an empty pattern");
        assert_eq!(empty.kind(), ErrorKind::Invalid, "an empty pattern is the caller's fault: {empty}");
    }

    /// Checks a pattern in the suite's own keys.
    async fn check_like(&self, pattern: &str, expected: &[&str]) {
        let request = KeysLikeRequest { pattern: self.pattern(pattern), ..KeysLikeRequest::default() };
        let found =
            self.store.keys_like(request).await.unwrap_or_else(|error| panic!("keys like `{pattern}`: {error}"));
        let keys: BTreeSet<String> = found.keys.iter().cloned().collect();
        let expected: BTreeSet<String> = expected.iter().map(|name| self.key(name)).collect();
        assert_eq!(keys, expected, "keys like `{pattern}`");
        assert_eq!(keys.len(), found.keys.len(), "keys like `{pattern}` lists each key once");
    }

    fn pattern(&self, pattern: &str) -> String {
        format!("{}||{pattern}", self.prefix)
    }

    async fn pages(&self, names: &[&str]) {
        for size in [1, 3, 8, 100] {
            let mut keys = Vec::new();
            let mut token = None;
            for page in 0.. {
                assert!(page <= names.len(), "pages of {size} never end");
                let pattern = self.pattern("like||%");
                let request = KeysLikeRequest { pattern, page_size: Some(size), continuation_token: token };
                let found = self.store.keys_like(request).await.expect("a page of keys");
                assert!(found.keys.len() <= size as usize, "a page of {size} has {} keys", found.keys.len());
                keys.extend(found.keys);
                token = found.continuation_token;
                if token.is_none() {
                    break;
                }
            }
            let expected: BTreeSet<String> = names.iter().map(|name| self.key(name)).collect();
            assert_eq!(keys.len(), names.len(), "pages of {size} list each key once: {keys:?}");
            assert_eq!(keys.into_iter().collect::<BTreeSet<_>>(), expected, "pages of {size}");
        }
    }

    /// All keys of a prefix go, all others stay; the prefix is no pattern.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn delete_with_prefix(&self) {
        let gone = ["del_%||a", "del_%||b", "del_%||ünï"].map(|name| self.key(name));
        let kept = ["del_%", "delx%||a", "del_x||a", "DEL_%||a"].map(|name| self.key(name));
        for key in gone.iter().chain(&kept) {
            self.set(set(key, "value")).await;
        }
        let prefix = self.key("del_%||");
        assert_eq!(self.store.delete_with_prefix(&prefix).await.expect("delete by prefix"), 3, "the number deleted");
        for key in &gone {
            assert_eq!(self.text(key).await, None, "`{key}` has the prefix `{prefix}`");
        }
        for key in &kept {
            assert!(self.text(key).await.is_some(), "`{key}` has not the prefix `{prefix}`");
        }
        assert_eq!(self.store.delete_with_prefix(&prefix).await.expect("delete by prefix"), 0, "nothing is left");
    }
}
