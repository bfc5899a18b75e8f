//! Changes of one kind, over streams that are opened again for as long as somebody listens.

use std::time::Duration;

use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_proto::operator::v1::ResourceEventType;
use dapr_proto::operator::v1::operator_client::OperatorClient;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use tonic::transport::Channel;
use tonic::{Status, Streaming};

use super::{LOG, Watched, decode};
use crate::connect::describe;

/// Changes that wait for a slow listener; more than these wait in the operator, held back by flow control.
const WAITING: usize = 16;

const FIRST_DELAY: Duration = Duration::from_secs(1);
const LONGEST_DELAY: Duration = Duration::from_secs(5);

/// A Go operator says nothing on a stream before the first change. So an opening that has not failed by now has worked;
/// a connection that dies later is noticed as that of any stream.
const SETTLED: Duration = Duration::from_millis(500);

/// A stream that ends sooner is as bad as one that does not open.
const LASTING: Duration = Duration::from_secs(2);

/// What is new.
#[derive(Clone, Debug, PartialEq)]
pub enum Update<R> {
    /// The stream is open, for the first time or again: what changed before is not told, so list everything now.
    Connected,
    /// There is a new one.
    Created(R),
    /// One has changed.
    Updated(R),
    /// One is gone; this is how it last was.
    Deleted(R),
}

/// Changes of the resources of a kind. Dropping it ends the stream.
#[derive(Debug)]
pub struct Watch<R> {
    updates: mpsc::Receiver<Update<R>>,
    _stream: Task<()>,
}

impl<R: Watched> Watch<R> {
    pub(super) fn start(client: OperatorClient<Channel>, namespace: String) -> Self {
        let (sender, updates) = mpsc::channel(WAITING);
        Self { updates, _stream: task::spawn("watch operator", run(client, namespace, sender)) }
    }

    /// The next change. It waits through any absence of the operator, and may be dropped and called again without loss.
    pub async fn next(&mut self) -> Update<R> {
        match self.updates.recv().await {
            Some(update) => update,
            // The sender ends only with this.
            None => std::future::pending().await,
        }
    }
}

async fn run<R: Watched>(client: OperatorClient<Channel>, namespace: String, updates: mpsc::Sender<Update<R>>) {
    let mut backoff = Backoff::new(FIRST_DELAY, LONGEST_DELAY);
    let mut failures = 0_u32;
    loop {
        let mut opening = Box::pin(R::stream(client.clone(), namespace.clone()));
        let (opened, is_told) = match timeout(SETTLED, &mut opening).await {
            Ok(opened) => (opened, false),
            Err(_) => {
                if !connected(failures, &updates).await {
                    return;
                }
                let opened = tokio::select! {
                    opened = opening => opened,
                    () = updates.closed() => return,
                };
                (opened, true)
            }
        };
        let since = Instant::now();
        let status = match opened {
            Ok(stream) => {
                if !is_told && !connected(failures, &updates).await {
                    return;
                }
                let Some(status) = forward(stream, &updates).await else { return };
                status
            }
            Err(status) => status,
        };
        if is_told || since.elapsed() >= LASTING {
            backoff.reset();
            failures = 0;
        }
        failures = failures.saturating_add(1);
        let (kind, reason) = (R::KIND.name(), describe(&status));
        if failures == 1 {
            tracing::warn!(target: LOG, "Lost the stream of kind {kind} from the operator, trying again: {reason}");
        } else {
            tracing::debug!(target: LOG, "No stream of kind {kind} from the operator after {failures} tries: {reason}");
        }
        sleep(backoff.next_delay()).await;
    }
}

/// Says that the stream is open; false when nobody listens any more.
async fn connected<R>(failures: u32, updates: &mpsc::Sender<Update<R>>) -> bool {
    if failures > 0 {
        tracing::info!(target: LOG, "Reconnected to operator");
    }
    updates.send(Update::Connected).await.is_ok()
}

/// Passes changes on until the stream ends: with what it ended. `None` when nobody listens any more.
async fn forward<R: Watched>(mut stream: Streaming<R::Event>, updates: &mpsc::Sender<Update<R>>) -> Option<Status> {
    loop {
        let event = match stream.message().await {
            Ok(Some(event)) => event,
            Ok(None) => return Some(Status::unavailable("the operator closed it")),
            Err(status) => return Some(status),
        };
        let (document, happened) = R::parts(event);
        let resource = match decode::resource(&document) {
            Ok(resource) => resource,
            Err(error) => {
                tracing::error!(target: LOG, "A change of a {} is passed over: {error}", R::KIND.name());
                continue;
            }
        };
        let update = match happened {
            ResourceEventType::Created => Update::Created(resource),
            ResourceEventType::Updated => Update::Updated(resource),
            ResourceEventType::Deleted => Update::Deleted(resource),
            ResourceEventType::Unknown => continue,
        };
        updates.send(update).await.ok()?;
    }
}
