//! The sidecar's answers about dead letters.

use std::time::Duration;

use anyhow::{Result, bail};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::http_client::{Answer, Ask, Target};

const LIMIT: Duration = Duration::from_secs(60);
/// Messages that are counted.
const COUNTED: u16 = 1_000;

/// A sidecar that can be asked.
pub(super) struct Sidecar(pub(super) Target);

/// A message that the broker keeps.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Message {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) published: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Page {
    messages: Vec<Message>,
}

/// How many messages were published once more, and which were not.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Redriven {
    pub(super) redriven: usize,
    pub(super) failed: Vec<Stayed>,
}

/// A message that stayed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Stayed {
    pub(super) error: String,
}

impl Message {
    /// The type of an event.
    pub(super) fn kind(&self) -> String {
        let kind = self.event.as_ref().and_then(|event| event.get("type")).and_then(Value::as_str);
        kind.or(self.content_type.as_deref()).unwrap_or_default().to_owned()
    }

    /// The payload as text.
    pub(super) fn text(&self) -> String {
        match &self.event {
            Some(event) => event.get("data").unwrap_or(event).to_string(),
            None => self.data_base64.clone().unwrap_or_default(),
        }
    }
}

impl Sidecar {
    pub(super) async fn browse(
        &self,
        pubsub: &str,
        topic: &str,
        limit: u16,
        after: Option<&str>,
    ) -> Result<Vec<Message>> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &limit.to_string());
        if let Some(after) = after {
            query.append_pair("after", after);
        }
        let answer = self.ask(Method::GET, pubsub, topic, &query.finish()).await?;
        Ok(serde_json::from_slice::<Page>(&answer.body)?.messages)
    }

    /// How many messages there are; none where the broker does not tell.
    pub(super) async fn count(&self, pubsub: &str, topic: &str) -> Option<String> {
        let count = self.browse(pubsub, topic, COUNTED, None).await.ok()?.len();
        Some(if count == usize::from(COUNTED) { format!("{COUNTED}+") } else { count.to_string() })
    }

    /// Redrives until nothing is left that can be.
    pub(super) async fn redrive(
        &self,
        pubsub: &str,
        topic: &str,
        to: Option<&str>,
        ids: &[String],
    ) -> Result<Redriven> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(to.map(|to| ("to", to))).extend_pairs(ids.iter().map(|id| ("id", id)));
        let query = query.finish();
        let mut all = Redriven::default();
        loop {
            let answer = self.ask(Method::POST, pubsub, topic, &query).await?;
            let Redriven { redriven, failed } = serde_json::from_slice(&answer.body)?;
            all.redriven += redriven;
            all.failed = failed;
            if redriven < usize::from(COUNTED) {
                return Ok(all);
            }
        }
    }

    async fn ask(&self, method: Method, pubsub: &str, topic: &str, query: &str) -> Result<Answer> {
        let path = format!("/v1.0-alpha1/deadletters/{pubsub}/{topic}?{query}");
        let answer = self.0.send(Ask { method, path: &path, ..Ask::default() }, LIMIT).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match told.get("message").and_then(Value::as_str) {
            Some(why) => bail!("{why}"),
            None => bail!("the sidecar answered {}", answer.status),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_shown_by_its_data_and_anything_else_as_it_is() {
        let text = r#"{"messages":[{"id":"1","event":{"type":"t","data":{"a":1}}},{"id":"2","contentType":"c","dataBase64":"AA=="}]}"#;
        let page: Page = serde_json::from_str(text).unwrap();
        let shown: Vec<_> = page.messages.iter().map(|message| (message.kind(), message.text())).collect();
        assert_eq!(shown, [("t".to_owned(), r#"{"a":1}"#.to_owned()), ("c".to_owned(), "AA==".to_owned())]);
    }
}
