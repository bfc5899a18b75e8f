//! `pubsub.sqlite`: a durable broker in one file that the sidecars of a machine share.
//!
//! A message stays until every consumer group of its topic has settled it. A group begins with its first subscription, and
//! gets what is published while it is away. The messages that a subscription has taken are leased to it; when its process
//! dies, the lease ends and others get them.

mod bell;
mod browse;
mod metadata;
mod prune;
mod publish;
mod pull;
mod settle;
mod statements;
mod subscription;

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use dapr_kit::clock::Clock;
use dapr_kit::task::Task;
use dapr_spi::pubsub::{Feature, Intake, Kept, Map, Message, PubSub, SubscribeRequest, Subscription};
use dapr_spi::{Context, Error, Factory, Result};
use futures_util::future::join_all;
use rusqlite::Connection;

use crate::database::{PUBSUB, open_reader, open_writer};
use crate::failure::Sql;
use crate::threads::{Threads, Write};
use bell::{Bell, Ringing};
use metadata::{PubSubMetadata, Settings};
use publish::{Budget, Insert};
use statements::Statements;

pub(crate) use statements::create;

/// Makes `pubsub.sqlite`.
pub struct Sqlite;

#[async_trait]
impl Factory for Sqlite {
    type Metadata = PubSubMetadata;
    type Valid = Settings;
    type Component = dyn PubSub;

    fn validate(metadata: PubSubMetadata) -> Result<Settings> {
        Settings::new(metadata)
    }

    async fn init(settings: Settings, context: Context) -> Result<Arc<dyn PubSub>> {
        let group = if settings.consumer_id.is_empty() { context.app_id } else { settings.consumer_id.clone() };
        if group.is_empty() {
            return Err(Error::invalid("field `consumerID` is needed where there is no app id"));
        }
        let opening = tokio::task::spawn_blocking(move || open(&settings).map(|threads| (threads, settings)));
        let (threads, settings) = opening.await.map_err(|error| Error::failed(error.to_string()))??;
        Ok(Arc::new(Broker::new(threads, settings, group, context.clock)))
    }
}

fn open(settings: &Settings) -> Result<Threads> {
    let writer = open_writer(&settings.file, PUBSUB)?;
    let count = usize::from(!settings.file.target.in_memory);
    let readers = (0..count).map(|_| open_reader(&settings.file)).collect::<Result<Vec<_>>>()?;
    Threads::start(&settings.file, writer, readers)
}

/// What the broker, its subscriptions and its cleanup share.
struct Shared {
    threads: Threads,
    statements: Arc<Statements>,
    settings: Settings,
    /// The consumer group.
    group: String,
    clock: Clock,
    bell: Bell,
    /// Something was published or settled since the last cleanup.
    busy: AtomicBool,
    closed: AtomicBool,
}

impl Shared {
    async fn write(&self, write: impl Write) -> Result<u64> {
        self.bounded(self.threads.write(write)).await
    }

    async fn read<T: Send + 'static>(&self, read: impl FnOnce(&Connection) -> Sql<T> + Send + 'static) -> Result<T> {
        self.bounded(self.threads.read(read)).await
    }

    async fn bounded<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        if self.is_closed() {
            return Err(Error::unavailable("the component is closed"));
        }
        let timeout = self.settings.file.timeout;
        let late = |_| Error::unavailable(format!("no answer from SQLite within {timeout:?}"));
        tokio::time::timeout(timeout, work).await.map_err(late)?
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn settled_some(&self) {
        self.busy.store(true, Ordering::Relaxed);
    }
}

struct Broker {
    shared: Arc<Shared>,
    budget: Arc<Budget>,
    background: Mutex<Option<(Task<()>, Ringing)>>,
}

impl Broker {
    fn new(threads: Threads, settings: Settings, group: String, clock: Clock) -> Self {
        let target = &settings.file.target;
        let file = (!target.in_memory).then(|| PathBuf::from(&target.path));
        let (bell, ringing) = Bell::new(file);
        let budget = Arc::new(Budget::new(settings.max_size));
        let shared = Arc::new(Shared {
            threads,
            statements: Arc::new(Statements::new(&settings.file.table)),
            settings,
            group,
            clock,
            bell,
            busy: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        let pruning = prune::start(shared.clone());
        Self { shared, budget, background: Mutex::new(Some((pruning, ringing))) }
    }

    async fn insert(&self, message: Message) -> Result<()> {
        let now = self.shared.clock.now_milliseconds();
        let insert = Insert::new(&self.shared.statements, &self.budget, message, now)?;
        self.shared.write(insert).await.map(|_| ())
    }

    fn published(&self) {
        self.shared.bell.ring();
        self.shared.settled_some();
    }
}

#[async_trait]
impl PubSub for Broker {
    fn features(&self) -> &[Feature] {
        &[Feature::MessageTtl, Feature::BulkPublish, Feature::BulkSubscribeImmediate]
    }

    async fn publish(&self, message: Message) -> Result<()> {
        self.insert(message).await?;
        self.published();
        Ok(())
    }

    /// One commit, or a few; the messages keep their order.
    async fn bulk_publish(&self, messages: Vec<Message>, _: &Map) -> Vec<Result<()>> {
        let results = join_all(messages.into_iter().map(|message| self.insert(message))).await;
        self.published();
        results
    }

    fn redelivery(&self, _: &SubscribeRequest) -> String {
        format!("is delivered again after {:?}", self.shared.settings.redeliver_interval)
    }

    async fn subscribe(&self, request: SubscribeRequest, intake: Intake) -> Result<Box<dyn Subscription>> {
        if request.topic.is_empty() {
            return Err(Error::invalid("a subscription needs a topic"));
        }
        Ok(Box::new(subscription::start(self.shared.clone(), request.topic, intake).await?))
    }

    async fn browse(&self, topic: &str, after: Option<&str>, most: usize) -> Result<Vec<Kept>> {
        self.shared.browse(topic.to_owned(), after, most).await
    }

    async fn discard(&self, topic: &str, ids: &[String]) -> Result<()> {
        self.shared.discard(topic.to_owned(), ids).await
    }

    async fn ping(&self) -> Result<()> {
        self.shared.read(|connection| connection.query_row("SELECT 1", [], |_| Ok(()))).await
    }

    async fn close(&self) {
        self.background.lock().unwrap_or_else(PoisonError::into_inner).take();
        if !self.shared.closed.swap(true, Ordering::Relaxed) {
            self.shared.bell.ring();
            self.shared.threads.stop().await;
        }
    }
}
