//! `/v1.0-alpha1/deadletters/…`, of ours: messages that a broker keeps, and publishing them once more.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dapr_errors::{Error, Result, table};
use dapr_pubsub::{Redrive, Redriven};
use dapr_spi::pubsub::{Kept, Map};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::Api;
use crate::http::{Call, Response, response};

/// Messages in one answer, when the request does not say how many, and at most.
const USUAL: usize = 20;
const MOST: usize = 1_000;

/// A message, as the API shows it: an event where it is JSON, else its bytes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: &'a Map,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

#[derive(Serialize)]
struct Page<'a> {
    messages: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Outcome<'a> {
    redriven: usize,
    failed: Vec<Stayed<'a>>,
}

#[derive(Serialize)]
struct Stayed<'a> {
    id: &'a str,
    error: String,
}

/// `GET /deadletters/{pubsub}/{topic}?limit=20&after=<id>`
pub(crate) async fn browse(api: &Api, mut call: Call) -> Result<Response> {
    let (pubsub, topic) = (call.params.take("pubsub"), call.params.take("topic"));
    let (limit, after) = (limit(&call, USUAL)?, call.query_value("after"));
    let kept = api.publisher.browse(&pubsub, &topic, after.as_deref(), limit).await?;
    json(&Page { messages: kept.iter().map(Shown::of).collect() })
}

/// `POST /deadletters/{pubsub}/{topic}?to=<topic>&id=<id>&id=…&limit=1000`
pub(crate) async fn redrive(api: &Api, mut call: Call) -> Result<Response> {
    let (pubsub, topic) = (call.params.take("pubsub"), call.params.take("topic"));
    let ids = call.query().filter(|(name, _)| name == "id").map(|(_, id)| id.into_owned()).collect();
    let to = call.query_value("to").filter(|to| !to.is_empty());
    let redrive = Redrive { to, ids, most: limit(&call, MOST)? };
    let Redriven { count, failed } = api.publisher.redrive(&pubsub, &topic, &redrive).await?;
    let failed = failed.iter().map(|(id, error)| Stayed { id, error: error.to_string() }).collect();
    json(&Outcome { redriven: count, failed })
}

fn limit(call: &Call, usual: usize) -> Result<usize> {
    let Some(text) = call.query_value("limit") else { return Ok(usual) };
    let wrong =
        || Error::new(&table::BAD_REQUEST, &[&format!("`limit` must be a number from 1 to {MOST}, not `{text}`")]);
    text.parse().ok().filter(|limit| (1..=MOST).contains(limit)).ok_or_else(wrong)
}

fn json(answer: &impl Serialize) -> Result<Response> {
    Ok(response::json(serde_json::to_vec(answer).map_err(|error| Error::new(&table::INTERNAL, &[&error]))?))
}

impl<'a> Shown<'a> {
    fn of(kept: &'a Kept) -> Self {
        let message = &kept.message;
        let event = serde_json::from_slice(&message.data).ok();
        Self {
            id: &kept.id,
            published: kept
                .published
                .and_then(|time| jiff::Timestamp::from_millisecond(time).ok())
                .map(|time| time.to_string()),
            content_type: message.content_type.as_deref(),
            metadata: &message.metadata,
            event,
            data_base64: event.is_none().then(|| STANDARD.encode(&message.data)),
        }
    }
}
