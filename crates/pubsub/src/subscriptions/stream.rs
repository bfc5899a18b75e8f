//! Subscriptions that live as long as a stream of the application.

use std::sync::Arc;

use dapr_errors::{Error, Result, table};
use dapr_proto::runtime::v1::TopicEventRequest;
use dapr_resources::subscription::{Routes, SubscriptionSpec};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Key, OPEN_PATIENCE, Source, Subscription, Subscriptions};
use crate::streaming::Stream;

/// Every event of a stream goes there.
const PATH: &str = "/";

/// The application's end of a subscription by stream. Dropping it ends the subscription; events without an answer go
/// back to the broker.
pub struct StreamSubscription {
    subscriptions: Arc<Subscriptions>,
    number: u64,
    stream: Arc<Stream>,
    events: mpsc::Receiver<TopicEventRequest>,
}

impl Subscriptions {
    /// Subscribes for a stream; its routes and its bulk settings do not count.
    ///
    /// # Errors
    /// There is no such broker, it is not ready, the topic is not allowed, or the broker refused.
    pub async fn open_stream(self: &Arc<Self>, mut spec: SubscriptionSpec) -> Result<StreamSubscription> {
        spec.routes = Routes { default: PATH.to_owned(), ..Routes::default() };
        let (pubsub, topic) = (spec.pubsubname.clone(), spec.topic.clone());
        let failed = |problem: &dyn std::fmt::Display| {
            let text = format!("failed to create subscription for {pubsub}: {problem}");
            Error::new(&table::PUBSUB_SUBSCRIBE, &[&text])
        };
        let broker = self.brokers.find(&pubsub)?;
        if !broker.scopes().may_subscribe(&self.app_id, &topic) {
            return Err(failed(&format!("subscription to topic '{topic}' on pubsub '{pubsub}' is not allowed")));
        }
        let subscription = Subscription::new(spec, Source::Streaming).map_err(|problem| failed(&problem))?;
        let (stream, events) = Stream::new();
        let stream = Arc::new(stream);
        let number = {
            let mut state = self.state();
            if state.stopped {
                return Err(failed(&"subscriber is closed"));
            }
            state.next_stream += 1;
            let number = state.next_stream;
            state.streams.insert(number, (Arc::new(subscription), Arc::clone(&stream)));
            number
        };
        // From here on dropping it undoes everything.
        let opened = StreamSubscription { subscriptions: Arc::clone(self), number, stream, events };
        self.adjust();
        let waiter = self.state().keepers.get(&Key::Stream(number)).map(super::Keeper::waiter);
        if let Some(waiter) = waiter
            && let Ok(Err(problem)) = timeout(OPEN_PATIENCE, waiter.done()).await
        {
            return Err(failed(&problem));
        }
        tracing::info!(
            target: "dapr.runtime.pubsub.streamer",
            "Subscribing to pubsub '{pubsub}' topic '{topic}' ConnectionID {number}"
        );
        Ok(opened)
    }
}

impl StreamSubscription {
    /// The next event for the application; none when the sidecar has ended the subscription.
    pub async fn next(&mut self) -> Option<TopicEventRequest> {
        tokio::select! {
            biased;
            event = self.events.recv() => event,
            () = self.stream.ended() => None,
        }
    }

    /// A handle for answers, which may be given while [`StreamSubscription::next`] waits.
    pub fn answers(&self) -> StreamAnswers {
        StreamAnswers(Arc::clone(&self.stream))
    }
}

/// Gives the application's answers to the events of a stream.
#[derive(Clone)]
pub struct StreamAnswers(Arc<Stream>);

impl StreamAnswers {
    /// The application has processed an event; `status` is that of `TopicEventResponse`. Whether it was waited for.
    pub fn processed(&self, id: &str, status: i32) -> bool {
        self.0.processed(id, status)
    }
}

impl Drop for StreamSubscription {
    fn drop(&mut self) {
        let keeper = {
            let mut state = self.subscriptions.state();
            state.streams.remove(&self.number);
            state.said.remove(&Key::Stream(self.number));
            state.keepers.remove(&Key::Stream(self.number))
        };
        self.stream.end();
        // Breaks off what runs; nobody will answer any more.
        drop(keeper);
    }
}
