//! What becomes of a message: from the broker to the application, or to the dead letter topic, to a verdict.

mod application;
mod bulk;
mod event;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dapr_kit::clock::Clock;
use dapr_resiliency::{ComponentType, Policy, Provider, Verdict as Judgement};
use dapr_spi::app_channel::AppChannel;
use dapr_spi::pubsub::{Delivery, Message, Verdict};
use dapr_telemetry::metrics::Metrics;
use dapr_telemetry::trace::{Kind, Span, Tracer};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::dispatcher::Call;
use crate::routing::{Place, Route};
use crate::streaming::Stream;
use crate::subscriptions::Subscription;
use crate::{Broker, Publisher};

use event::Event;

/// How long a dead letter may take.
const DEAD_LETTER_TIMEOUT: Duration = Duration::from_secs(30);

/// What every subscription of a sidecar shares.
pub(crate) struct World {
    pub(crate) resiliency: Provider,
    pub(crate) metrics: Metrics,
    pub(crate) tracer: Tracer,
    pub(crate) clock: Clock,
    pub(crate) publisher: Arc<Publisher>,
}

/// Who gets the messages of a subscription.
#[derive(Clone)]
pub(crate) enum Target {
    /// The application, called.
    Application(Arc<dyn AppChannel>),
    /// A stream that the application opened.
    Stream(Arc<Stream>),
}

/// Takes the messages of one open subscription to whoever gets them.
pub(crate) struct Consumer {
    pub(crate) world: Arc<World>,
    pub(crate) broker: Arc<Broker>,
    pub(crate) subscription: Arc<Subscription>,
    pub(crate) target: Target,
    /// Turns true when the subscription is to close: what fails then is not tried again here.
    pub(crate) closing: watch::Receiver<bool>,
}

/// What became of an event that somebody got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handled {
    /// It was processed, or is to be forgotten.
    Done,
    /// It is not wanted.
    Dropped,
}

/// Why an event was not processed. The text is for the log.
#[derive(Debug)]
enum Failure {
    /// Trying again may help.
    Retriable(String),
    /// The same, with the status of the answer: the policy says whether to try again.
    Status(i32, String),
}

impl Failure {
    fn text(&self) -> &str {
        match self {
            Self::Retriable(text) | Self::Status(_, text) => text,
        }
    }
}

/// An event on its way.
struct Sending<'a> {
    event: &'a Event<'a>,
    topic: &'a str,
    place: &'a Place,
}

/// What a policy made of a call.
enum Outcome<T> {
    Answered(T),
    /// Every attempt failed.
    Failed,
    /// The subscription closes.
    Abandoned,
}

impl Consumer {
    /// Delivers the messages of a call and settles each. Returns the keys among them.
    pub(crate) async fn deliver(&self, call: Call<Delivery>) -> Vec<Bytes> {
        if self.subscription.bulk().is_some() {
            Box::pin(self.deliver_bulk(call.messages)).await;
        } else {
            for delivery in call.messages {
                let verdict = self.process(&delivery.message).await;
                delivery.settle(verdict);
            }
        }
        call.keys
    }

    async fn process(&self, message: &Message) -> Verdict {
        let topic = self.broker.topic_of(&message.topic);
        let event = match Event::read(message, self.subscription.is_raw, topic, self.broker.name()) {
            Ok(event) => event,
            Err(error) => {
                let name = self.broker.name();
                tracing::error!(
                    target: "dapr.runtime.processor.subscription",
                    "error deserializing cloud event in pubsub {name} and topic {topic}: {error}"
                );
                return self.give_up(message, topic).await;
            }
        };
        if event.is_expired(|| self.world.clock.now()) {
            tracing::warn!(
                target: "dapr.runtime.processor.subscription",
                "dropping expired pub/sub event {} of topic {topic}", event.id()
            );
            self.count(topic, "drop", "", Duration::ZERO);
            return self.drop_message(message).await;
        }
        let place = match self.subscription.routes.find(|| event.value()) {
            Ok(Route::To(place)) => place,
            Ok(Route::Nowhere) => {
                tracing::debug!(
                    target: "dapr.runtime.processor.subscription",
                    "no matching route for event {} in pubsub {} and topic {topic}; skipping", event.id(), self.broker.name()
                );
                self.count(topic, "drop", "success", Duration::ZERO);
                return self.drop_message(message).await;
            }
            Err(error) => {
                tracing::error!(
                    target: "dapr.runtime.processor.subscription",
                    "error finding matching route for event {} in pubsub {} and topic {topic}: {error}",
                    event.id(), self.broker.name()
                );
                return self.give_up(message, topic).await;
            }
        };
        let sending = Sending { event: &event, topic, place };
        match self.under_policy(|| self.attempt(&sending)).await {
            Outcome::Answered(Handled::Done) => Verdict::Done,
            Outcome::Answered(Handled::Dropped) => self.drop_message(message).await,
            Outcome::Failed => self.give_up(message, topic).await,
            Outcome::Abandoned => Verdict::Again,
        }
    }

    /// Runs attempts until one succeeds, the policy ends them, or the subscription closes.
    async fn under_policy<T, F>(&self, attempt: impl Fn() -> F) -> Outcome<T>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let policy = self.world.resiliency.component_inbound(self.broker.name(), ComponentType::Pubsub);
        if policy.is_none() {
            return match attempt().await {
                Ok(answer) => Outcome::Answered(answer),
                Err(_) if self.is_closing() => Outcome::Abandoned,
                Err(_) => Outcome::Failed,
            };
        }
        Box::pin(self.with_policy(&policy, attempt)).await
    }

    async fn with_policy<T, F>(&self, policy: &Policy, attempt: impl Fn() -> F) -> Outcome<T>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let running = AtomicBool::new(false);
        let judge = |answer: &Result<T, Failure>| match answer {
            Ok(_) => Judgement::Success,
            Err(_) if self.is_closing() => Judgement::Permanent,
            Err(Failure::Retriable(_)) => Judgement::Retriable,
            Err(Failure::Status(code, _)) => Judgement::Code(*code),
        };
        let calls = policy.run(judge, |_| {
            let attempt = attempt();
            async {
                running.store(true, Ordering::Relaxed);
                let answer = attempt.await;
                running.store(false, Ordering::Relaxed);
                answer
            }
        });
        let answer = tokio::select! {
            biased;
            answer = calls => answer,
            // Only a pause between attempts is cut short.
            () = self.closes_in_pause(&running) => return Outcome::Abandoned,
        };
        match answer {
            Ok(answer) => Outcome::Answered(answer),
            Err(_) if self.is_closing() => Outcome::Abandoned,
            Err(dapr_resiliency::Error::Failed { .. }) => Outcome::Failed,
            Err(error) => {
                let text = match &error {
                    dapr_resiliency::Error::Rejected(rejected) => rejected.to_string(),
                    _ => "no answer within the time that the resiliency policy allows".to_owned(),
                };
                tracing::warn!(
                    target: "dapr.runtime.processor.subscription",
                    "a message of topic {} on pubsub {} was not processed: {text}",
                    self.subscription.spec.topic, self.broker.name()
                );
                Outcome::Failed
            }
        }
    }

    async fn closes_in_pause(&self, running: &AtomicBool) {
        let mut closing = self.closing.clone();
        let closes = closing.wait_for(|closing| *closing).await.is_ok();
        if !closes || running.load(Ordering::Relaxed) {
            // The end of the attempt ends the calls.
            std::future::pending().await
        }
    }

    fn is_closing(&self) -> bool {
        *self.closing.borrow()
    }

    async fn attempt(&self, sending: &Sending<'_>) -> Result<Handled, Failure> {
        match &self.target {
            Target::Application(app) if app.is_grpc() => Box::pin(self.call_grpc(&**app, sending)).await,
            Target::Application(app) => self.call_http(&**app, sending).await,
            Target::Stream(stream) => Box::pin(self.send_on(stream, sending)).await,
        }
    }

    /// The end of a message that nobody wants.
    async fn drop_message(&self, message: &Message) -> Verdict {
        let Some(topic) = self.subscription.dead_letter_topic() else { return Verdict::Done };
        if self.dead_letter(topic, message).await { Verdict::Done } else { Verdict::Again }
    }

    /// The end of a message that could not be processed.
    async fn give_up(&self, message: &Message, topic: &str) -> Verdict {
        if let Some(dead_letters) = self.subscription.dead_letter_topic()
            && self.dead_letter(dead_letters, message).await
        {
            self.count(topic, "drop", "", Duration::ZERO);
            return Verdict::Done;
        }
        self.count(topic, "retry", "", Duration::ZERO);
        Verdict::Again
    }

    /// Publishes the message as it came to the dead letter topic. Whether that worked.
    async fn dead_letter(&self, dead_letters: &str, message: &Message) -> bool {
        let Message { data, topic, metadata, content_type } = message.clone();
        let publisher = &self.world.publisher;
        let published = publisher.publish_raw(self.broker.name(), dead_letters, data, metadata, content_type);
        let problem = match timeout(DEAD_LETTER_TIMEOUT, Box::pin(published)).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("the broker did not answer within {DEAD_LETTER_TIMEOUT:?}"),
        };
        tracing::error!(
            target: "dapr.runtime.processor.subscription",
            "error sending message to dead letter, origin topic: {topic} dead letter topic {dead_letters} err: {problem}"
        );
        false
    }

    fn count(&self, topic: &str, process_status: &str, status: &str, latency: Duration) {
        let ingress = &self.world.metrics.pubsub_ingress;
        ingress.record(self.broker.name(), process_status, status, topic, latency);
    }

    /// The span of a delivery; off when the event belongs to no trace.
    fn span(&self, event: &Event<'_>, topic: &str) -> Span {
        if !self.world.tracer.is_on() {
            return Span::OFF;
        }
        let Some(parent) = event.trace() else { return Span::OFF };
        let span = self.world.tracer.start(Kind::Client, "pubsub", parent.as_ref());
        if span.is_recording() {
            span.rename(&format!("pubsub/{topic}"));
            span.about_delivery(topic);
        }
        span
    }
}
