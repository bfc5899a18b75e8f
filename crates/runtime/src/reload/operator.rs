//! The operator as a source of changes: a stream for each kind, and a list whenever one is opened again.
//!
//! An operator that is away changes nothing.

use std::time::Duration;

use dapr_control_plane::operator::{Client, Error, Listed, Update};
use dapr_kit::backoff::jittered;
use dapr_kit::task::{self, Task};
use dapr_resources::{Configuration, Resource};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::plan::{Change, Event};

/// Events that wait for the reload before them to be done; more than these wait in the operator.
const WAITING: usize = 16;
/// When to list for the first time what may have changed between the start and the first stream.
const FIRST_LIST: Duration = Duration::from_secs(5);

/// Events of all kinds.
pub(crate) struct Operator {
    events: mpsc::Receiver<Event>,
    _streams: [Task<()>; 5],
}

impl Operator {
    /// Listens from now on. All resources are listed every `interval`, too, in case that an event was lost;
    /// `configuration` is the name of this sidecar's.
    pub(crate) fn new(client: &Client, configuration: Option<String>, interval: Duration) -> Self {
        let (sender, events) = mpsc::channel(WAITING);
        let stream = Stream { client: client.clone(), interval, sender };
        let streams = [
            task::spawn("operator components", stream.clone().run(Event::Component)),
            task::spawn("operator HTTP endpoints", stream.clone().run(|change| Event::HttpEndpoint(Box::new(change)))),
            task::spawn("operator resiliencies", stream.clone().run(Event::Resiliency)),
            task::spawn("operator subscriptions", stream.clone().run(Event::Subscription)),
            task::spawn("operator configurations", stream.follow_configuration(configuration)),
        ];
        Self { events, _streams: streams }
    }

    /// The next event. May be dropped and called again without loss.
    pub(crate) async fn next(&mut self) -> Event {
        match self.events.recv().await {
            Some(event) => event,
            // The streams end only with this.
            None => std::future::pending().await,
        }
    }

    /// An event that is there already.
    pub(crate) fn at_hand(&mut self) -> Option<Event> {
        self.events.try_recv().ok()
    }
}

#[derive(Clone)]
struct Stream {
    client: Client,
    interval: Duration,
    sender: mpsc::Sender<Event>,
}

impl Stream {
    async fn run<R: Listed>(self, event: fn(Change<R>) -> Event) {
        tracing::info!(target: "dapr.runtime.hotreload", "Starting to watch {} updates", R::KIND.name());
        let mut watch = self.client.watch::<R>();
        // The sidecar has listed everything a moment ago.
        let mut due = Instant::now() + jittered(FIRST_LIST.min(self.interval));
        let mut was_connected = false;
        loop {
            let update = tokio::select! {
                update = watch.next() => Some(update),
                () = sleep_until(due) => None,
            };
            let change = match update {
                Some(Update::Created(resource) | Update::Updated(resource)) => Change::Put(resource),
                Some(Update::Deleted(resource)) => Change::Removed(resource),
                Some(Update::Connected) if !was_connected => {
                    was_connected = true;
                    continue;
                }
                Some(Update::Connected) | None => {
                    due = Instant::now() + jittered(self.interval);
                    match self.list().await {
                        Some(change) => change,
                        None => continue,
                    }
                }
            };
            if self.sender.send(event(change)).await.is_err() {
                return;
            }
        }
    }

    async fn list<R: Listed>(&self) -> Option<Change<R>> {
        let listed = match self.client.list_each::<R>().await {
            Ok(listed) => listed,
            Err(error) => {
                tracing::error!(target: "dapr.runtime.hotreload", "{error}; what is loaded stays");
                return None;
            }
        };
        let (mut all, mut unreadable) = (Vec::new(), Vec::new());
        for resource in listed {
            match resource {
                Ok(resource) => all.push(resource),
                Err(error) => {
                    tracing::error!(target: "dapr.runtime.hotreload", "{error}; what is loaded of it stays");
                    if let Error::Malformed { name, .. } = error {
                        unreadable.push(name);
                    }
                }
            }
        }
        Some(Change::All(all, unreadable))
    }

    /// Asks for the Configuration whenever the operator says that it has changed: the answer has what an event has not,
    /// the checks of a start.
    async fn follow_configuration(self, name: Option<String>) {
        let Some(name) = name else { return };
        tracing::info!(target: "dapr.runtime.hotreload", "Starting to watch Configuration updates for SIGHUP reload");
        let mut watch = self.client.watch::<Configuration>();
        loop {
            match watch.next().await {
                Update::Connected => {}
                Update::Created(changed) | Update::Updated(changed) if changed.metadata().name == name => {}
                // A sidecar whose Configuration is gone runs with the one it has.
                _ => continue,
            }
            match self.client.configuration(&name).await {
                Ok(configuration) => {
                    if self.sender.send(Event::Configuration(Box::new(configuration))).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    tracing::error!(target: "dapr.runtime.hotreload", "{error}; the Configuration stays as it is");
                }
            }
        }
    }
}
