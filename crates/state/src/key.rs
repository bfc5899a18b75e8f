//! Which key a store sees for the key that an application names
//! (interface/state-pubsub-binding-details.md 8.1).

use crate::settings::Identity;

/// Stands between prefix and key, so neither may contain it.
const SEPARATOR: &str = "||";

/// The prefix of every key of one store; `None` for keys as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyPrefix(Option<String>);

/// A key or prefix contains the separator. The text is interface: SDK users match on it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("input key/keyPrefix '{0}' can't contain '||'")]
pub struct InvalidKey(pub String);

impl KeyPrefix {
    /// Reads the component's `keyPrefix`: `appid` (also when absent), `name`, `namespace`, `none`, or a text of its own.
    ///
    /// # Errors
    /// The text contains the separator.
    pub fn parse(strategy: Option<&str>, store: &str, identity: &Identity) -> Result<Self, InvalidKey> {
        let strategy = strategy.unwrap_or_default().trim().to_lowercase();
        let prefix = match strategy.as_str() {
            "" | "appid" => identity.app_id.clone(),
            "namespace" if identity.namespace.is_empty() => identity.app_id.clone(),
            "namespace" => format!("{}.{}", identity.namespace, identity.app_id),
            "name" => store.to_owned(),
            "none" => String::new(),
            other => check(other)?.to_owned(),
        };
        Ok(Self(Some(prefix).filter(|prefix| !prefix.is_empty())))
    }

    /// The key that the store sees.
    ///
    /// # Errors
    /// The key contains the separator.
    pub fn stored(&self, key: &str) -> Result<String, InvalidKey> {
        check(key)?;
        let Some(prefix) = &self.0 else { return Ok(key.to_owned()) };
        let mut stored = String::with_capacity(prefix.len() + SEPARATOR.len() + key.len());
        stored.push_str(prefix);
        stored.push_str(SEPARATOR);
        stored.push_str(key);
        Ok(stored)
    }

    /// The application's key for one that a store returned.
    pub fn original(stored: &str) -> &str {
        stored.split(SEPARATOR).nth(1).unwrap_or(stored)
    }
}

fn check(text: &str) -> Result<&str, InvalidKey> {
    if text.contains(SEPARATOR) { Err(InvalidKey(text.to_owned())) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stored(strategy: Option<&str>, namespace: &str) -> String {
        let identity = Identity { app_id: "App".into(), namespace: namespace.into() };
        KeyPrefix::parse(strategy, "mystore", &identity).unwrap().stored("k").unwrap()
    }

    #[test]
    fn each_strategy_has_its_prefix() {
        assert_eq!(stored(None, ""), "App||k");
        assert_eq!(stored(Some("AppID"), "ns"), "App||k");
        assert_eq!(stored(Some("name"), "ns"), "mystore||k");
        assert_eq!(stored(Some("namespace"), "ns"), "ns.App||k");
        assert_eq!(stored(Some("namespace"), ""), "App||k");
        assert_eq!(stored(Some("none"), "ns"), "k");
        assert_eq!(stored(Some("Shared"), "ns"), "shared||k");
    }

    #[test]
    fn an_empty_app_id_means_no_prefix() {
        let prefix = KeyPrefix::parse(None, "s", &Identity::default()).unwrap();
        assert_eq!(prefix.stored("k").unwrap(), "k");
    }

    #[test]
    fn the_separator_is_refused_in_keys_and_prefixes() {
        let error = KeyPrefix::default().stored("a||b").unwrap_err();
        assert_eq!(error.to_string(), "input key/keyPrefix 'a||b' can't contain '||'");
        assert!(KeyPrefix::parse(Some("a||b"), "s", &Identity::default()).is_err());
    }

    proptest! {
        #[test]
        fn what_is_stored_gives_the_key_back(key in "[^|]{0,40}", prefix in "[a-z0-9.-]{1,20}") {
            let prefix = KeyPrefix::parse(Some(&prefix), "s", &Identity::default()).unwrap();
            let stored = prefix.stored(&key).unwrap();
            prop_assert_eq!(KeyPrefix::original(&stored), key.as_str());
        }

        #[test]
        fn two_keys_never_meet(a in "\\PC{0,20}", b in "\\PC{0,20}") {
            let prefix = KeyPrefix::parse(Some("p"), "s", &Identity::default()).unwrap();
            if let (Ok(stored_a), Ok(stored_b)) = (prefix.stored(&a), prefix.stored(&b)) {
                prop_assert_eq!(stored_a == stored_b, a == b);
            }
        }
    }
}
