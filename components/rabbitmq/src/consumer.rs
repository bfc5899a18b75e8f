//! A subscription: a consumer of a queue, over a channel of its own, for as long as the intake is open.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use dapr_kit::task::{self, Task};
use dapr_spi::pubsub::{Delivery, Intake, Message, Slot, Subscription, Verdict};
use dapr_spi::{Error, Result};
use futures_util::future::join_all;
use futures_util::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions};
use lapin::types::{FieldTable, ShortString};
use lapin::{Channel, Consumer};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::connection::{Link, closed};
use crate::errors::failed;
use crate::ledger::{Answer, Ledger, Tag};
use crate::properties::incoming;
use crate::settings::Settings;
use crate::topology::Topology;

/// How long the first attempt to subscribe may take.
const START: Duration = Duration::from_secs(20);
/// How long the end of a subscription may take.
const END: Duration = Duration::from_secs(5);
/// How long a message that was refused more than once rests before it goes back to its queue, which delivers it at once.
pub(crate) const REST: Duration = Duration::from_secs(1);
/// Verdicts that are taken at a time.
const BATCH: usize = 256;

/// What a subscription is made of.
pub(crate) struct Order {
    pub(crate) settings: Arc<Settings>,
    pub(crate) link: Arc<Link>,
    pub(crate) topology: Topology,
    pub(crate) topic: String,
    pub(crate) intake: Intake,
    /// Told when the component closes.
    pub(crate) component_closed: watch::Receiver<bool>,
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
    let task = task::spawn("rabbitmq-consumer", run(order, started, end.subscribe()));
    match timeout(START, start).await {
        Ok(Ok(Ok(()))) => Ok(Box::new(Running { end, task })),
        Ok(Ok(Err(error))) => Err(error),
        Ok(Err(_)) => Err(closed()),
        Err(_) => Err(Error::unavailable(format!("the server did not answer within {START:?}"))),
    }
}

async fn run(order: Order, started: oneshot::Sender<Result<()>>, mut end: watch::Receiver<bool>) {
    let mut started = Some(started);
    // Nothing has come yet, so all the room there is, is free.
    let room = order.intake.reserve_up_to(usize::MAX).await.len();
    let mut component_closed = order.component_closed.clone();
    let mut over = Box::pin(async move {
        tokio::select! {
            _ = end.wait_for(|end| *end) => {}
            _ = component_closed.wait_for(|closed| *closed) => {}
        }
    })
    .shared();
    loop {
        let trouble = match Session::open(&order, room).await {
            Ok(mut session) => {
                if let Some(started) = started.take() {
                    let _ = started.send(Ok(()));
                }
                tracing::debug!("pubsub.rabbitmq: consuming the queue `{}`", order.topology.queue);
                match session.serve(&order, &mut over).await {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        order.link.doubt();
        if let Some(started) = started.take() {
            let _ = started.send(Err(trouble));
            return;
        }
        let queue = &order.topology.queue;
        tracing::warn!("pubsub.rabbitmq: the subscription of the queue `{queue}` is interrupted: {trouble}");
        tokio::select! {
            // What was pulled is settled in vain: the server delivers it again.
            () = order.intake.closed() => return,
            _ = &mut over => return,
            () = tokio::time::sleep(dapr_kit::backoff::jittered(order.settings.reconnect_wait)) => {}
        }
    }
}

/// One channel's worth of a subscription.
struct Session {
    channel: Channel,
    consumer: Consumer,
    tag: ShortString,
    /// Came, and no room yet.
    waiting: VecDeque<lapin::message::Delivery>,
    ledger: Ledger,
    verdicts: mpsc::Receiver<Settled>,
    verdict: mpsc::Sender<Settled>,
    /// To be given back to the queue, each not before its time.
    resting: VecDeque<(Instant, Tag)>,
    consuming: bool,
}

#[derive(Clone, Copy, Debug)]
struct Settled {
    tag: Tag,
    verdict: Verdict,
    redelivered: bool,
}

impl Session {
    async fn open(order: &Order, room: usize) -> Result<Self> {
        let connection = order.link.connection(Instant::now() + START).await?;
        let opened = connection.create_channel().await;
        let channel = opened.map_err(|error| failed("cannot open a channel", &error))?;
        order.topology.declare(&channel).await?;
        let room = room.clamp(1, usize::from(u16::MAX));
        let most = if order.settings.prefetch == 0 { room } else { room.min(order.settings.prefetch.into()) };
        let prefetch = u16::try_from(most).unwrap_or(u16::MAX);
        let what = format!("cannot consume the queue `{}`", order.topology.queue);
        let consuming = async {
            channel.basic_qos(prefetch, BasicQosOptions { global: false }).await?;
            let queue = order.topology.queue.clone();
            // Tags are the channel's own affair, so they need not tell whose they are.
            let (options, arguments) = (BasicConsumeOptions::default(), FieldTable::default());
            channel.basic_consume(queue, ShortString::default(), options, arguments).await
        };
        let consumer = consuming.await.map_err(|error| failed(&what, &error))?;
        // Each delivery is settled once, and no more of them are out than are prefetched.
        let (verdict, verdicts) = mpsc::channel(most);
        Ok(Self {
            tag: consumer.tag(),
            channel,
            consumer,
            waiting: VecDeque::new(),
            ledger: Ledger::default(),
            verdicts,
            verdict,
            resting: VecDeque::new(),
            consuming: true,
        })
    }

    /// Delivers and acknowledges until the subscription is over.
    async fn serve(&mut self, order: &Order, over: &mut (impl Future<Output = ()> + Unpin)) -> Result<()> {
        let mut settled = Vec::with_capacity(BATCH);
        loop {
            let rested = self.resting.front().map(|(at, _)| *at);
            tokio::select! {
                biased;
                () = &mut *over => return self.end().await,
                _ = self.verdicts.recv_many(&mut settled, BATCH) => self.note(order, &mut settled).await?,
                () = sleep_until(rested.unwrap_or_else(Instant::now)), if rested.is_some() => self.rested().await?,
                () = order.intake.closed(), if self.consuming => self.stop().await?,
                slots = order.intake.reserve_up_to(self.waiting.len()), if !self.waiting.is_empty() => {
                    self.deliver(order, slots).await?;
                }
                came = self.consumer.next(), if self.consuming => match came {
                    Some(Ok(delivery)) => self.came(delivery),
                    Some(Err(error)) => return Err(failed("the channel is lost", &error)),
                    None => return Err(Error::unavailable("the server ended it; was the queue deleted?")),
                },
            }
        }
    }

    fn came(&mut self, delivery: lapin::message::Delivery) {
        self.ledger.came(delivery.delivery_tag);
        self.waiting.push_back(delivery);
        // What else is there comes along.
        while let Some(Some(Ok(delivery))) = self.consumer.next().now_or_never() {
            self.ledger.came(delivery.delivery_tag);
            self.waiting.push_back(delivery);
        }
    }

    async fn deliver(&mut self, order: &Order, slots: Vec<Slot>) -> Result<()> {
        let mut taken = Vec::new();
        for slot in slots {
            let Some(delivery) = self.waiting.pop_front() else { break };
            let (tag, redelivered) = (delivery.delivery_tag, delivery.redelivered);
            let metadata =
                if order.settings.properties_to_metadata { incoming(&delivery.properties) } else { Default::default() };
            let topic = order.topic.clone();
            let message = Message { data: delivery.data.into(), topic, metadata, content_type: None };
            if order.settings.auto_ack {
                taken.push((tag, Verdict::Done));
                order.intake.put(slot, Delivery::new(message, None, |_| {}));
                continue;
            }
            let verdicts = self.verdict.clone();
            let settle = move |verdict| {
                // There is room for each; a channel that is gone needs no answer.
                let _ = verdicts.try_send(Settled { tag, verdict, redelivered });
            };
            order.intake.put(slot, Delivery::new(message, None, settle));
        }
        if taken.is_empty() { Ok(()) } else { self.settle(order.settings.requeue, taken).await }
    }

    async fn note(&mut self, order: &Order, settled: &mut Vec<Settled>) -> Result<()> {
        // A message that comes back while the subscription ends was not refused: it goes back to the queue.
        let requeue = order.settings.requeue || !order.intake.is_open();
        let mut now = Vec::with_capacity(settled.len());
        for Settled { tag, verdict, redelivered } in settled.drain(..) {
            if verdict == Verdict::Again && requeue && redelivered && self.consuming {
                self.resting.push_back((Instant::now() + REST, tag));
            } else {
                now.push((tag, verdict));
            }
        }
        self.settle(requeue, now).await
    }

    /// Gives those back whose rest is over, or all when nothing is consumed any more.
    async fn rested(&mut self) -> Result<()> {
        let now = Instant::now();
        let mut back = Vec::new();
        while let Some((_, tag)) = self.resting.pop_front_if(|(at, _)| !self.consuming || *at <= now) {
            back.push((tag, Verdict::Again));
        }
        self.settle(true, back).await
    }

    async fn settle(&mut self, requeue: bool, verdicts: Vec<(Tag, Verdict)>) -> Result<()> {
        let answers = self.ledger.settle(verdicts);
        // They are written in this order: what is refused is never covered by what is acknowledged after it.
        let sent = join_all(answers.into_iter().map(|answer| send(&self.channel, answer, requeue))).await;
        let sent: lapin::Result<Vec<()>> = sent.into_iter().collect();
        sent.map(|_| ()).map_err(|error| failed("cannot acknowledge", &error))
    }

    /// Takes nothing more, and gives back what nobody has seen.
    async fn stop(&mut self) -> Result<()> {
        self.consuming = false;
        let cancelled = self.channel.basic_cancel(self.tag.clone(), BasicCancelOptions::default()).await;
        cancelled.map_err(|error| failed("cannot stop consuming", &error))?;
        while let Some(Some(Ok(delivery))) = self.consumer.next().now_or_never() {
            self.ledger.came(delivery.delivery_tag);
            self.waiting.push_back(delivery);
        }
        let unseen = self.waiting.drain(..).map(|delivery| (delivery.delivery_tag, Verdict::Again)).collect();
        self.settle(true, unseen).await?;
        self.rested().await
    }

    /// Hands over the last verdicts, and closes the channel: what is unsettled goes back to the queue.
    async fn end(&mut self) -> Result<()> {
        let ending = async {
            if self.consuming {
                self.stop().await?;
            }
            let mut settled = Vec::new();
            while let Ok(Settled { tag, verdict, .. }) = self.verdicts.try_recv() {
                settled.push((tag, verdict));
            }
            self.settle(true, settled).await?;
            self.channel.close(200, "OK".into()).await.map_err(|error| failed("cannot close the channel", &error))
        };
        // When the connection is gone, everything goes back by itself.
        let _ = timeout(END, ending).await;
        Ok(())
    }
}

async fn send(channel: &Channel, answer: Answer, requeue: bool) -> lapin::Result<()> {
    match answer {
        Answer::Done { tag, all_before } => channel.basic_ack(tag, BasicAckOptions { multiple: all_before }).await,
        Answer::Again(tag) => channel.basic_nack(tag, BasicNackOptions { multiple: false, requeue }).await,
    }
}
