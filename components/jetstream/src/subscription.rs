//! A subscription: a push consumer, for as long as the intake is open.
//!
//! One task owns it. Messages that the server has sent wait here until the intake has room; the server sends no more than
//! `maxAckPending` that are not acknowledged. While a message waits or is worked on, the server is told so, and does not
//! deliver it again. A consumer that is gone is made again where the old one had come to.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::AckPolicy;
use async_nats::{Message as Delivered, Subscriber};
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_spi::pubsub::{Delivery, Intake, Slot, Subscription, Verdict};
use dapr_spi::{Error, Result};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::{interval, sleep, timeout};

use crate::connection::Connection;
use crate::consumer::{Consumer, Consumers, taken};
use crate::delivered::{Place, Waiting, waiting};
use crate::errors::closed;
use crate::ledger::{Answer, Ledger, Sequence};
use crate::settings::Settings;

/// How long the first attempt to subscribe may take.
const START: Duration = Duration::from_secs(20);
/// How often a member of a queue group tries to find or make its consumer at first.
const ATTEMPTS: usize = 4;
/// How long the end of a subscription may take.
const END: Duration = Duration::from_secs(5);
/// How often the server is asked whether the consumer is still there; also after each new connection.
const CHECK: Duration = Duration::from_secs(10);
/// Messages that wait here when nothing else keeps the server from sending more.
const MOST_WAITING: usize = 1_024;
/// Header of a sign of life that asks whether flow control's question was lost.
const STALLED: &str = "Nats-Consumer-Stalled";

/// What a subscription is made of.
pub(crate) struct Order {
    pub(crate) settings: Arc<Settings>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) topic: String,
    pub(crate) intake: Intake,
}

impl Order {
    fn consumers(&self) -> Consumers<'_> {
        let Connection { client, context, .. } = &*self.connection;
        Consumers { client, context, settings: &self.settings, topic: &self.topic }
    }

    /// A consumer that sends its messages here.
    async fn bound(&self) -> Result<(Consumer, Subscriber)> {
        let consumer = self.consumers().consumer(None).await?;
        let subscriber = self.bind(&consumer).await?;
        // The answer comes after the server has taken note of the subscription.
        if self.consumers().is_lost(&consumer).await {
            return Err(taken(&consumer.stream, &consumer.name));
        }
        Ok((consumer, subscriber))
    }

    async fn bind(&self, consumer: &Consumer) -> Result<Subscriber> {
        let (client, subject) = (&self.connection.client, consumer.subject.clone());
        let subscribed = match &consumer.group {
            Some(group) => client.queue_subscribe(subject, group.clone()).await,
            None => client.subscribe(subject).await,
        };
        subscribed.map_err(|error| Error::unavailable(format!("cannot subscribe: {error}")))
    }
}

/// A running subscription.
struct Running {
    end: watch::Sender<bool>,
    task: Task<()>,
}

#[async_trait::async_trait]
impl Subscription for Running {
    async fn close(self: Box<Self>) {
        self.end.send_replace(true);
        let _ = timeout(END, self.task.join()).await;
    }
}

/// Subscribes; returns when messages may come.
///
/// # Errors
/// The server refuses, or cannot be reached now.
pub(crate) async fn subscribe(order: Order) -> Result<Box<dyn Subscription>> {
    let (started, start) = oneshot::channel();
    let end = watch::Sender::new(false);
    let task = task::spawn("jetstream-subscription", run(order, started, end.subscribe()));
    match timeout(START, start).await {
        Ok(Ok(Ok(()))) => Ok(Box::new(Running { end, task })),
        Ok(Ok(Err(error))) => Err(error),
        Ok(Err(_)) => Err(closed()),
        Err(_) => Err(Error::unavailable(format!("the server did not answer within {START:?}"))),
    }
}

async fn run(order: Order, started: oneshot::Sender<Result<()>>, end: watch::Receiver<bool>) {
    let mut session = match Session::open(&order, end).await {
        Ok(session) => session,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    if started.send(Ok(())).is_err() {
        return;
    }
    session.run().await;
}

/// Verdicts that came and were not told the server yet; no more than there are messages with the engine.
#[derive(Default)]
struct Verdicts {
    came: Mutex<Vec<(Sequence, Verdict)>>,
    bell: Notify,
}

impl Verdicts {
    fn put(&self, sequence: Sequence, verdict: Verdict) {
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.push((sequence, verdict));
        if came.len() == 1 {
            self.bell.notify_one();
        }
    }

    fn take(&self) -> Vec<(Sequence, Verdict)> {
        std::mem::take(&mut self.came.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Session<'a> {
    order: &'a Order,
    consumer: Consumer,
    subscriber: Subscriber,
    ledger: Ledger,
    waiting: VecDeque<Waiting>,
    verdicts: Arc<Verdicts>,
    end: watch::Receiver<bool>,
    closed: watch::Receiver<bool>,
    opened: watch::Receiver<u64>,
    /// Messages are taken from the server.
    consuming: bool,
}

/// Why a turn of the loop ended.
enum Turn {
    Came(Option<Delivered>),
    Room(Vec<Slot>),
    Settled,
    Renew,
    Check,
    /// The consumer is gone, or is as it was.
    Checked(bool),
    IntakeClosed,
    End,
}

type Checking<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

impl<'a> Session<'a> {
    async fn open(order: &'a Order, end: watch::Receiver<bool>) -> Result<Self> {
        let opened = order.connection.opened();
        let mut bound = order.bound().await;
        for _ in 1..ATTEMPTS {
            // Members of a group that begin at the same time may have made its consumer twice.
            if bound.is_err() && order.settings.group.is_some() {
                bound = order.bound().await;
            }
        }
        let (consumer, subscriber) = bound?;
        let most = u64::try_from(order.settings.max_deliver).ok().filter(|most| *most > 0);
        let ledger = Ledger::new(consumer.ack_policy, most);
        Ok(Self {
            order,
            consumer,
            subscriber,
            ledger,
            waiting: VecDeque::new(),
            verdicts: Arc::default(),
            end,
            closed: order.connection.until_closed(),
            opened,
            consuming: true,
        })
    }

    async fn run(&mut self) {
        let mut renewal = interval(self.consumer.period);
        let mut checks = interval(CHECK);
        checks.reset();
        let mut checking: Option<Checking<'a>> = None;
        loop {
            match self.turn(&mut renewal, &mut checks, &mut checking).await {
                Turn::Came(Some(delivered)) => self.came(delivered).await,
                Turn::Room(slots) => self.deliver(slots).await,
                Turn::Settled => self.settle().await,
                Turn::Renew => self.renew().await,
                Turn::Check => {
                    checks.reset();
                    let (order, consumer) = (self.order, self.consumer.clone());
                    checking = Some(Box::pin(async move { order.consumers().is_lost(&consumer).await }));
                }
                Turn::Checked(lost) => {
                    checking = None;
                    if lost && !self.recover("it is gone").await {
                        break;
                    }
                    renewal = interval(self.consumer.period);
                }
                Turn::Came(None) => {
                    checking = None;
                    if !self.recover("the client has ended it").await {
                        break;
                    }
                    renewal = interval(self.consumer.period);
                }
                Turn::IntakeClosed => self.stop().await,
                Turn::End => break,
            }
        }
        let _ = timeout(END, self.finish()).await;
    }

    async fn turn(
        &mut self,
        renewal: &mut tokio::time::Interval,
        checks: &mut tokio::time::Interval,
        checking: &mut Option<Checking<'a>>,
    ) -> Turn {
        let intake = &self.order.intake;
        let takes_more = self.ledger.policy() != AckPolicy::None || self.waiting.len() < MOST_WAITING;
        tokio::select! {
            biased;
            _ = self.end.wait_for(|end| *end) => Turn::End,
            _ = self.closed.wait_for(|closed| *closed) => Turn::End,
            () = self.verdicts.bell.notified() => Turn::Settled,
            () = intake.closed(), if self.consuming => Turn::IntakeClosed,
            slots = intake.reserve_up_to(self.waiting.len()), if self.consuming && !self.waiting.is_empty() => {
                Turn::Room(slots)
            }
            came = self.subscriber.next(), if self.consuming && takes_more => Turn::Came(came),
            _ = renewal.tick(), if !self.ledger.is_empty() => Turn::Renew,
            lost = async { checking.as_mut().expect("it is polled only when there is one").await }, if checking.is_some() => {
                Turn::Checked(lost)
            }
            changed = self.opened.changed(), if self.consuming && checking.is_none() => match changed {
                Ok(()) => Turn::Check,
                Err(_) => Turn::End,
            },
            _ = checks.tick(), if self.consuming && checking.is_none() => Turn::Check,
        }
    }

    async fn came(&mut self, delivered: Delivered) {
        self.take(delivered).await;
        // What else is there comes along.
        for _ in 0..MOST_WAITING {
            let Some(Some(delivered)) = self.subscriber.next().now_or_never() else { break };
            self.take(delivered).await;
        }
    }

    async fn take(&mut self, mut delivered: Delivered) {
        if delivered.status.is_some() {
            return self.reassure(&delivered).await;
        }
        let reply = delivered.reply.take().unwrap_or_else(|| "".into());
        let Some(place) = Place::of(&reply) else {
            return tracing::warn!("pubsub.jetstream: a message that is of no stream came on `{}`", delivered.subject);
        };
        if self.ledger.came(place, reply) {
            self.waiting.push_back(waiting(&self.order.topic, place.sequence, delivered));
        }
    }

    /// Answers flow control: everything before was taken.
    async fn reassure(&self, delivered: &Delivered) {
        let stalled = || Some(delivered.headers.as_ref()?.get(STALLED)?.as_str().into());
        if let Some(subject) = delivered.reply.clone().or_else(stalled) {
            let _ = self.order.connection.client.publish(subject, "".into()).await;
        }
    }

    async fn deliver(&mut self, slots: Vec<Slot>) {
        for slot in slots {
            let Some(Waiting { sequence, message, order }) = self.waiting.pop_front() else { break };
            let verdicts = self.verdicts.clone();
            let settle = move |verdict| verdicts.put(sequence, verdict);
            self.order.intake.put(slot, Delivery::new(message, order, settle));
        }
    }

    async fn settle(&mut self) {
        for (sequence, verdict) in self.verdicts.take() {
            if let Some(answer) = self.ledger.settle(sequence, verdict) {
                self.tell(answer).await;
            }
        }
    }

    async fn tell(&self, answer: Answer) {
        let (subject, kind) = match answer {
            Answer::Done(subject) => (subject, AckKind::Ack),
            // What comes back while the subscription ends was not refused.
            Answer::Again(subject, _) if !self.consuming => (subject, AckKind::Nak(None)),
            Answer::Again(subject, delivered) => (subject, AckKind::Nak(self.order.settings.rest(delivered))),
        };
        // It fails when the client is closed; the message comes again then.
        let _ = self.order.connection.client.publish(subject, kind.into()).await;
    }

    /// Tells the server which messages are still worked on.
    async fn renew(&self) {
        let client = &self.order.connection.client;
        if client.connection_state() == async_nats::connection::State::Connected {
            for subject in self.ledger.replies() {
                let _ = client.publish(subject.clone(), AckKind::Progress.into()).await;
            }
        }
    }

    /// Makes or finds the consumer again. Returns whether the subscription goes on.
    async fn recover(&mut self, why: &str) -> bool {
        let (topic, name) = (&self.order.topic, self.consumer.name.clone());
        tracing::warn!("pubsub.jetstream: the consumer `{name}` of topic `{topic}` is lost: {why}; making it again");
        let mut rests = Backoff::new(Duration::from_millis(250), Duration::from_secs(5));
        let mut last_words = String::new();
        loop {
            if *self.end.borrow() || *self.closed.borrow() || !self.order.intake.is_open() {
                return false;
            }
            match self.reopen().await {
                Ok(()) => break,
                Err(error) => {
                    let words = error.to_string();
                    if words != last_words {
                        tracing::warn!("pubsub.jetstream: topic `{topic}`: {words}; trying again");
                        last_words = words;
                    }
                }
            }
            let rest = sleep(rests.next_delay());
            tokio::select! {
                () = rest => {}
                _ = self.end.wait_for(|end| *end) => {}
                _ = self.closed.wait_for(|closed| *closed) => {}
                () = self.order.intake.closed() => {}
            }
        }
        tracing::info!("pubsub.jetstream: topic `{topic}` has the consumer `{}` now", self.consumer.name);
        true
    }

    async fn reopen(&mut self) -> Result<()> {
        // Others of a queue group may be behind: only `deliverPolicy` loses nothing of theirs.
        let resume = self.ledger.resume().unwrap_or(self.consumer.delivered + 1);
        let from = self.consumer.group.is_none().then_some(resume);
        let consumer = self.order.consumers().consumer(from).await?;
        self.subscriber = self.order.bind(&consumer).await?;
        // What waits comes again; what is worked on is recognised when it does.
        for Waiting { sequence, .. } in self.waiting.drain(..) {
            self.ledger.forget(sequence);
        }
        self.consumer = consumer;
        Ok(())
    }

    /// Takes nothing more, and gives back what nobody has seen.
    async fn stop(&mut self) {
        self.consuming = false;
        if let Ok(Ok(())) = timeout(END, self.subscriber.unsubscribe()).await {
            while let Some(delivered) = self.subscriber.next().await {
                self.take(delivered).await;
            }
        }
        for Waiting { sequence, .. } in std::mem::take(&mut self.waiting) {
            self.verdicts.put(sequence, Verdict::Again);
        }
        self.settle().await;
    }

    /// Hands over the last verdicts.
    async fn finish(&mut self) {
        if self.consuming {
            self.stop().await;
        }
        self.settle().await;
        if !self.consumer.durable {
            self.order.consumers().delete(&self.consumer).await;
        }
        let _ = self.order.connection.client.flush().await;
    }
}
