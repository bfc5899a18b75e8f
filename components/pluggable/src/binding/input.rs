//! Events of a binding in a process of its own: a stream of them, and a stream of answers back.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_proto::components::v1 as proto;
use dapr_proto::components::v1::input_binding_client::InputBindingClient;
use dapr_spi::Result;
use dapr_spi::binding::{Event, Handler, InputBinding, Reading};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered};
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tonic::{Status, Streaming};

use crate::connection::Connection;
use crate::discovery::Discovered;
use crate::link::Link;

/// Events that are with the application; when there are so many, no more are taken from the stream.
const MAX_UNANSWERED: usize = 1024;
/// Delays between attempts to get the stream back.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(10);
/// How long answers may wait for room on their stream then; the engine has waited for the application before.
const LAST_EVENTS: Duration = Duration::from_secs(2);
/// How long the component has to take the last answers when the reading ends.
const LAST_ANSWERS: Duration = Duration::from_millis(200);

/// A source behind a socket.
pub(super) struct Input {
    name: String,
    link: Arc<Link>,
}

impl Input {
    pub(super) async fn open(component: &Discovered, properties: HashMap<String, String>, name: &str) -> Result<Self> {
        let link = Link::new(name, component.socket.clone(), move |connection| {
            let metadata = proto::MetadataRequest { properties: properties.clone() };
            let request = proto::InputBindingInitRequest { metadata: Some(metadata) };
            async move { client(connection).init(request).await.map(drop) }
        })?;
        link.connect().await?;
        Ok(Self { name: name.to_owned(), link: Arc::new(link) })
    }

    pub(super) fn close(&self) {
        self.link.close();
    }
}

/// Events may be larger than gRPC's usual 4 MiB; the component is trusted with our memory.
fn client(connection: Connection) -> InputBindingClient<Connection> {
    InputBindingClient::new(connection).max_decoding_message_size(usize::MAX)
}

#[async_trait]
impl InputBinding for Input {
    async fn read(&self, handler: Handler) -> Result<Box<dyn Reading>> {
        let connection = self.link.connect().await?;
        let (stop, stopping) = watch::channel(false);
        let reader = Reader { name: self.name.clone(), link: self.link.clone(), handler, stop: stopping };
        let task = task::spawn("pluggable input binding", reader.run(connection));
        Ok(Box::new(Running { stop, task }))
    }
}

struct Running {
    stop: watch::Sender<bool>,
    task: Task<()>,
}

#[async_trait]
impl Reading for Running {
    async fn close(self: Box<Self>) {
        self.stop.send_replace(true);
        // A panic is reported by the task itself.
        let _ = self.task.join().await;
    }
}

struct Reader {
    name: String,
    link: Arc<Link>,
    handler: Handler,
    stop: watch::Receiver<bool>,
}

/// Events that are with the application. Each sends its answer down the stream that it came from; when that is gone, so
/// is the answer, and the component delivers the event again.
type Unanswered = FuturesUnordered<BoxFuture<'static, ()>>;

/// Why a stream ended.
enum End {
    Stopped,
    Broken(String),
}

impl Reader {
    async fn run(self, connection: Connection) {
        let mut unanswered = Unanswered::new();
        let mut backoff = Backoff::new(FIRST_RETRY, LAST_RETRY);
        let mut connection = Some(connection);
        loop {
            let opened = match connection.take() {
                Some(connection) => Ok(connection),
                None => self.link.connect().await,
            };
            let end = match opened {
                Ok(connection) => self.session(connection, &mut unanswered, &mut backoff).await,
                Err(error) => End::Broken(error.to_string()),
            };
            let End::Broken(why) = end else { return };
            let delay = backoff.next_delay();
            tracing::error!(
                target: "dapr.components.bindings",
                "input binding {}: {why}; the component is connected to again in {}", self.name, dapr_kit::duration::format(delay)
            );
            let mut stop = self.stop.clone();
            let waited = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => false,
                () = wait(delay, &mut unanswered) => true,
            };
            if !waited {
                let _ = timeout(LAST_EVENTS, async { while unanswered.next().await.is_some() {} }).await;
                return;
            }
        }
    }

    /// One stream, until it breaks or nothing more is wanted.
    async fn session(&self, connection: Connection, unanswered: &mut Unanswered, backoff: &mut Backoff) -> End {
        let (answers, queue) = mpsc::channel(MAX_UNANSWERED);
        let requests = stream::unfold(queue, |mut queue| async { queue.recv().await.map(|answer| (answer, queue)) });
        let mut stop = self.stop.clone();
        let mut stop = std::pin::pin!(async move { drop(stop.wait_for(|stop| *stop).await) }.fuse());
        // Many servers send nothing, not even headers, before the first event.
        let opening = async move { client(connection).read(requests).await.map(tonic::Response::into_inner) };
        let mut opening = std::pin::pin!(opening.fuse());
        let mut events: Option<Streaming<proto::ReadResponse>> = None;
        loop {
            let is_full = unanswered.len() >= MAX_UNANSWERED;
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(()) = unanswered.next() => {}
                opened = &mut opening, if events.is_none() => match opened {
                    Ok(stream) => events = Some(stream),
                    Err(status) => return broken(&status),
                },
                event = next(&mut events), if events.is_some() && !is_full => match event {
                    Ok(Some(event)) => {
                        backoff.reset();
                        unanswered.push(self.handle(event, answers.clone()));
                    }
                    Ok(None) => return End::Broken("the component has ended its stream of events".to_owned()),
                    Err(status) => return broken(&status),
                },
            }
        }
        // What is at hand is answered, and the component has a moment to take that.
        let _ = timeout(LAST_EVENTS, async { while unanswered.next().await.is_some() {} }).await;
        drop(answers);
        let _ = timeout(LAST_ANSWERS, async { while let Ok(Some(_)) = next(&mut events).await {} }).await;
        End::Stopped
    }

    fn handle(&self, event: proto::ReadResponse, answers: mpsc::Sender<proto::ReadRequest>) -> BoxFuture<'static, ()> {
        let proto::ReadResponse { data, metadata, content_type, message_id } = event;
        let content_type = Some(content_type).filter(|kind| !kind.is_empty());
        let handled = (self.handler)(Event { data, metadata, content_type });
        Box::pin(async move {
            let (response_data, response_error) = match handled.await {
                Ok(data) => (data.unwrap_or_default(), None),
                Err(error) => (Default::default(), Some(proto::AckResponseError { message: error.to_string() })),
            };
            // The stream may be gone meanwhile.
            let _ = answers.send(proto::ReadRequest { response_data, message_id, response_error }).await;
        })
    }
}

async fn next(events: &mut Option<Streaming<proto::ReadResponse>>) -> Result<Option<proto::ReadResponse>, Status> {
    match events {
        Some(events) => events.message().await,
        None => std::future::pending().await,
    }
}

async fn wait(delay: Duration, unanswered: &mut Unanswered) {
    let mut delay = std::pin::pin!(sleep(delay));
    loop {
        tokio::select! {
            () = &mut delay => return,
            Some(()) = unanswered.next() => {}
        }
    }
}

fn broken(status: &Status) -> End {
    End::Broken(format!("the stream of events broke off: {}", status.message()))
}
