//! `Dapr/SubscribeTopicEventsAlpha1`: one subscription for as long as the stream is open.

use dapr_errors::Error;
use dapr_proto::runtime::v1::subscribe_topic_events_request_alpha1::SubscribeTopicEventsRequestType as Incoming;
use dapr_proto::runtime::v1::subscribe_topic_events_response_alpha1::SubscribeTopicEventsResponseType as Outgoing;
use dapr_proto::runtime::v1::{
    SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsRequestInitialAlpha1, SubscribeTopicEventsResponseAlpha1,
    SubscribeTopicEventsResponseInitialAlpha1,
};
use dapr_pubsub::{StreamAnswers, StreamSubscription};
use dapr_resources::subscription::SubscriptionSpec;
use futures_util::stream;
use tonic::codegen::BoxStream;
use tonic::{Status, Streaming};

use crate::Api;

/// Why there is no stream.
pub(crate) enum Refused {
    /// The application did not say what it wants.
    Status(Status),
    /// It cannot have it.
    Error(Error),
}

/// Reads what the application subscribes to, and opens the subscription. The answer begins with the word that it is
/// open.
///
/// # Errors
/// The first message is none, or the subscription cannot be opened.
pub(crate) async fn open(
    api: &Api,
    mut incoming: Streaming<SubscribeTopicEventsRequestAlpha1>,
) -> Result<BoxStream<SubscribeTopicEventsResponseAlpha1>, Refused> {
    let first = tokio::select! {
        first = incoming.message() => first.map_err(Refused::Status)?,
        () = api.subscriptions.stopping() => return Err(Refused::Status(Status::unknown("api server closed"))),
    };
    let spec = spec_of(first).map_err(|missing| Refused::Status(Status::unknown(missing)))?;
    let (pubsub, topic) = (spec.pubsubname.clone(), spec.topic.clone());
    let subscription = api.subscriptions.open_stream(spec).await.map_err(Refused::Error)?;
    let answers = subscription.answers();
    let open = Open { incoming, subscription, answers, greeted: false, ended: false, pubsub, topic };
    Ok(Box::pin(stream::unfold(open, |mut open| async move { open.next().await.map(|message| (message, open)) })))
}

fn spec_of(first: Option<SubscribeTopicEventsRequestAlpha1>) -> Result<SubscriptionSpec, &'static str> {
    let Some(Incoming::InitialRequest(initial)) = first.and_then(|first| first.subscribe_topic_events_request_type)
    else {
        return Err("initial request is required");
    };
    let SubscribeTopicEventsRequestInitialAlpha1 { pubsub_name, topic, metadata, dead_letter_topic } = initial;
    if pubsub_name.is_empty() {
        return Err("pubsubName is required");
    }
    if topic.is_empty() {
        return Err("topic is required");
    }
    Ok(SubscriptionSpec {
        pubsubname: pubsub_name,
        topic,
        metadata: metadata.into_iter().collect(),
        dead_letter_topic: dead_letter_topic.unwrap_or_default(),
        ..SubscriptionSpec::default()
    })
}

/// A stream that is open. When it is dropped, so is the subscription.
struct Open {
    incoming: Streaming<SubscribeTopicEventsRequestAlpha1>,
    subscription: StreamSubscription,
    answers: StreamAnswers,
    greeted: bool,
    ended: bool,
    pubsub: String,
    topic: String,
}

impl Open {
    /// The next message to the application, or how the stream ends; none after its end.
    async fn next(&mut self) -> Option<Result<SubscribeTopicEventsResponseAlpha1, Status>> {
        if self.ended {
            return None;
        }
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(Ok(message(Outgoing::InitialResponse(SubscribeTopicEventsResponseInitialAlpha1 {}))));
        }
        loop {
            tokio::select! {
                biased;
                answer = self.incoming.message() => match answer {
                    Ok(Some(answer)) => {
                        if let Err(status) = self.take(answer) {
                            return self.end(Some(Err(status)));
                        }
                    }
                    Ok(None) => return self.end(None),
                    Err(status) => return self.end(Some(Err(status))),
                },
                event = self.subscription.next() => return match event {
                    Some(event) => Some(Ok(message(Outgoing::EventMessage(event)))),
                    None => self.end(Some(Err(Status::unknown("stream closed")))),
                },
            }
        }
    }

    /// Passes on what the application says of an event.
    fn take(&self, answer: SubscribeTopicEventsRequestAlpha1) -> Result<(), Status> {
        let Some(Incoming::EventProcessed(processed)) = answer.subscribe_topic_events_request_type else {
            return Err(Status::unknown("duplicate initial request received"));
        };
        let status = processed.status.unwrap_or_default().status;
        if !self.answers.processed(&processed.id, status) {
            tracing::error!(
                target: "dapr.runtime.pubsub.streamer",
                "no client stream expecting publish response for id {} of pubsub '{}' topic '{}'",
                processed.id, self.pubsub, self.topic
            );
        }
        Ok(())
    }

    fn end(
        &mut self,
        last: Option<Result<SubscribeTopicEventsResponseAlpha1, Status>>,
    ) -> Option<Result<SubscribeTopicEventsResponseAlpha1, Status>> {
        self.ended = true;
        tracing::info!(
            target: "dapr.runtime.pubsub.streamer",
            "Unsubscribed from pubsub '{}' topic '{}'", self.pubsub, self.topic
        );
        last
    }
}

fn message(content: Outgoing) -> SubscribeTopicEventsResponseAlpha1 {
    SubscribeTopicEventsResponseAlpha1 { subscribe_topic_events_response_type: Some(content) }
}
