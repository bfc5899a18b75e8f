//! Chooses a lane for each call, and sees that there are lanes.
//!
//! A call takes the lane with the fewest calls under way. When all are busy another lane is opened in the background,
//! up to the limit, while the call goes on on a busy one. Lanes that nobody uses are closed. Calls are bounded in time;
//! a lane that does not answer in time is given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use dapr_kit::task::{self, Task};
use dapr_spi::{Error, ErrorKind, Result};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;

use super::command::Command;
use super::connector::{Connection, Connector};
use super::error;
use super::lane::Lane;

/// How often a statement is tried that the server gave up for a conflict with another one.
const TRIES: u32 = 5;

/// The lanes to one server.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    _keeper: Task<()>,
}

struct Shared {
    connector: Connector,
    lanes: ArcSwap<Vec<Arc<Lane>>>,
    opening: Mutex<LastFailure>,
    growing: AtomicBool,
    closed: AtomicBool,
}

/// Callers that waited for an attempt to connect share its failure instead of each trying again.
#[derive(Default)]
struct LastFailure(Option<(Instant, ErrorKind, String)>);

/// A lane while a call uses it.
struct Lease(Arc<Lane>);

impl Lease {
    fn new(lane: Arc<Lane>) -> Self {
        lane.enter();
        Self(lane)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Pool {
    /// A pool that starts with one connection.
    pub(crate) fn new(connector: Connector, first: Connection) -> Self {
        let lane = Arc::new(Lane::new(first, connector.settings.prepared));
        let shared = Arc::new(Shared {
            connector,
            lanes: ArcSwap::from_pointee(vec![lane]),
            opening: Mutex::default(),
            growing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        let keeper = task::spawn("postgresql pool", keep(shared.clone()));
        Self { shared, _keeper: keeper }
    }

    /// Opens a connection that belongs to the caller alone.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses us.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        self.shared.connector.connect().await
    }

    /// Ends a connection whose statement takes too long.
    pub(crate) fn abandon(&self, connection: &Connection) {
        self.shared.connector.abandon(connection);
    }

    /// Words an error of the driver.
    pub(crate) fn error(&self, failed: tokio_postgres::Error) -> Error {
        self.shared.error(failed)
    }

    /// Runs a statement that changes nothing; tried once more when the connection is lost.
    ///
    /// # Errors
    /// The server refused, or could not be reached in time.
    pub(crate) async fn query(&self, command: &Command<'_>) -> Result<Vec<Row>> {
        let deadline = self.shared.deadline();
        for tried in 0.. {
            let lease = self.shared.lease(deadline).await?;
            match self.shared.within(deadline, &lease, lease.0.query(command)).await? {
                Err(failed) if error::is_lost(&failed) && tried == 0 => lease.0.retire(),
                answer => return answer.map_err(|failed| self.shared.error(failed)),
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// Runs a statement that changes rows; returns how many.
    ///
    /// # Errors
    /// The server refused, or could not be reached in time; in the latter case the statement may have run.
    pub(crate) async fn execute(&self, command: &Command<'_>) -> Result<u64> {
        let deadline = self.shared.deadline();
        for tried in 1.. {
            let lease = self.shared.lease(deadline).await?;
            match self.shared.within(deadline, &lease, lease.0.execute(command)).await? {
                Err(failed) if error::is_conflict(&failed) && tried < TRIES => pause(tried).await,
                answer => return answer.map_err(|failed| self.shared.error(failed)),
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// Runs all statements or none, in one round trip.
    ///
    /// # Errors
    /// A statement failed and nothing was changed; or the server could not be reached in time, and then all or nothing
    /// was changed.
    pub(crate) async fn transact(&self, commands: &[Command<'_>]) -> Result<()> {
        let deadline = self.shared.deadline();
        for tried in 1.. {
            let lease = self.shared.lease(deadline).await?;
            match self.shared.within(deadline, &lease, lease.0.transact(commands)).await? {
                Err(failed) if error::is_conflict(&failed) && tried < TRIES => pause(tried).await,
                answer => return answer.map_err(|failed| self.shared.error(failed)),
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// Asks the server for a sign of life.
    ///
    /// # Errors
    /// The server does not answer.
    pub(crate) async fn ping(&self) -> Result<()> {
        let deadline = self.shared.deadline();
        let lease = self.shared.lease(deadline).await?;
        self.shared.within(deadline, &lease, lease.0.ping()).await?.map_err(|failed| self.shared.error(failed))
    }

    /// Closes all lanes; calls under way may end, later ones fail.
    pub(crate) fn close(&self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        for lane in self.shared.lanes.swap(Arc::default()).iter() {
            lane.retire();
        }
    }
}

/// A random wait that grows, so that two transactions in each other's way part.
async fn pause(tried: u32) {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=u64::from(tried) * 10))).await;
}

impl Shared {
    fn deadline(&self) -> Instant {
        Instant::now() + self.connector.settings.timeout
    }

    fn error(&self, failed: tokio_postgres::Error) -> Error {
        error::of(failed, &self.connector.settings.target)
    }

    fn late(&self) -> Error {
        let settings = &self.connector.settings;
        let limit = dapr_kit::duration::format(settings.timeout);
        Error::unavailable(format!("no answer from PostgreSQL at {} within {limit}", settings.target.address))
    }

    /// Waits for a call; gives up its lane when the time is over.
    async fn within<T>(&self, deadline: Instant, lease: &Lease, call: impl Future<Output = T>) -> Result<T> {
        match timeout_at(deadline, call).await {
            Ok(answer) => Ok(answer),
            Err(_) => {
                lease.0.retire();
                self.connector.abandon(lease.0.connection());
                Err(self.late())
            }
        }
    }

    async fn lease(self: &Arc<Self>, deadline: Instant) -> Result<Lease> {
        let lanes = self.lanes.load();
        let free = lanes.iter().filter(|lane| lane.is_open()).min_by_key(|lane| lane.in_flight());
        if let Some(lane) = free {
            if lane.in_flight() > 0 && lanes.len() < self.connector.settings.max_connections {
                self.grow();
            }
            return Ok(Lease::new(lane.clone()));
        }
        drop(lanes);
        timeout_at(deadline, self.open_first()).await.map_err(|_| self.late())?
    }

    /// Opens a lane when there is none; one attempt at a time.
    async fn open_first(&self) -> Result<Lease> {
        let since = Instant::now();
        let mut last = self.opening.lock().await;
        if self.closed.load(Ordering::Relaxed) {
            return Err(Error::unavailable("the component is closed"));
        }
        if let Some(lane) = self.lanes.load().iter().find(|lane| lane.is_open()) {
            return Ok(Lease::new(lane.clone()));
        }
        match &last.0 {
            Some((at, kind, message)) if *at >= since => return Err(Error::new(*kind, message.clone())),
            _ => {}
        }
        match self.open().await {
            Ok(lane) => Ok(Lease::new(lane)),
            Err(error) => {
                last.0 = Some((Instant::now(), error.kind(), error.to_string()));
                Err(error)
            }
        }
    }

    async fn open(&self) -> Result<Arc<Lane>> {
        let connection = self.connector.connect().await?;
        let lane = Arc::new(Lane::new(connection, self.connector.settings.prepared));
        if !self.closed.load(Ordering::Relaxed) {
            self.lanes
                .rcu(|lanes| lanes.iter().filter(|lane| lane.is_open()).chain([&lane]).cloned().collect::<Vec<_>>());
        }
        Ok(lane)
    }

    /// Opens one more lane in the background, unless one is being opened.
    fn grow(self: &Arc<Self>) {
        if self.growing.swap(true, Ordering::Relaxed) {
            return;
        }
        let shared = self.clone();
        task::spawn_detached("postgresql lane", async move {
            if let Err(error) = shared.open().await {
                tracing::debug!(%error, "no further PostgreSQL connection");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            shared.growing.store(false, Ordering::Relaxed);
        });
    }

    fn close_idle(&self) {
        let lanes = self.lanes.load();
        let stay = |lane: &&Arc<Lane>| !lane.was_idle() && lane.is_open();
        let staying: Vec<_> = lanes.iter().filter(stay).cloned().collect();
        if staying.len() < lanes.len() {
            let leaves = |lane: &Arc<Lane>| !staying.iter().any(|other| Arc::ptr_eq(lane, other));
            lanes.iter().filter(|lane| leaves(lane)).for_each(|lane| lane.retire());
            self.lanes.rcu(|lanes| lanes.iter().filter(|lane| lane.is_open()).cloned().collect::<Vec<_>>());
        }
    }
}

/// Closes lanes that were idle for a whole period.
async fn keep(shared: Arc<Shared>) {
    let mut period = tokio::time::interval(shared.connector.settings.idle);
    period.tick().await;
    loop {
        period.tick().await;
        shared.close_idle();
    }
}
