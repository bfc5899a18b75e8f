//! Messages of a topic from a process of its own: a stream of them, and a stream of acknowledgements back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_proto::components::v1 as proto;
use dapr_spi::Result;
use dapr_spi::pubsub::{Delivery, Intake, Message, Slot, Subscription, Verdict};
use futures_util::{FutureExt, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};
use tonic::{Response, Status, Streaming};

use super::client;
use crate::connection::Connection;
use crate::link::Link;

/// Messages whose acknowledgement the component has not taken; with so many, no more are taken from it.
const MAX_UNACKNOWLEDGED: usize = 1024;
/// Delays between attempts to get the stream back.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(10);
/// How long to wait for the component to answer a subscription; many answer with the first message only.
const FIRST_ANSWER: Duration = Duration::from_millis(250);
/// How long the component has to take the last acknowledgements when the subscription ends.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long the stream stays after the last acknowledgement was given, as the incumbent leaves it: components take them one
/// by one. What comes meanwhile is not acknowledged.
const LINGER: Duration = Duration::from_millis(400);
const PARTITION_KEY: &str = "partitionKey";

/// A running subscription.
pub(super) struct Running {
    end: watch::Sender<bool>,
    task: Task<()>,
}

/// Begins to take messages. A component that goes away is connected to again, without end.
pub(super) async fn start(
    name: String,
    link: Arc<Link>,
    closed: watch::Receiver<bool>,
    topic: proto::Topic,
    intake: Intake,
) -> Result<Running> {
    let connection = link.connect().await?;
    let (end, ending) = watch::channel(false);
    let puller = Puller { name, link, topic, intake, ending, closed };
    let (begun, first) = tokio::sync::oneshot::channel();
    let task = task::spawn("pluggable subscription", puller.run(connection, begun));
    // A component that refuses at once is told now; whatever it says later is logged.
    match timeout(FIRST_ANSWER, first).await {
        Ok(Ok(Err(status))) => Err(crate::status::error("", &status).context("unable to subscribe")),
        _ => Ok(Running { end, task }),
    }
}

#[async_trait]
impl Subscription for Running {
    async fn close(self: Box<Self>) {
        sleep(LINGER).await;
        self.end.send_replace(true);
        // A panic is reported by the task itself.
        let _ = self.task.join().await;
    }
}

/// The outcome of the first attempt, for whoever subscribes.
type Begun = tokio::sync::oneshot::Sender<Result<(), Status>>;

struct Puller {
    name: String,
    link: Arc<Link>,
    topic: proto::Topic,
    intake: Intake,
    ending: watch::Receiver<bool>,
    /// The component as a whole ends.
    closed: watch::Receiver<bool>,
}

/// An acknowledgement that waits until the component takes it.
struct Acknowledgement {
    message_id: String,
    error: Option<proto::AckMessageError>,
    _room: OwnedSemaphorePermit,
}

/// Why a stream ended.
enum End {
    Stopped,
    Broken(Status),
}

impl Puller {
    async fn run(self, connection: Connection, begun: Begun) {
        let mut backoff = Backoff::new(FIRST_RETRY, LAST_RETRY);
        let mut begun = Some(begun);
        let mut connection = Some(connection);
        loop {
            let opened = match connection.take() {
                Some(connection) => Ok(connection),
                None => self.link.connect().await,
            };
            let why = match opened {
                Ok(connection) => match self.session(connection, &mut begun, &mut backoff).await {
                    End::Stopped => return,
                    End::Broken(status) => status.message().to_owned(),
                },
                Err(error) => error.to_string(),
            };
            let delay = backoff.next_delay();
            tracing::error!(
                target: "dapr.runtime",
                "pub/sub {}: the stream of topic {} broke off: {why}; the component is connected to again in {}",
                self.name, self.topic.name, dapr_kit::duration::format(delay)
            );
            tokio::select! {
                () = self.ended() => return,
                () = self.intake.closed() => return,
                () = sleep(delay) => {}
            }
        }
    }

    /// One stream, until it breaks or the subscription ends.
    async fn session(&self, connection: Connection, begun: &mut Option<Begun>, backoff: &mut Backoff) -> End {
        let (acknowledgements, queue) = mpsc::unbounded_channel::<Acknowledgement>();
        let room = Arc::new(Semaphore::new(MAX_UNACKNOWLEDGED));
        let opening = open(connection, self.topic.clone(), queue);
        let mut opening = std::pin::pin!(opening.fuse());
        let mut messages: Option<Streaming<proto::PullMessagesResponse>> = None;
        let mut ended = std::pin::pin!(self.ended().fuse());
        let mut place: Option<(Slot, OwnedSemaphorePermit)> = None;
        let mut is_open = true;
        loop {
            tokio::select! {
                biased;
                () = &mut ended => break,
                opened = &mut opening, if messages.is_none() => {
                    let outcome = opened.as_ref().map(drop).map_err(Clone::clone);
                    if let Some(begun) = begun.take() {
                        let _ = begun.send(outcome);
                    }
                    match opened {
                        Ok(stream) => messages = Some(stream),
                        Err(status) => return End::Broken(status),
                    }
                }
                reserved = reserve(&self.intake, &room), if place.is_none() && is_open => {
                    is_open = reserved.is_some();
                    place = reserved;
                }
                message = next(&mut messages), if place.is_some() || !is_open => match (message, place.take()) {
                    (Ok(Some(message)), Some((slot, room))) => {
                        backoff.reset();
                        self.put(message, slot, room, acknowledgements.clone());
                    }
                    // The subscription ends: the component delivers it again.
                    (Ok(Some(_)), None) => {}
                    (Ok(None), _) => return End::Broken(Status::unavailable("the component has ended it")),
                    (Err(status), _) => return End::Broken(status),
                },
            }
        }
        // The component has a moment to take what is said already.
        drop((acknowledgements, place));
        let drained = async { while let Ok(Some(_)) = next(&mut messages).await {} };
        let _ = timeout(LAST_WORDS, drained).await;
        End::Stopped
    }

    /// Waits until nothing more is wanted.
    async fn ended(&self) {
        let (mut ending, mut closed) = (self.ending.clone(), self.closed.clone());
        tokio::select! {
            _ = ending.wait_for(|end| *end) => {}
            _ = closed.wait_for(|closed| *closed) => {}
        }
    }

    fn put(
        &self,
        message: proto::PullMessagesResponse,
        slot: Slot,
        room: OwnedSemaphorePermit,
        acknowledgements: mpsc::UnboundedSender<Acknowledgement>,
    ) {
        let proto::PullMessagesResponse { data, topic_name, metadata, content_type, id } = message;
        let order = metadata.get(PARTITION_KEY).filter(|key| !key.is_empty());
        let order = order.map(|key| Bytes::copy_from_slice(key.as_bytes()));
        let content_type = Some(content_type).filter(|kind| !kind.is_empty());
        let message = Message { data, topic: topic_name, metadata, content_type };
        let intake = self.intake.clone();
        let settle = move |verdict| {
            let error = match verdict {
                Verdict::Done => None,
                // A refusal now could send it to a dead-letter topic, though nobody refused it.
                Verdict::Again if !intake.is_open() => return,
                Verdict::Again => Some(proto::AckMessageError { message: "the message was not processed".to_owned() }),
            };
            // The stream may be gone meanwhile.
            let _ = acknowledgements.send(Acknowledgement { message_id: id, error, _room: room });
        };
        self.intake.put(slot, Delivery::new(message, order, settle));
    }
}

/// Room for one message: with the engine, and for its acknowledgement.
async fn reserve(intake: &Intake, room: &Arc<Semaphore>) -> Option<(Slot, OwnedSemaphorePermit)> {
    let permit = room.clone().acquire_owned().await.ok()?;
    intake.reserve().await.map(|slot| (slot, permit))
}

async fn open(
    connection: Connection,
    topic: proto::Topic,
    queue: mpsc::UnboundedReceiver<Acknowledgement>,
) -> Result<Streaming<proto::PullMessagesResponse>, Status> {
    let first = proto::PullMessagesRequest { topic: Some(topic), ..Default::default() };
    let requests = stream::unfold((Some(first), queue), |(first, mut queue)| async move {
        let request = match first {
            Some(first) => first,
            None => queue.recv().await.map(|taken| proto::PullMessagesRequest {
                topic: None,
                ack_message_id: taken.message_id,
                ack_error: taken.error,
            })?,
        };
        Some((request, (None, queue)))
    });
    client(connection).pull_messages(requests).await.map(Response::into_inner)
}

async fn next(
    messages: &mut Option<Streaming<proto::PullMessagesResponse>>,
) -> Result<Option<proto::PullMessagesResponse>, Status> {
    match messages {
        Some(messages) => messages.message().await,
        None => std::future::pending().await,
    }
}
