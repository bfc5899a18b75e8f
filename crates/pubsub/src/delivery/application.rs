//! One attempt to deliver one event: over HTTP, over gRPC, on a stream.

use std::time::{Duration, Instant};

use bytes::Bytes;
use dapr_net::Body;
use dapr_proto::runtime::v1::TopicEventResponse;
use dapr_proto::runtime::v1::topic_event_response::TopicEventResponseStatus as Status;
use dapr_spi::app_channel::{Answer, AppChannel, CallError, Invoke};
use dapr_spi::pubsub::Map;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use prost::Message as _;

use super::{Consumer, Failure, Handled, Sending};
use crate::envelope::CLOUD_EVENT;
use crate::streaming::Stream;

mod answer;

pub(super) use answer::{BulkAnswer, Said, said};

const ON_TOPIC_EVENT: &str = "/dapr.proto.runtime.v1.AppCallback/OnTopicEvent";
/// Names the broker in the headers of a delivery.
const PUBSUB_NAME: HeaderName = HeaderName::from_static("pubsubname");
/// Bytes of an application's answer that are read.
pub(super) const MAX_ANSWER: usize = 4 << 20;
/// Bytes of an application's complaint that are logged.
const MAX_COMPLAINT: usize = 1024;

pub(super) const UNAVAILABLE: i32 = 14;
pub(super) const UNIMPLEMENTED: i32 = 12;

impl Consumer {
    pub(super) async fn call_http(&self, app: &dyn AppChannel, sending: &Sending<'_>) -> Result<Handled, Failure> {
        let span = self.span(sending.event, sending.topic);
        let mut headers = self.headers(&sending.event.message().metadata);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(CLOUD_EVENT));
        if let Some(context) = span.context() {
            context.write_http(&mut headers);
        }
        let started = Instant::now();
        let response = post(app, &sending.place.uri, headers, sending.event.body()).await;
        let elapsed = started.elapsed();
        let response = response.map_err(|error| {
            self.count(sending.topic, "retry", "", elapsed);
            let text = format!("error returned from app channel while sending pub/sub event to app: {error}");
            self.retriable(sending, text)
        })?;
        span.end_http(response.status().as_u16());
        self.judge_http(sending, response, elapsed).await
    }

    async fn judge_http(
        &self,
        sending: &Sending<'_>,
        response: Response<Body>,
        elapsed: Duration,
    ) -> Result<Handled, Failure> {
        let status = response.status();
        let body = response.into_body().collect(MAX_ANSWER).await.unwrap_or_default();
        if status.is_success() {
            return match said(&body) {
                Said::Success => self.done(sending, elapsed),
                Said::Retry => Err(self.asked_to_retry(sending, elapsed)),
                Said::Drop => Ok(self.dropped(sending, elapsed)),
                Said::Other(text) => Err(self.unknown_status(sending, &text, elapsed)),
            };
        }
        let (id, body) = (sending.event.id(), complaint(&body));
        if status == StatusCode::NOT_FOUND {
            tracing::error!(
                target: "dapr.runtime.processor.subscription",
                "non-retriable error returned from app while processing pub/sub event {id}: {body}. status code returned: {}",
                status.as_u16()
            );
            self.count(sending.topic, "drop", "", elapsed);
            return Ok(Handled::Dropped);
        }
        let text = format!(
            "retriable error returned from app while processing pub/sub event {id}, topic: {}, body: {body}. status code returned: {}",
            sending.topic,
            status.as_u16()
        );
        tracing::warn!(target: "dapr.runtime.processor.subscription", "{text}");
        self.count(sending.topic, "retry", "", elapsed);
        Err(Failure::Status(i32::from(status.as_u16()), text))
    }

    pub(super) async fn call_grpc(&self, app: &dyn AppChannel, sending: &Sending<'_>) -> Result<Handled, Failure> {
        let message = self.request(sending)?;
        let span = self.span(sending.event, sending.topic);
        let mut metadata = self.headers(&sending.event.message().metadata);
        if let Some(context) = span.context() {
            context.write_grpc(&mut metadata);
        }
        let started = Instant::now();
        let answered = app.call_unary(ON_TOPIC_EVENT, message.encode_to_vec().into(), metadata).await;
        let elapsed = started.elapsed();
        let error = match answered {
            Ok(bytes) => {
                span.end_grpc(0, "");
                // An answer that cannot be read is none.
                let status = TopicEventResponse::decode(bytes).map(|response| response.status);
                return self.judge_status(sending, status.unwrap_or(i32::MAX), elapsed);
            }
            Err(error) => error,
        };
        let code = code_of(&error);
        span.end_grpc(code, &error.to_string());
        let id = sending.event.id();
        if code == UNIMPLEMENTED {
            tracing::warn!(
                target: "dapr.runtime.processor.subscription",
                "non-retriable error returned from app while processing pub/sub event {id}: {error}"
            );
            self.count(sending.topic, "drop", "", elapsed);
            return Ok(Handled::Done);
        }
        self.count(sending.topic, "retry", "", elapsed);
        let text = format!("error returned from app while processing pub/sub event {id}: {error}");
        tracing::debug!(target: "dapr.runtime.processor.subscription", "{text}");
        Err(Failure::Status(code, text))
    }

    pub(super) async fn send_on(&self, stream: &Stream, sending: &Sending<'_>) -> Result<Handled, Failure> {
        let message = self.request(sending)?;
        let span = self.span(sending.event, sending.topic);
        let started = Instant::now();
        let status = stream.deliver(message, span).await;
        let elapsed = started.elapsed();
        match status {
            Some(status) => self.judge_status(sending, status, elapsed),
            None => Err(self.retriable(sending, "stream closed".to_owned())),
        }
    }

    fn request(&self, sending: &Sending<'_>) -> Result<dapr_proto::runtime::v1::TopicEventRequest, Failure> {
        let Sending { event, topic, place } = sending;
        event.to_request(topic, self.broker.name(), &place.path).map_err(|problem| {
            self.count(topic, "retry", "", Duration::ZERO);
            self.retriable(sending, format!("pub/sub event {} cannot be delivered: {problem}", event.id()))
        })
    }

    fn judge_status(&self, sending: &Sending<'_>, status: i32, elapsed: Duration) -> Result<Handled, Failure> {
        match Status::try_from(status) {
            Ok(Status::Success) => self.done(sending, elapsed),
            Ok(Status::Retry) => Err(self.asked_to_retry(sending, elapsed)),
            Ok(Status::Drop) => Ok(self.dropped(sending, elapsed)),
            Err(_) => Err(self.unknown_status(sending, &status.to_string(), elapsed)),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "its neighbours in a match are errors")]
    fn done(&self, sending: &Sending<'_>, elapsed: Duration) -> Result<Handled, Failure> {
        self.count(sending.topic, "success", "", elapsed);
        Ok(Handled::Done)
    }

    fn asked_to_retry(&self, sending: &Sending<'_>, elapsed: Duration) -> Failure {
        self.count(sending.topic, "retry", "", elapsed);
        let id = sending.event.id();
        self.retriable(sending, format!("RETRY status returned from app while processing pub/sub event {id}"))
    }

    fn unknown_status(&self, sending: &Sending<'_>, status: &str, elapsed: Duration) -> Failure {
        self.count(sending.topic, "retry", "", elapsed);
        let id = sending.event.id();
        let text = format!("unknown status returned from app while processing pub/sub event {id}, status: {status}");
        self.retriable(sending, text)
    }

    fn dropped(&self, sending: &Sending<'_>, elapsed: Duration) -> Handled {
        tracing::warn!(
            target: "dapr.runtime.processor.subscription",
            "DROP status returned from app while processing pub/sub event {}", sending.event.id()
        );
        self.count(sending.topic, "drop", "success", elapsed);
        Handled::Dropped
    }

    #[expect(clippy::unused_self, reason = "a step of the delivery, like its neighbours")]
    fn retriable(&self, sending: &Sending<'_>, text: String) -> Failure {
        tracing::warn!(
            target: "dapr.runtime.processor.subscription",
            "encountered a retriable error while publishing a subscribed message to topic {}, err: {text}", sending.topic
        );
        Failure::Retriable(text)
    }

    /// What a message's metadata are as headers; those that describe the payload are not for the envelope around it.
    pub(super) fn headers(&self, metadata: &Map) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(metadata.len() + 4);
        for (name, value) in metadata {
            let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()))
            else {
                continue;
            };
            if name != CONTENT_TYPE && name != CONTENT_LENGTH {
                headers.insert(name, value);
            }
        }
        if let Ok(name) = HeaderValue::from_str(self.broker.name()) {
            headers.insert(PUBSUB_NAME, name);
        }
        headers
    }
}

/// Calls an HTTP application.
pub(super) async fn post(
    app: &dyn AppChannel,
    uri: &http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response<Body>, CallError> {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = uri.clone();
    *request.headers_mut() = headers;
    match app.invoke(Invoke { request, type_url: String::new(), from_grpc: false }).await? {
        Answer::Http(response) => Ok(response),
        Answer::Grpc { .. } => Err(CallError::Invalid("the application speaks gRPC".to_owned())),
    }
}

/// The gRPC code of a call without an answer.
pub(super) fn code_of(error: &CallError) -> i32 {
    match error {
        CallError::Status { code, .. } => *code,
        CallError::Unhealthy | CallError::Unreachable(_) => UNAVAILABLE,
        CallError::Invalid(_) => 3,
    }
}

/// The beginning of a body, as text.
fn complaint(body: &Bytes) -> String {
    String::from_utf8_lossy(&body[..body.len().min(MAX_COMPLAINT)]).into_owned()
}
