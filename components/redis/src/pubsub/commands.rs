//! The commands of one consumer on one stream.

use std::sync::Arc;
use std::time::Duration;

use dapr_spi::{Error, Result};
use redis::{Cmd, ServerError, Value};
use tokio::sync::Mutex;

use super::entries::{self, Entry, Peer, Pending};
use super::ledger::Id;
use crate::client::Client;
use crate::link::{Effect, Link};

/// How long an answer to a read that waits may be later than the wait.
const GRACE: Duration = Duration::from_secs(5);

/// A consumer of a group, and the connection on which it waits for messages.
pub(super) struct Consumer {
    pub(super) client: Arc<Client>,
    pub(super) topic: String,
    pub(super) group: String,
    /// Unique, so that what is pending here is told from what other sidecars have.
    pub(super) name: String,
    /// Waiting would hold up all others on the shared connection.
    waiting: Mutex<Option<Arc<Link>>>,
}

/// Why a read brought nothing.
pub(super) enum Trouble {
    /// The group is gone, with the stream perhaps.
    NoGroup,
    /// The server cannot be reached, or refused, or the answer was lost.
    Other(Error),
}

impl Consumer {
    pub(super) fn new(client: Arc<Client>, topic: String, group: String, name: String) -> Self {
        Self { client, topic, group, name, waiting: Mutex::new(None) }
    }

    /// Makes the group, at the begin of the stream, unless it is there.
    pub(super) async fn create_group(&self) -> Result<()> {
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATE").arg(&self.topic).arg(&self.group).arg("0").arg("MKSTREAM");
        match self.write(&create).await? {
            Value::ServerError(error) if error.code() == "BUSYGROUP" => Ok(()),
            other => self.client.accepted(other).map(|_| ()),
        }
    }

    /// Waits for new messages, up to `most`, for a time.
    pub(super) async fn read_new(&self, most: usize, wait: Duration) -> Result<Vec<Entry>, Trouble> {
        let mut read = self.read_command(most);
        let wait = wait.max(Duration::from_millis(1));
        read.arg("BLOCK").arg(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        read.arg("STREAMS").arg(&self.topic).arg(">");
        let link = self.link().await.map_err(Trouble::Other)?;
        // Not repeated by itself: what the lost answer held would then come after later messages.
        let reply = match link.call(&read, Effect::Once, Some(wait + GRACE)).await {
            Ok(reply) => reply,
            Err(failure) => {
                self.leave(&link).await;
                return Err(Trouble::Other(failure.into()));
            }
        };
        if matches!(&reply, Value::ServerError(error) if error.code() != "NOGROUP") {
            self.leave(&link).await;
        }
        self.entries(reply, entries::of_read)
    }

    /// Messages of this consumer that are pending, from after `id` on.
    pub(super) async fn read_own(&self, after: &str, most: usize) -> Result<Vec<Entry>, Trouble> {
        let mut read = self.read_command(most);
        read.arg("STREAMS").arg(&self.topic).arg(after);
        let reply = self.write(&read).await.map_err(Trouble::Other)?;
        self.entries(reply, entries::of_read)
    }

    fn read_command(&self, most: usize) -> Cmd {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg(&self.group).arg(&self.name).arg("COUNT").arg(most);
        read
    }

    /// Pending messages of the whole group, from `first` on.
    pub(super) async fn pending(&self, first: &str, most: usize) -> Result<Vec<Pending>, Trouble> {
        let mut pending = redis::cmd("XPENDING");
        pending.arg(&self.topic).arg(&self.group).arg(first).arg("+").arg(most);
        let reply = self.write(&pending).await.map_err(Trouble::Other)?;
        let reply = self.accept(reply)?;
        entries::of_pending(reply).map_err(|odd| Trouble::Other(self.client.strange("XPENDING", &odd)))
    }

    /// Takes over messages that nobody has touched for that long; those that are gone or were taken are left out.
    pub(super) async fn claim(&self, ids: &[Id], idle: Duration) -> Result<Vec<Entry>, Trouble> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let claim = self.claim_command(ids, idle);
        let reply = self.write(&claim).await.map_err(Trouble::Other)?;
        self.entries(reply, entries::of_list)
    }

    /// Keeps others from taking over messages that the application still has.
    pub(super) async fn keep(&self, ids: &[Id]) -> Result<()> {
        self.justify(ids, None).await
    }

    /// Lets others take over messages at once.
    pub(super) async fn hand_back(&self, ids: &[Id], idle: Duration) -> Result<()> {
        self.justify(ids, Some(idle)).await
    }

    async fn justify(&self, ids: &[Id], idle: Option<Duration>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut claim = self.claim_command(ids, Duration::ZERO);
        if let Some(idle) = idle {
            claim.arg("IDLE").arg(u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
        }
        claim.arg("JUSTID");
        let reply = self.write(&claim).await?;
        self.client.accepted(reply).map(|_| ())
    }

    fn claim_command(&self, ids: &[Id], idle: Duration) -> Cmd {
        let mut claim = redis::cmd("XCLAIM");
        claim.arg(&self.topic).arg(&self.group).arg(&self.name);
        claim.arg(u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
        for id in ids {
            claim.arg(&**id);
        }
        claim
    }

    /// Whether the stream still has the entry.
    pub(super) async fn exists(&self, id: &str) -> Result<bool, Trouble> {
        let mut range = redis::cmd("XRANGE");
        range.arg(&self.topic).arg(id).arg(id);
        let reply = self.write(&range).await.map_err(Trouble::Other)?;
        self.entries(reply, entries::of_list).map(|entries| !entries.is_empty())
    }

    /// Tells the server that messages are processed. A group that is gone needs no word.
    pub(super) async fn acknowledge(&self, ids: &[Id]) -> Result<()> {
        let mut acknowledge = redis::cmd("XACK");
        acknowledge.arg(&self.topic).arg(&self.group);
        for id in ids {
            acknowledge.arg(&**id);
        }
        let reply = self.write(&acknowledge).await?;
        self.client.accepted(reply).map(|_| ())
    }

    /// The consumers of the group.
    pub(super) async fn peers(&self) -> Result<Vec<Peer>> {
        let mut consumers = redis::cmd("XINFO");
        consumers.arg("CONSUMERS").arg(&self.topic).arg(&self.group);
        let reply = self.write(&consumers).await?;
        Ok(entries::of_consumers(self.client.accepted(reply)?))
    }

    /// Removes a consumer that has nothing pending.
    pub(super) async fn remove(&self, name: &str) -> Result<()> {
        let mut remove = redis::cmd("XGROUP");
        remove.arg("DELCONSUMER").arg(&self.topic).arg(&self.group).arg(name);
        let reply = self.write(&remove).await?;
        self.client.accepted(reply).map(|_| ())
    }

    /// Sends a command that may be repeated on the shared connection.
    async fn write(&self, command: &Cmd) -> Result<Value> {
        self.client.send(&self.topic, command, self.client.writing(Effect::Repeatable)).await
    }

    fn accept(&self, reply: Value) -> Result<Value, Trouble> {
        match reply {
            Value::ServerError(error) if is_no_group(&error) => Err(Trouble::NoGroup),
            other => self.client.accepted(other).map_err(Trouble::Other),
        }
    }

    fn entries(&self, reply: Value, read: fn(Value, &str) -> Result<Vec<Entry>, Value>) -> Result<Vec<Entry>, Trouble> {
        let reply = self.accept(reply)?;
        read(reply, &self.topic).map_err(|odd| Trouble::Other(self.client.strange("a read of a stream", &odd)))
    }

    async fn link(&self) -> Result<Arc<Link>> {
        let mut waiting = self.waiting.lock().await;
        if let Some(link) = &*waiting {
            return Ok(link.clone());
        }
        let link = Arc::new(self.client.another(&self.topic)?);
        *waiting = Some(link.clone());
        Ok(link)
    }

    /// In a cluster, the stream may have another server now; the shared connection finds it.
    async fn leave(&self, link: &Arc<Link>) {
        if self.client.is_cluster() {
            link.close();
            self.waiting.lock().await.take();
            let mut exists = redis::cmd("EXISTS");
            exists.arg(&self.topic);
            let _ = self.client.send(&self.topic, &exists, self.client.reading()).await;
        }
    }

    /// Ends the connection.
    pub(super) async fn close(&self) {
        if let Some(link) = self.waiting.lock().await.take() {
            link.close();
        }
    }
}

/// `XPENDING` and others say so, too, when there is no stream.
fn is_no_group(error: &ServerError) -> bool {
    error.code() == "NOGROUP"
}
