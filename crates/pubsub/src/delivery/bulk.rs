//! Many messages in one call of the application, each with its own answer.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use dapr_proto::runtime::v1::topic_event_bulk_request_entry::Event as WireEvent;
use dapr_proto::runtime::v1::topic_event_response::TopicEventResponseStatus as Status;
use dapr_proto::runtime::v1::{TopicEventBulkRequest, TopicEventBulkRequestEntry, TopicEventBulkResponse};
use dapr_spi::app_channel::{AppChannel, CallError};
use dapr_spi::pubsub::{Delivery, Message, Verdict};
use dapr_telemetry::trace::Span;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use prost::Message as _;
use uuid::Uuid;

use super::application::{BulkAnswer, MAX_ANSWER, UNIMPLEMENTED, code_of, post};
use super::event::{Event, content_type};
use super::{Consumer, Failure, Outcome, Target};
use crate::envelope::{BULK_TYPE, CLOUD_EVENT, ContentType};
use crate::routing::{EventValue, Place, Route};

mod json;

const ON_BULK_TOPIC_EVENT: &str = "/dapr.proto.runtime.v1.AppCallback/OnBulkTopicEvent";
const ON_BULK_TOPIC_EVENT_ALPHA: &str = "/dapr.proto.runtime.v1.AppCallbackAlpha/OnBulkTopicEventAlpha1";

/// The key of a broker's name in the metadata of a bulk delivery.
const PUBSUB_NAME: &str = "pubsubName";

/// A message of a bulk delivery.
struct Entry<'a> {
    /// Its place among the messages.
    index: usize,
    id: String,
    message: &'a Message,
    /// None when the payload goes as it is.
    event: Option<Event<'a>>,
    content_type: String,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Done,
    /// Not wanted: a dead letter.
    Dropped,
    /// Not processed: a dead letter, or delivered again.
    Failed,
    /// The subscription closes.
    Again,
}

/// The entries for one path that have no fate yet.
struct Group<'a> {
    place: &'a Place,
    pending: Mutex<Vec<Entry<'a>>>,
}

impl<'a> Group<'a> {
    fn pending(&self) -> MutexGuard<'_, Vec<Entry<'a>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fates of all messages, by index.
type Fates = Mutex<Vec<Fate>>;

fn set(fates: &Fates, index: usize, fate: Fate) {
    fates.lock().unwrap_or_else(PoisonError::into_inner)[index] = fate;
}

impl Consumer {
    pub(super) async fn deliver_bulk(&self, deliveries: Vec<Delivery>) {
        let fates = Fates::new(vec![Fate::Failed; deliveries.len()]);
        let groups = self.groups(&deliveries, &fates);
        for group in &groups {
            let outcome = self.under_policy(|| self.attempt_bulk(group, &fates)).await;
            let rest = if matches!(outcome, Outcome::Abandoned) { Fate::Again } else { Fate::Failed };
            group.pending().iter().for_each(|entry| set(&fates, entry.index, rest));
        }
        drop(groups);
        let fates = fates.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (delivery, fate) in deliveries.into_iter().zip(fates) {
            let verdict = match fate {
                Fate::Done => Verdict::Done,
                Fate::Again => Verdict::Again,
                Fate::Dropped => self.drop_message(&delivery.message).await,
                Fate::Failed => self.fail_entry(&delivery.message).await,
            };
            delivery.settle(verdict);
        }
    }

    async fn fail_entry(&self, message: &Message) -> Verdict {
        match self.subscription.dead_letter_topic() {
            Some(topic) if self.dead_letter(topic, message).await => {
                self.count_entries(self.broker.topic_of(&message.topic), "drop", 1);
                Verdict::Done
            }
            _ => Verdict::Again,
        }
    }

    /// The messages by the path they go to; those that go nowhere have their fate.
    fn groups<'a>(&'a self, deliveries: &'a [Delivery], fates: &Fates) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for (index, delivery) in deliveries.iter().enumerate() {
            match self.entry(index, &delivery.message) {
                Ok((place, entry)) => match groups.iter().find(|group| std::ptr::eq(group.place, place)) {
                    Some(group) => group.pending().push(entry),
                    None => groups.push(Group { place, pending: Mutex::new(vec![entry]) }),
                },
                Err(fate) => set(fates, index, fate),
            }
        }
        groups
    }

    fn entry<'a>(&'a self, index: usize, message: &'a Message) -> Result<(&'a Place, Entry<'a>), Fate> {
        let topic = self.broker.topic_of(&message.topic);
        let is_binary = || ContentType::of(content_type(message)) == ContentType::Binary;
        let event = if self.subscription.is_raw || is_binary() {
            None
        } else {
            let event = Event::read(message, false, topic, self.broker.name()).map_err(|error| {
                let name = self.broker.name();
                tracing::error!(
                    target: "dapr.runtime.processor.subscription",
                    "error deserializing one of the messages in bulk cloud event in pubsub {name} and topic {topic}: {error}"
                );
                self.count_entries(topic, "retry", 1);
                Fate::Failed
            })?;
            Some(event)
        };
        if let Some(event) = &event
            && event.is_expired(|| self.world.clock.now())
        {
            tracing::warn!(
                target: "dapr.runtime.processor.subscription",
                "dropping expired pub/sub event {} of topic {topic}", event.id()
            );
            self.count_entries(topic, "drop", 1);
            return Err(Fate::Dropped);
        }
        let value = || event.as_ref().map_or_else(|| Ok(EventValue::from_raw(&message.data)), Event::value);
        let place = match self.subscription.routes.find(value) {
            Ok(Route::To(place)) => place,
            Ok(Route::Nowhere) => {
                tracing::warn!(
                    target: "dapr.runtime.processor.subscription",
                    "No matching route for event in pubsub {} and topic {topic}; skipping", self.broker.name()
                );
                self.count_entries(topic, "drop", 1);
                return Err(Fate::Dropped);
            }
            Err(error) => {
                tracing::error!(
                    target: "dapr.runtime.processor.subscription",
                    "error finding matching route for event in bulk subscribe {} and topic {topic}: {error}",
                    self.broker.name()
                );
                self.count_entries(topic, "retry", 1);
                return Err(Fate::Failed);
            }
        };
        let default = if event.is_some() { CLOUD_EVENT } else { "application/octet-stream" };
        let content_type = message.content_type.clone().filter(|text| !text.is_empty());
        let content_type = content_type.unwrap_or_else(|| default.to_owned());
        Ok((place, Entry { index, id: Uuid::new_v4().to_string(), message, event, content_type }))
    }

    /// Sends what is pending. Whatever gets a fate is pending no more.
    async fn attempt_bulk(&self, group: &Group<'_>, fates: &Fates) -> Result<(), Failure> {
        let Target::Application(app) = &self.target else {
            return Err(Failure::Retriable("a stream takes no bulk deliveries".to_owned()));
        };
        let spans = self.spans(group);
        let mut headers = self.headers(&HashMap::new());
        let is_grpc = app.is_grpc();
        if let Some(context) = spans.last().and_then(Span::context) {
            if is_grpc { context.write_grpc(&mut headers) } else { context.write_http(&mut headers) }
        }
        let started = Instant::now();
        let answer = if is_grpc {
            self.bulk_over_grpc(&**app, group, headers, spans).await
        } else {
            self.bulk_over_http(&**app, group, headers, spans).await
        };
        let topic = &self.subscription.spec.topic;
        self.world.metrics.pubsub_ingress.record_bulk(self.broker.name(), topic, started.elapsed());
        match answer {
            Ok(Answered::Each(statuses)) => self.apply(group, fates, &statuses),
            Ok(Answered::Unwanted(fate)) => {
                let entries = std::mem::take(&mut *group.pending());
                self.count_entries(topic, "drop", entries.len());
                entries.iter().for_each(|entry| set(fates, entry.index, fate));
                Ok(())
            }
            Err(failure) => {
                tracing::warn!(
                    target: "dapr.runtime.processor.subscription",
                    "a bulk delivery of topic {topic} on pubsub {} failed: {}", self.broker.name(), failure.text()
                );
                self.count_entries(topic, "retry", group.pending().len());
                Err(failure)
            }
        }
    }

    /// Gives each entry the fate that the application says.
    fn apply(&self, group: &Group<'_>, fates: &Fates, statuses: &HashMap<String, Status>) -> Result<(), Failure> {
        let topic = &self.subscription.spec.topic;
        let (mut done, mut dropped) = (0, 0);
        let mut pending = group.pending();
        pending.retain(|entry| match statuses.get(&entry.id) {
            Some(Status::Success) => {
                done += 1;
                set(fates, entry.index, Fate::Done);
                false
            }
            Some(Status::Drop) => {
                dropped += 1;
                tracing::warn!(
                    target: "dapr.runtime.processor.subscription",
                    "DROP status returned from app while processing pub/sub event for entry id: {}", entry.id
                );
                set(fates, entry.index, Fate::Dropped);
                false
            }
            Some(Status::Retry) | None => true,
        });
        self.count_entries(topic, "success", done);
        self.count_entries(topic, "drop", dropped);
        self.count_entries(topic, "retry", pending.len());
        if pending.is_empty() {
            return Ok(());
        }
        Err(Failure::Retriable(format!("{} message(s) have failed during bulk subscribe operation", pending.len())))
    }

    async fn bulk_over_http(
        &self,
        app: &dyn AppChannel,
        group: &Group<'_>,
        mut headers: HeaderMap,
        spans: Vec<Span>,
    ) -> Result<Answered, Failure> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = json::write(&group.pending(), &self.subscription.spec.topic, self.broker.name());
        let response = post(app, &group.place.uri, headers, body).await.map_err(|error| {
            Failure::Retriable(format!("error from app channel while sending pub/sub event to app: {error}"))
        })?;
        let status = response.status();
        spans.into_iter().for_each(|span| span.end_http(status.as_u16()));
        let body = response.into_body().collect(MAX_ANSWER).await.unwrap_or_default();
        if status.is_success() {
            let BulkAnswer(entries) = BulkAnswer::read(&body).map_err(|error| {
                Failure::Retriable(format!("failed unmarshalling app response for bulk subscribe: {error}"))
            })?;
            let read = |(id, status): (String, String)| {
                let status = match status.as_str() {
                    "SUCCESS" => Status::Success,
                    "DROP" => Status::Drop,
                    _ => Status::Retry,
                };
                (id, status)
            };
            return Ok(Answered::Each(entries.into_iter().map(read).collect()));
        }
        if status == StatusCode::NOT_FOUND {
            tracing::error!(
                target: "dapr.runtime.processor.subscription",
                "Non-retriable error returned from app while processing bulk pub/sub event. status code returned: 404"
            );
            return Ok(Answered::Unwanted(Fate::Done));
        }
        Err(Failure::Status(i32::from(status.as_u16()), format!("status code returned: {}", status.as_u16())))
    }

    async fn bulk_over_grpc(
        &self,
        app: &dyn AppChannel,
        group: &Group<'_>,
        metadata: HeaderMap,
        spans: Vec<Span>,
    ) -> Result<Answered, Failure> {
        let message: Bytes = self.bulk_request(group)?.encode_to_vec().into();
        let mut answered = app.call_unary(ON_BULK_TOPIC_EVENT, message.clone(), metadata.clone()).await;
        if let Err(CallError::Status { code: UNIMPLEMENTED, .. }) = &answered {
            answered = app.call_unary(ON_BULK_TOPIC_EVENT_ALPHA, message, metadata).await;
        }
        let (code, text) = match &answered {
            Ok(_) => (0, String::new()),
            Err(error) => (code_of(error), error.to_string()),
        };
        spans.into_iter().for_each(|span| span.end_grpc(code, &text));
        let bytes = match answered {
            Ok(bytes) => bytes,
            Err(_) if code == UNIMPLEMENTED => {
                tracing::warn!(
                    target: "dapr.runtime.processor.subscription",
                    "non-retriable error returned from app while processing bulk pub/sub event: {text}"
                );
                return Ok(Answered::Unwanted(Fate::Done));
            }
            Err(_) => return Err(Failure::Status(code, text)),
        };
        let TopicEventBulkResponse { statuses } = TopicEventBulkResponse::decode(bytes)
            .map_err(|error| Failure::Retriable(format!("the application's answer cannot be read: {error}")))?;
        let read = |entry: dapr_proto::runtime::v1::TopicEventBulkResponseEntry| {
            (entry.entry_id, Status::try_from(entry.status).unwrap_or(Status::Retry))
        };
        Ok(Answered::Each(statuses.into_iter().map(read).collect()))
    }

    fn bulk_request(&self, group: &Group<'_>) -> Result<TopicEventBulkRequest, Failure> {
        let wire = |entry: &Entry<'_>| {
            let event = match &entry.event {
                Some(event) => WireEvent::CloudEvent(event.to_cloud_event()?),
                None => WireEvent::Bytes(entry.message.data.clone()),
            };
            Ok(TopicEventBulkRequestEntry {
                entry_id: entry.id.clone(),
                content_type: entry.content_type.clone(),
                metadata: entry.message.metadata.clone(),
                event: Some(event),
            })
        };
        let entries = group.pending().iter().map(wire).collect::<Result<_, String>>().map_err(Failure::Retriable)?;
        Ok(TopicEventBulkRequest {
            id: Uuid::new_v4().to_string(),
            entries,
            metadata: [(PUBSUB_NAME.to_owned(), self.broker.name().to_owned())].into(),
            topic: self.subscription.spec.topic.clone(),
            pubsub_name: self.broker.name().to_owned(),
            r#type: BULK_TYPE.to_owned(),
            path: group.place.path.clone(),
        })
    }

    fn spans(&self, group: &Group<'_>) -> Vec<Span> {
        if !self.world.tracer.is_on() {
            return Vec::new();
        }
        let topic = &self.subscription.spec.topic;
        group.pending().iter().filter_map(|entry| Some(self.span(entry.event.as_ref()?, topic))).collect()
    }

    fn count_entries(&self, topic: &str, status: &str, entries: usize) {
        let ingress = &self.world.metrics.pubsub_ingress;
        ingress.record_bulk_events(self.broker.name(), status, topic, entries as u64);
    }
}

/// The application's answer to a bulk delivery.
enum Answered {
    Each(HashMap<String, Status>),
    /// It takes none of them.
    Unwanted(Fate),
}
