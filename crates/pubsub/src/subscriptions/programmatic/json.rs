//! The answer of an HTTP application. Names are compared without case, and `null` is nothing, as the incumbent's
//! decoder has it.

use std::collections::BTreeMap;

use dapr_resources::subscription::{BulkSubscribe, Routes, Rule, SubscriptionSpec};
use serde::Deserialize;
use serde_json::Value;

/// The one object of an answer whose names are the application's.
const METADATA: &str = "metadata";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    pubsubname: String,
    topic: String,
    deadlettertopic: String,
    metadata: BTreeMap<String, String>,
    route: String,
    routes: GivenRoutes,
    bulksubscribe: GivenBulk,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenRoutes {
    rules: Vec<GivenRule>,
    default: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenRule {
    #[serde(rename = "match")]
    condition: String,
    path: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenBulk {
    enabled: bool,
    maxmessagescount: i32,
    maxawaitdurationms: i32,
}

/// Reads the answer; an empty one is an empty list.
///
/// # Errors
/// It is no list of subscriptions in JSON.
pub(super) fn read(body: &[u8]) -> Result<Vec<SubscriptionSpec>, serde_json::Error> {
    if body.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let given: Option<Vec<Given>> = serde_json::from_value(tidy(serde_json::from_slice(body)?))?;
    Ok(given.unwrap_or_default().into_iter().map(spec).collect())
}

fn spec(given: Given) -> SubscriptionSpec {
    let GivenRoutes { rules, default } = given.routes;
    let rules = rules.into_iter().map(|rule| Rule { condition: rule.condition, path: rule.path }).collect();
    SubscriptionSpec {
        pubsubname: given.pubsubname,
        topic: given.topic,
        metadata: given.metadata,
        routes: Routes { rules, default: if default.is_empty() { given.route } else { default } },
        dead_letter_topic: given.deadlettertopic,
        bulk_subscribe: BulkSubscribe {
            enabled: given.bulksubscribe.enabled,
            max_messages_count: given.bulksubscribe.maxmessagescount,
            max_await_duration_ms: given.bulksubscribe.maxawaitdurationms,
        },
    }
}

/// Lower-case names, and no `null`s.
fn tidy(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().filter(|item| !item.is_null()).map(tidy).collect(),
        Value::Object(fields) => {
            let tidied = fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| {
                let name = name.to_ascii_lowercase();
                let value = if name == METADATA { value } else { tidy(value) };
                (name, value)
            });
            Value::Object(tidied.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_an_answer_are_read() {
        let specs = read(
            br#"[{"pubsubname":"p","topic":"a","route":"/a","metadata":{"rawPayload":"true"},"deadLetterTopic":"d"},
                 {"pubsubName":"p","Topic":"b","unknown":1,"metadata":null,
                  "routes":{"rules":[{"match":"event.x","path":"/x"},null],"default":"/b"},
                  "bulkSubscribe":{"enabled":true,"maxMessagesCount":5,"maxAwaitDurationMs":7}}]"#,
        )
        .unwrap();
        assert_eq!((specs[0].routes.default.as_str(), specs[0].dead_letter_topic.as_str()), ("/a", "d"));
        assert_eq!(specs[0].metadata["rawPayload"], "true");
        assert_eq!((specs[1].pubsubname.as_str(), specs[1].topic.as_str()), ("p", "b"));
        assert_eq!(specs[1].routes.rules, [Rule { condition: "event.x".into(), path: "/x".into() }]);
        let bulk = &specs[1].bulk_subscribe;
        assert_eq!((bulk.enabled, bulk.max_messages_count, bulk.max_await_duration_ms), (true, 5, 7));
    }

    #[test]
    fn nothing_is_an_empty_list_and_nonsense_an_error() {
        for nothing in ["", " \n", "[]", "null"] {
            assert_eq!(read(nothing.as_bytes()).unwrap(), [], "{nothing}");
        }
        for nonsense in ["{}", "[5]", "[", r#"[{"topic":5}]"#, r#"[{"metadata":{"a":1}}]"#, "ok"] {
            assert!(read(nonsense.as_bytes()).is_err(), "{nonsense}");
        }
    }
}
