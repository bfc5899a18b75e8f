//! Keys are any text; none is read as a pattern, a statement or a path.

use super::{Suite, set};

impl Suite {
    /// Separators, spaces, quotes, wildcards, unicode, long keys, and keys that nearly are the same.
    ///
    /// # Panics
    /// The store does not conform.
    pub async fn special_keys(&self) {
        let long = "k".repeat(200 - self.prefix.len() - 2);
        let names = [
            "plain",
            "Actor||id||key",
            "key with spaces",
            "日本 🦀 çødé",
            "it's \"quoted\" `back` \\slash\\",
            "100%_sure",
            "a/b?c=d&e#f",
            "'; DROP TABLE state; --",
            "{tag}:*[x]",
            "line\nbreak\ttab",
            &long,
        ];
        let keys: Vec<String> = names.iter().map(|name| self.key(name)).collect();
        for key in &keys {
            self.set(set(key, key.clone())).await;
        }
        for key in &keys {
            assert_eq!(self.text(key).await.as_ref(), Some(key), "each key has its own value");
        }
        self.near_misses().await;
        for key in &keys {
            self.delete(key).await;
            assert_eq!(self.text(key).await, None, "`{key}` was deleted");
        }
    }

    async fn near_misses(&self) {
        for name in ["plai", "plain2", "100x_sure", "100%xsure", "key with spaces%"] {
            assert_eq!(self.text(&self.key(name)).await, None, "`{name}` was never written");
        }
        let upper = self.text(&self.key("PLAIN")).await;
        assert_eq!(upper.is_some(), self.quirks.keys_ignore_case, "letter case of keys, `PLAIN` after writing `plain`");
    }
}
