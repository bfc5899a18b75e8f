//! Publishing: each message is acknowledged by the stream that keeps it, and many are under way at a time.

use std::borrow::Cow;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::{HeaderMap, HeaderName, HeaderValue, Subject};
use dapr_spi::pubsub::{Map, Message};
use dapr_spi::{Error, Result};
use futures_util::future::join_all;
use serde::Deserialize;
use tokio::time::{sleep, timeout};

use crate::errors::not_published;

/// How long one message may take in all.
const MOST: Duration = Duration::from_secs(12);
/// Messages of one bulk request that are under way at a time.
const BULK: usize = 1_000;
/// How often, and after which rest, a message is sent again that no stream took: the one that does may just have no
/// leader.
const ATTEMPTS: usize = 3;
const REST: Duration = Duration::from_millis(250);
/// Header by which a stream knows a message that was sent twice.
const MESSAGE_ID: &str = "Nats-Msg-Id";

/// Publishes one message.
///
/// # Errors
/// No stream has acknowledged it.
pub(crate) async fn publish(context: &Context, message: Message) -> Result<()> {
    let outgoing = Outgoing::of(message)?;
    let first = outgoing.send(context).await;
    outgoing.finish(context, first).await
}

/// Publishes many messages in order, each with its own result.
pub(crate) async fn bulk_publish(context: &Context, messages: Vec<Message>) -> Vec<Result<()>> {
    let mut results = Vec::with_capacity(messages.len());
    let mut messages = messages.into_iter();
    while messages.len() > 0 {
        let mut under_way = Vec::with_capacity(messages.len().min(BULK));
        for message in messages.by_ref().take(BULK) {
            let sent = match Outgoing::of(message) {
                Ok(outgoing) => Ok((outgoing.send(context).await, outgoing)),
                Err(error) => Err(error),
            };
            under_way.push(async move {
                let (first, outgoing) = sent?;
                outgoing.finish(context, first).await
            });
        }
        results.extend(join_all(under_way).await);
    }
    results
}

/// A message in the format of NATS.
struct Outgoing {
    subject: Subject,
    message: PublishMessage,
}

type Sent = Result<PublishAckFuture>;

impl Outgoing {
    fn of(message: Message) -> Result<Self> {
        let Message { data, topic, metadata, .. } = message;
        check_subject(&topic)?;
        let mut headers = headers(&metadata)?;
        if !metadata.contains_key(MESSAGE_ID)
            && let Some(id) = event_id(&data).and_then(|id| id.parse::<HeaderValue>().ok())
        {
            headers.get_or_insert_default().insert(MESSAGE_ID, id);
        }
        let message = PublishMessage::build().payload(data);
        let message = match headers {
            Some(headers) => message.headers(headers),
            None => message,
        };
        Ok(Self { subject: topic.into(), message })
    }

    async fn send(&self, context: &Context) -> Sent {
        let sent = timeout(MOST, context.send_publish(self.subject.clone(), self.message.clone())).await;
        let full = || Error::unavailable("too many messages wait for an acknowledgement");
        sent.map_err(|_| full())?.map_err(|error| not_published(&self.subject, error))
    }

    async fn finish(&self, context: &Context, mut sent: Sent) -> Result<()> {
        for _ in 1..ATTEMPTS {
            match sent?.await {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == PublishErrorKind::StreamNotFound => {}
                Err(error) => return Err(not_published(&self.subject, error)),
            }
            sleep(REST).await;
            sent = self.send(context).await;
        }
        sent?.await.map(|_| ()).map_err(|error| not_published(&self.subject, error))
    }
}

/// A topic that is published to is no pattern, either. A stream would keep that as it is, and nobody could subscribe to it
/// alone.
fn check_subject(topic: &str) -> Result<()> {
    if !is_subject(topic) || topic.split('.').any(|word| matches!(word, "*" | ">")) {
        return Err(Error::invalid(format!(
            "the topic `{topic}` is no subject of NATS to publish to: words with dots between them, without spaces, `*` and `>`"
        )));
    }
    Ok(())
}

/// Words with dots between them; one may stand for any.
pub(crate) fn is_subject(topic: &str) -> bool {
    topic.split('.').all(|word| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c.is_control()))
}

/// Metadata of a message as headers, without what the sidecar itself understands.
fn headers(metadata: &Map) -> Result<Option<HeaderMap>> {
    let mut headers = None::<HeaderMap>;
    for (name, value) in metadata.iter().filter(|(name, _)| !is_for_the_sidecar(name)) {
        let wrong = || {
            Error::invalid(format!(
                "the metadata `{name}` cannot be a header of NATS; it has characters that are not allowed there"
            ))
        };
        if name.is_empty() {
            return Err(wrong());
        }
        let name: HeaderName = name.parse().map_err(|_| wrong())?;
        let value: HeaderValue = value.parse().map_err(|_| wrong())?;
        headers.get_or_insert_default().insert(name, value);
    }
    Ok(headers)
}

fn is_for_the_sidecar(name: &str) -> bool {
    name.eq_ignore_ascii_case("rawPayload")
        || name.eq_ignore_ascii_case("ttlInSeconds")
        || name.starts_with("cloudevent.")
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

/// The `id` of a JSON object, as the incumbent takes it from everything that is one.
fn event_id(data: &[u8]) -> Option<Cow<'_, str>> {
    serde_json::from_slice::<Event<'_>>(data).ok().map(|event| event.id).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_an_event_names_the_message() {
        let sent = |data: &str, pairs: &[(&str, &str)]| {
            let metadata = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let message = Message { data: data.to_owned().into(), topic: "t".into(), metadata, content_type: None };
            let outgoing = Outgoing::of(message).unwrap().message.outbound_message("t");
            outgoing.headers.and_then(|headers| headers.get(MESSAGE_ID).map(|id| id.as_str().to_owned()))
        };
        assert_eq!(sent(r#"{"data":{"id":2},"id":"a-\u00e9"}"#, &[]).as_deref(), Some("a-é"));
        assert_eq!(sent(r#"{"id":"a"}"#, &[(MESSAGE_ID, "b")]).as_deref(), Some("b"));
        for without in [r#"{"id":1}"#, r#"{"id":""}"#, r#"{"id":"a\r\nb"}"#, r#"{"x":1}"#, "[1]", "text", ""] {
            assert_eq!(sent(without, &[]), None, "{without}");
        }
    }

    #[test]
    fn metadata_are_headers() {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let read: Map = map(&[("color", "blue"), ("rawPayload", "true"), ("cloudevent.id", "1")]);
        let headers = super::headers(&read).unwrap().unwrap();
        assert_eq!(headers.get("color").map(HeaderValue::as_str), Some("blue"));
        assert_eq!(headers.iter().count(), 1);
        assert!(super::headers(&Map::new()).unwrap().is_none());
        for wrong in [("a b", "c"), ("a:b", "c"), ("", "c"), ("a", "b\r\nc: d")] {
            let error = super::headers(&map(&[wrong])).unwrap_err();
            assert!(error.to_string().contains("cannot be a header"), "{error}");
        }
    }

    #[test]
    fn a_pattern_is_not_published_to() {
        for topic in ["a", "a.b", "a*b", "$a"] {
            assert!(check_subject(topic).is_ok(), "{topic}");
        }
        for topic in ["", "a.*", ">", "a.>", "a..b", ".a", "a b", "a\n"] {
            assert!(check_subject(topic).is_err(), "{topic:?}");
        }
    }
}
