//! An open subscription: the shell around the dispatcher.

use std::time::Duration;

use dapr_resiliency::ComponentType;
use dapr_spi::pubsub::{BulkSubscribe, Deliveries, Feature, Intake, SubscribeRequest};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::delivery::Consumer;
use crate::dispatcher::{Dispatcher, Rules};

/// How long a broker may take to leave.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// How a subscription ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// What was pulled and has not started is delivered, too; otherwise it goes back to the broker.
    pub(super) deliver_pulled: bool,
    /// After this time what still runs goes back to the broker.
    pub(super) limit: Option<Duration>,
}

/// A subscription that the broker has accepted.
pub(super) struct Open {
    consumer: Consumer,
    closing: watch::Sender<bool>,
    rules: Rules,
    deliveries: Deliveries,
    handle: Box<dyn dapr_spi::pubsub::Subscription>,
}

impl Open {
    /// Subscribes.
    ///
    /// # Errors
    /// The broker refused, or cannot be reached now.
    pub(super) async fn new(consumer: Consumer, closing: watch::Sender<bool>) -> dapr_spi::Result<Self> {
        let (broker, spec) = (&consumer.broker, &consumer.subscription.spec);
        let component = broker.component();
        let mut request = consumer.subscription.request(broker.topic(&spec.topic));
        let limits = component.limits(&request);
        let mut rules = Rules { calls: limits.concurrency, batch: 1, wait: Duration::ZERO };
        if let Some(asked) = request.bulk {
            let bulk = effective(asked, component.bulk_defaults());
            request.bulk = Some(bulk);
            // A batch that does not fit would never fill. From a broker that gives one message at a time each waits for
            // others all the same, as with the incumbent.
            let fits = if limits.unsettled > 1 { limits.unsettled } else { bulk.max_messages };
            let batch = bulk.max_messages.min(fits);
            let is_immediate = component.features().contains(&Feature::BulkSubscribeImmediate);
            let wait = if is_immediate { Duration::ZERO } else { bulk.max_wait };
            rules = Rules { calls: limits.concurrency / batch, batch, wait };
        }
        let (intake, deliveries) = Intake::new(limits.unsettled);
        let line = describe(&consumer, &request, rules);
        let handle = component.subscribe(request, intake).await?;
        tracing::info!(target: "dapr.runtime.processor.subscription", "{line}");
        Ok(Self { consumer, closing, rules, deliveries, handle })
    }

    /// Delivers until `end` says how to end, or the broker lets go; then closes. Returns whether `end` was the reason.
    pub(super) async fn run(self, end: impl Future<Output = Ending>) -> bool {
        let Self { consumer, closing, rules, mut deliveries, handle } = self;
        let mut dispatcher = Dispatcher::new(rules);
        let mut calls = FuturesUnordered::new();
        let mut end = std::pin::pin!(end.fuse());
        let (mut is_open, mut ending, mut limit) = (true, None::<Ending>, None);
        while is_open || !dispatcher.is_idle() {
            while let Some(call) = dispatcher.start(now()) {
                calls.push(consumer.deliver(call));
            }
            let deadline = dispatcher.deadline();
            tokio::select! {
                biased;
                how = &mut end, if ending.is_none() => {
                    ending = Some(how);
                    limit = how.limit.map(|limit| Instant::now() + limit);
                    closing.send_replace(true);
                    deliveries.close();
                    dispatcher.hurry();
                    if !how.deliver_pulled {
                        drop(dispatcher.take_waiting());
                    }
                }
                Some(keys) = calls.next(), if !calls.is_empty() => dispatcher.finished(keys, now()),
                next = deliveries.next(), if is_open => match next {
                    Some(delivery) => {
                        let mut next = Some(delivery);
                        while let Some(delivery) = next {
                            // What is not wanted any more goes back by being dropped.
                            if ending.is_none_or(|how| how.deliver_pulled) {
                                dispatcher.arrived(delivery.order.clone(), delivery, now());
                            }
                            next = deliveries.try_next();
                        }
                    }
                    None => is_open = false,
                },
                () = sleep_until(deadline.map_or_else(Instant::now, Instant::from_std)), if deadline.is_some() => {}
                () = sleep_until(limit.unwrap_or_else(Instant::now)), if limit.is_some() => {
                    tracing::warn!(
                        target: "dapr.runtime.processor.subscription",
                        "drain exceeded {:?}; {} calls for topic {} on pubsub {} are broken off, and their messages go back to the broker",
                        ending.and_then(|how| how.limit).unwrap_or_default(), dispatcher.running(),
                        consumer.subscription.spec.topic, consumer.broker.name()
                    );
                    break;
                }
            }
        }
        drop(calls);
        drop(dispatcher);
        drop(deliveries);
        if timeout(CLOSE_TIMEOUT, handle.close()).await.is_err() {
            tracing::warn!(
                target: "dapr.runtime.processor.subscription",
                "pubsub {} did not close its subscription to topic {} within {CLOSE_TIMEOUT:?}",
                consumer.broker.name(), consumer.subscription.spec.topic
            );
        }
        ending.is_some()
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

fn effective(asked: BulkSubscribe, defaults: BulkSubscribe) -> BulkSubscribe {
    let max_messages = if asked.max_messages == 0 { defaults.max_messages } else { asked.max_messages };
    let max_wait = if asked.max_wait.is_zero() { defaults.max_wait } else { asked.max_wait };
    BulkSubscribe { max_messages: max_messages.clamp(1, 1 << 16), max_wait }
}

/// One line that says what happens to messages: above all the one policy of retries, ours and then the broker's.
fn describe(consumer: &Consumer, request: &SubscribeRequest, rules: Rules) -> String {
    let (spec, source) = (&consumer.subscription.spec, consumer.subscription.source);
    let broker = &consumer.broker;
    let retries = consumer.world.resiliency.describe_inbound_retries(broker.name(), ComponentType::Pubsub);
    let gathered = match rules.batch {
        1 => format!("{} at a time", rules.calls),
        batch => format!("up to {batch} in a call"),
    };
    let first = match retries {
        Some(retries) => format!("is tried again {retries} (Resiliency), and then "),
        None => String::new(),
    };
    let last = match consumer.subscription.dead_letter_topic() {
        Some(topic) => format!("goes to the dead letter topic `{topic}`"),
        None => broker.component().redelivery(request),
    };
    format!(
        "subscribed to topic `{}` of pubsub `{}` ({}, {gathered}): a message that fails {first}{last}",
        spec.topic,
        spec.pubsubname,
        source.name().to_ascii_lowercase()
    )
}
