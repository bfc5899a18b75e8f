//! A running subscription: a member of the consumer group for one topic.
//!
//! One task fetches and delivers. It takes a message from the client only when there is room for it, and lets the client
//! fetch a bounded amount in advance. While there is no room for a while, it pauses the partitions and goes on asking the
//! client, so that the group does not take the member for dead. Partitions that the group takes away are handed over when
//! what is out of them is settled, or after a while.

mod member;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_spi::pubsub::{Delivery, Intake, Slot, Subscription, Verdict};
use futures_util::{FutureExt, StreamExt};
use rdkafka::consumer::{Consumer, MessageStream, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until};

use crate::client::Events;
use crate::ledger::{Ledger, Ticket};
use crate::record::{HeaderRules, Record};
use crate::schemas::{Registry, Unread};
use member::Member;

/// Room is asked for in lots of this size.
const LOT: usize = 32;
/// How long there may be no room before the partitions are paused. What was fetched in advance is fetched anew then.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often positions are told to the client, which commits them every second.
const STORE: Duration = Duration::from_millis(250);
/// How long a partition that is taken away waits for what is out of it.
const DRAIN: Duration = Duration::from_secs(5);
/// A partition is paused when so many messages were processed behind one that was not.
const MAX_SPREAD: usize = 10_000;
/// Between attempts to make a new client when one has failed for good.
const RESTART: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// What a subscription needs to know.
pub(crate) struct Plan {
    pub(crate) config: rdkafka::ClientConfig,
    pub(crate) events: Events,
    pub(crate) topic: String,
    pub(crate) rules: HeaderRules,
    pub(crate) registry: Option<Arc<Registry>>,
    /// After how long a message comes again; `None` when it is dropped instead.
    pub(crate) retry_interval: Option<Duration>,
    /// Messages that may wait to be delivered again.
    pub(crate) most_waiting: usize,
    pub(crate) bulk: bool,
}

/// A subscription that runs until it is closed.
pub(crate) struct Running {
    stop: watch::Sender<bool>,
    task: Task<()>,
}

#[async_trait]
impl Subscription for Running {
    async fn close(self: Box<Self>) {
        self.stop.send_replace(true);
        let _ = self.task.join().await;
    }
}

/// Starts a subscription with its first client. It ends, too, when its component is `closed`.
pub(crate) fn start(plan: Plan, intake: Intake, closed: watch::Receiver<bool>) -> Result<Running, KafkaError> {
    let shared = Arc::new(Shared::new(&plan));
    let consumer = connect(&plan, &shared)?;
    let (stop, stopping) = watch::channel(false);
    let stopping = Stopping { subscription: stopping, component: closed };
    let task = task::spawn("kafka-subscription", run(plan, shared, consumer, intake, stopping));
    Ok(Running { stop, task })
}

/// What the subscription's task, verdicts and the client's callbacks share.
pub(crate) struct Shared {
    ledger: Mutex<Ledger<Record>>,
    /// Something has come due, or the group wants partitions back.
    changed: Notify,
}

impl Shared {
    fn new(plan: &Plan) -> Self {
        let ledger = Ledger::new(plan.retry_interval.unwrap_or_default(), plan.bulk);
        Self { ledger: Mutex::new(ledger), changed: Notify::new() }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger<Record>> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Client = StreamConsumer<Member>;

fn connect(plan: &Plan, shared: &Arc<Shared>) -> Result<Client, KafkaError> {
    let member = Member::new(plan.events.clone(), shared.clone());
    let consumer: Client = plan.config.create_with_context(member)?;
    consumer.subscribe(&[&plan.topic])?;
    Ok(consumer)
}

async fn run(plan: Plan, shared: Arc<Shared>, first: Client, intake: Intake, mut stopping: Stopping) {
    let mut backoff = Backoff::new(RESTART.0, RESTART.1);
    let mut consumer = Some(first);
    let plan = Arc::new(plan);
    loop {
        match consumer.take().map_or_else(|| connect(&plan, &shared), Ok) {
            Ok(client) => {
                let client = Leaving(Some(client));
                let mut fetching = Fetching::new(&plan, &shared, &intake, client.client());
                let ended = fetching.run(&mut stopping).await;
                drop(fetching);
                client.leave().await;
                let Err(error) = ended else { return };
                tracing::error!("topic `{}`: the Kafka client failed and is made anew: {error}", plan.topic);
            }
            Err(error) => tracing::error!("topic `{}`: cannot make a Kafka client: {error}", plan.topic),
        }
        tokio::select! {
            () = sleep(backoff.next_delay()) => {}
            () = stopping.stopped() => return,
        }
    }
}

/// Who may end a subscription.
struct Stopping {
    subscription: watch::Receiver<bool>,
    component: watch::Receiver<bool>,
}

impl Stopping {
    async fn stopped(&mut self) {
        tokio::select! {
            _ = self.subscription.wait_for(|stop| *stop) => {}
            _ = self.component.wait_for(|closed| *closed) => {}
        }
    }
}

/// A client that leaves its group when it is dropped, which takes a moment and must not happen on a thread of the
/// runtime.
struct Leaving(Option<Client>);

impl Leaving {
    fn client(&self) -> &Client {
        self.0.as_ref().expect("there until it leaves")
    }

    async fn leave(mut self) {
        if let Some(client) = self.0.take() {
            client.context().leave();
            let _ = tokio::task::spawn_blocking(move || drop(client)).await;
        }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            client.context().leave();
            std::thread::spawn(move || drop(client));
        }
    }
}

/// Waits for room. Where one message was settled others often follow, and a lot costs hardly more than one.
async fn reserve(intake: &Intake) -> Vec<Slot> {
    let mut slots = intake.reserve_up_to(LOT).await;
    if !slots.is_empty() && slots.len() < LOT {
        tokio::task::yield_now().await;
        slots.extend(intake.reserve_up_to(LOT - slots.len()).now_or_never().into_iter().flatten());
    }
    slots
}

/// Fetching with one client.
struct Fetching<'a> {
    plan: &'a Arc<Plan>,
    shared: &'a Arc<Shared>,
    intake: &'a Intake,
    client: &'a Client,
    slots: Vec<Slot>,
    /// Messages that waited to be delivered again when the last one came.
    waiting: usize,
    /// Since when there is no room.
    full_since: Option<Instant>,
    open: bool,
    /// Partitions that are paused because of their spread.
    stalled: Vec<i32>,
    hand_over: Option<Instant>,
}

impl<'a> Fetching<'a> {
    fn new(plan: &'a Arc<Plan>, shared: &'a Arc<Shared>, intake: &'a Intake, client: &'a Client) -> Self {
        Self {
            plan,
            shared,
            intake,
            client,
            slots: Vec::new(),
            waiting: 0,
            full_since: None,
            open: true,
            stalled: Vec::new(),
            hand_over: None,
        }
    }

    /// Runs until it is to stop; an error means that the client is of no use any more.
    async fn run(&mut self, stopping: &mut Stopping) -> Result<(), KafkaError> {
        let mut messages = self.client.stream();
        let mut store = interval(STORE);
        store.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.deliver_due().await;
            let has_room = self.has_room();
            let polls = has_room || self.client.context().is_paused();
            let wake = self.next_wake(has_room);
            tokio::select! {
                biased;
                () = stopping.stopped() => {
                    self.store();
                    return Ok(());
                }
                () = self.intake.closed(), if self.open => self.close_intake(),
                () = self.shared.changed.notified() => self.hand_over(),
                _ = store.tick() => self.store(),
                () = sleep_until(wake.unwrap_or_else(Instant::now).into()), if wake.is_some() => self.on_wake(),
                slots = reserve(self.intake), if self.open && self.slots.is_empty() => self.slots = slots,
                message = messages.next(), if polls => match message {
                    Some(Ok(message)) => {
                        self.take(&message).await;
                        self.take_more(&mut messages).await?;
                    }
                    Some(Err(error)) => self.on_error(error)?,
                    None => return Ok(()),
                },
            }
        }
    }

    /// Whether a message can be fetched now; pauses and resumes partitions accordingly.
    fn has_room(&mut self) -> bool {
        self.waiting = self.shared.ledger().waiting();
        let has_room = self.open && !self.slots.is_empty() && self.waiting < self.plan.most_waiting;
        if has_room {
            self.full_since = None;
            if self.client.context().is_paused() {
                self.client.context().resume(self.client, &self.plan.topic, &self.stalled);
            }
        } else if self.full_since.is_none() {
            self.full_since = Some(Instant::now());
        }
        has_room
    }

    /// When to look again at what time alone changes.
    fn next_wake(&self, has_room: bool) -> Option<Instant> {
        let due = if self.slots.is_empty() { None } else { self.shared.ledger().next_due() };
        let is_waiting = !has_room && !self.client.context().is_paused();
        let patience = self.full_since.filter(|_| is_waiting).map(|since| since + PATIENCE);
        [due, patience, self.hand_over].into_iter().flatten().min()
    }

    fn on_wake(&mut self) {
        let is_impatient = self.full_since.is_some_and(|since| since.elapsed() >= PATIENCE);
        if is_impatient && !self.client.context().is_paused() {
            self.client.context().pause(self.client);
        }
        self.hand_over();
    }

    /// Nothing more is fetched or delivered; verdicts still come in.
    fn close_intake(&mut self) {
        self.open = false;
        self.slots.clear();
        self.client.context().pause(self.client);
    }

    async fn deliver_due(&mut self) {
        if self.slots.is_empty() {
            return;
        }
        let due = self.shared.ledger().take_due(Instant::now(), self.slots.len());
        for (ticket, record) in due {
            self.put(ticket, record).await;
        }
    }

    /// Takes what is there already, as far as there is room.
    async fn take_more(&mut self, messages: &mut MessageStream<'_, Member>) -> Result<(), KafkaError> {
        while !self.slots.is_empty() && self.waiting < self.plan.most_waiting {
            match messages.next().now_or_never() {
                Some(Some(Ok(message))) => self.take(&message).await,
                Some(Some(Err(error))) => self.on_error(error)?,
                _ => break,
            }
        }
        Ok(())
    }

    async fn take(&mut self, message: &BorrowedMessage<'_>) {
        let record = Record::new(message, &self.plan.rules, self.plan.registry.is_some());
        let (partition, offset, order) = (record.partition, record.offset, record.order());
        let (received, spread) = {
            let mut ledger = self.shared.ledger();
            let received = ledger.receive(partition, offset, order, record);
            self.waiting = ledger.waiting();
            (received, ledger.spread(partition))
        };
        if let Some((ticket, record)) = received {
            self.put(ticket, record).await;
        }
        if spread >= MAX_SPREAD && !self.stalled.contains(&partition) {
            let topic = &self.plan.topic;
            tracing::warn!("topic `{topic}`: partition {partition} waits for a message that is not processed");
            self.client.context().pause_some(self.client, topic, &[partition]);
            self.stalled.push(partition);
        }
    }

    async fn put(&mut self, ticket: Ticket, mut record: Record) {
        let is_readable = self.read_value(&mut record).await;
        // A message that comes although partitions are paused has no slot; it waits like one that was not processed.
        let Some(slot) = self.slots.pop_if(|_| is_readable) else {
            self.shared.ledger().again(&ticket, record, Instant::now());
            return;
        };
        let message = record.message(&self.plan.topic, &self.plan.rules);
        let order = record.order();
        let (plan, shared) = (self.plan.clone(), self.shared.clone());
        let settle = move |verdict| shared.settle(&plan, &ticket, record, verdict);
        self.intake.put(slot, Delivery::new(message, Some(order), settle));
    }

    /// Makes JSON of a value that has a schema. False when that has to wait. A value that is wrong goes on as it is, so
    /// that it ends where unreadable events end.
    async fn read_value(&self, record: &mut Record) -> bool {
        let Some(registry) = self.plan.registry.as_ref().filter(|_| record.has_schema) else { return true };
        let (topic, offset) = (&self.plan.topic, record.offset);
        match registry.decode(&record.payload).await {
            Ok(json) => record.payload = json,
            Err(Unread::Wrong(why)) => {
                tracing::warn!("topic `{topic}`: the value at offset {offset} cannot be read by its schema: {why}");
            }
            Err(Unread::Unreachable(error)) => {
                tracing::warn!("topic `{topic}`: the value at offset {offset} waits for its schema: {error}");
                return false;
            }
        }
        record.has_schema = false;
        true
    }

    /// Tells the client how far to commit, and lets partitions go on that waited.
    fn store(&mut self) {
        let positions = self.shared.ledger().take_positions();
        if !positions.is_empty() {
            self.client.context().store(self.client, &self.plan.topic, &positions);
        }
        if !self.stalled.is_empty() {
            let ledger = self.shared.ledger();
            let (still, free) = self.stalled.iter().partition(|partition| ledger.spread(**partition) > MAX_SPREAD / 2);
            drop(ledger);
            self.stalled = still;
            if !self.client.context().is_paused() {
                self.client.context().resume_some(self.client, &self.plan.topic, &free);
            }
        }
    }

    /// Gives partitions back that the group wants, when nothing of them is out or it took too long.
    fn hand_over(&mut self) {
        let member = self.client.context().clone();
        if !member.has_to_hand_over() {
            return;
        }
        let deadline = *self.hand_over.get_or_insert_with(|| Instant::now() + DRAIN);
        let out = self.shared.ledger().leaving();
        if out > 0 && Instant::now() < deadline {
            return;
        }
        if out > 0 {
            let topic = &self.plan.topic;
            tracing::warn!("topic `{topic}`: {out} messages of partitions that go to others are not settled yet");
        }
        self.store();
        self.hand_over = None;
        member.hand_over(self.client, &self.plan.topic);
    }

    fn on_error(&self, error: KafkaError) -> Result<(), KafkaError> {
        match error {
            KafkaError::MessageConsumptionFatal(_) => Err(error),
            error => {
                // The client's own report of trouble is logged where it comes in; the rest is rare.
                tracing::debug!("topic `{}`: {error}", self.plan.topic);
                if let Some(text) = member::worth_telling(&error) {
                    tracing::warn!("topic `{}`: {text}", self.plan.topic);
                }
                Ok(())
            }
        }
    }
}

impl Shared {
    fn settle(&self, plan: &Plan, ticket: &Ticket, record: Record, verdict: Verdict) {
        let now = Instant::now();
        let again = verdict == Verdict::Again && plan.retry_interval.is_some();
        if verdict == Verdict::Again && !again {
            tracing::error!(
                "topic `{}`: the message at offset {} of partition {} was not processed and is dropped \
                 (`consumeRetryEnabled` is false)",
                plan.topic,
                record.offset,
                record.partition
            );
        }
        let mut ledger = self.ledger();
        let changed = if again { ledger.again(ticket, record, now) } else { ledger.done(ticket, now) };
        drop(ledger);
        if changed {
            self.changed.notify_one();
        }
    }
}
