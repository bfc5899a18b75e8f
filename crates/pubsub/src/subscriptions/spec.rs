//! What one subscription asks for, wherever it comes from.

use std::time::Duration;

use dapr_resources::subscription::{Routes, Rule, SubscriptionSpec};
use dapr_spi::pubsub::{BulkSubscribe, Map, SubscribeRequest};

use crate::routing;

/// Metadata that says that payloads are no `CloudEvent`s.
const RAW_PAYLOAD: &str = "rawPayload";

/// Where a subscription comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A resource.
    Declarative,
    /// The application's answer to the question what it subscribes to.
    Programmatic,
    /// A stream that the application opened.
    Streaming,
}

impl Source {
    /// The name in the metadata API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Declarative => "DECLARATIVE",
            Self::Programmatic => "PROGRAMMATIC",
            Self::Streaming => "STREAMING",
        }
    }
}

/// A subscription that can be opened.
#[derive(Debug)]
pub struct Subscription {
    /// What it asks for, as it was given.
    pub spec: SubscriptionSpec,
    /// Where it comes from.
    pub source: Source,
    pub(crate) routes: routing::Routes,
    pub(crate) is_raw: bool,
}

impl PartialEq for Subscription {
    fn eq(&self, other: &Self) -> bool {
        // The rest follows from the specification.
        self.spec == other.spec && self.source == other.source
    }
}

impl Subscription {
    /// Reads a subscription's rules and metadata.
    ///
    /// # Errors
    /// A rule is no CEL, or a metadata value is not what it must be; the text has the field and the position.
    pub fn new(spec: SubscriptionSpec, source: Source) -> Result<Self, String> {
        let routes = routing::Routes::compile(&spec.routes)?;
        let raw = spec.metadata.iter().find(|(name, _)| name.eq_ignore_ascii_case(RAW_PAYLOAD));
        let is_raw = match raw.map(|(_, value)| value.as_str()) {
            None => false,
            Some(text) => {
                is_true(text).ok_or_else(|| format!("metadata.{RAW_PAYLOAD}: `{text}` is neither true nor false"))?
            }
        };
        Ok(Self { spec, source, routes, is_raw })
    }

    /// The rules in order; the default is the last of them.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        let Routes { rules, default } = &self.spec.routes;
        let default = Some(default).filter(|path| !path.is_empty());
        let default = default.map(|path| Rule { condition: String::new(), path: path.clone() });
        rules.iter().cloned().chain(default)
    }

    /// Where undeliverable messages go.
    pub(crate) fn dead_letter_topic(&self) -> Option<&str> {
        Some(self.spec.dead_letter_topic.as_str()).filter(|topic| !topic.is_empty())
    }

    /// How messages are gathered; none for one at a time. Streams get one at a time.
    pub(crate) fn bulk(&self) -> Option<BulkSubscribe> {
        let bulk = &self.spec.bulk_subscribe;
        (bulk.enabled && self.source != Source::Streaming).then(|| BulkSubscribe {
            max_messages: usize::try_from(bulk.max_messages_count).unwrap_or_default(),
            max_wait: Duration::from_millis(u64::try_from(bulk.max_await_duration_ms).unwrap_or_default()),
        })
    }

    /// What the broker is asked for; `topic` is its own name of the topic.
    pub(crate) fn request(&self, topic: String) -> SubscribeRequest {
        let metadata: Map = self.spec.metadata.clone().into_iter().collect();
        SubscribeRequest { topic, metadata, bulk: self.bulk() }
    }
}

fn is_true(text: &str) -> Option<bool> {
    if text.is_empty() { Some(false) } else { dapr_spi::metadata::parse_bool(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, value: &str) -> SubscriptionSpec {
        SubscriptionSpec { metadata: [(name.to_owned(), value.to_owned())].into(), ..SubscriptionSpec::default() }
    }

    #[test]
    fn raw_payload_is_a_truth_value() {
        let read = |name, value| Subscription::new(spec(name, value), Source::Declarative).map(|read| read.is_raw);
        assert_eq!(read("rawPayload", "true"), Ok(true));
        assert_eq!(read("RAWPAYLOAD", "false"), Ok(false));
        assert_eq!(read("other", "true"), Ok(false));
        assert!(read("rawPayload", "maybe").unwrap_err().starts_with("metadata.rawPayload: `maybe`"));
    }
}
