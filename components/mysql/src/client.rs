//! A pool of connections.
//!
//! One call uses one connection at a time, since this protocol has no pipelining. Idle connections are taken without
//! asking whether they live: a read that finds its connection dead is tried once more on a new one. A connection whose
//! call was dropped or failed half-way is closed, which makes the server roll back what was open on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dapr_kit::task::{self, Task};
use dapr_spi::{Error, Result};
use mysql_async::{Conn, DriverError, Error as Driver, Opts};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::error;
use crate::settings::{Settings, Tls};

/// More connections than this only queue in the server.
const MOST: usize = 32;
/// Connections that nobody used for so long are closed.
const IDLE: Duration = Duration::from_secs(60);

/// Connections to one server.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    _keeper: Task<()>,
}

struct Shared {
    options: Opts,
    /// Options without TLS, to fall back to with `tls=preferred`.
    plain: Option<Opts>,
    target: String,
    timeout: Duration,
    idle: Mutex<Vec<(Conn, Instant)>>,
    permits: Semaphore,
}

/// A connection while a call uses it.
pub(crate) struct Lease<'a> {
    pub(crate) conn: Conn,
    shared: &'a Shared,
    /// Whether it was idle before, and so may be dead.
    used_before: bool,
    _permit: SemaphorePermit<'a>,
}

impl Lease<'_> {
    /// Gives the connection back for another call.
    fn give_back(self) {
        let Self { conn, shared, _permit, .. } = self;
        if !shared.permits.is_closed() {
            shared.lock().push((conn, Instant::now()));
        }
    }
}

impl Pool {
    /// A pool on `schema`, or on no database.
    pub(crate) fn new(settings: &Settings, schema: Option<&str>) -> Self {
        let plain = settings.options().db_name(schema);
        let options: Opts = plain.clone().ssl_opts(settings.ssl_options()).into();
        let shared = Arc::new(Shared {
            options,
            plain: (settings.tls == Tls::Preferred).then(|| plain.into()),
            target: settings.target(),
            timeout: settings.timeout,
            idle: Mutex::default(),
            permits: Semaphore::new(MOST),
        });
        let keeper = task::spawn("mysql pool", keep(shared.clone()));
        Self { shared, _keeper: keeper }
    }

    /// Runs a call that changes nothing; tried once more when its connection turns out dead.
    ///
    /// # Errors
    /// The server refused, or could not be reached in time.
    pub(crate) async fn read<T>(&self, call: impl AsyncCall<T>) -> Result<T> {
        let deadline = Instant::now() + self.shared.timeout;
        loop {
            let mut lease = self.shared.lease(deadline).await?;
            match self.shared.within(deadline, call.run(&mut lease.conn)).await? {
                Err(failed) if error::is_lost(&failed) && lease.used_before => self.shared.lock().clear(),
                answer => return self.shared.finish(lease, answer),
            }
        }
    }

    /// Runs a call that changes something; tried again when the server undid it for a deadlock.
    ///
    /// # Errors
    /// The server refused, or could not be reached in time; in the latter case the change may have happened.
    pub(crate) async fn change<T>(&self, call: impl AsyncCall<T>) -> Result<T> {
        self.change_within(self.shared.timeout, call).await
    }

    /// As [`Pool::change`], with another limit of time.
    ///
    /// # Errors
    /// As [`Pool::change`].
    pub(crate) async fn change_within<T>(&self, limit: Duration, call: impl AsyncCall<T>) -> Result<T> {
        let deadline = Instant::now() + limit;
        for tried in 1u64.. {
            let mut lease = self.shared.lease(deadline).await?;
            match self.shared.within(deadline, call.run(&mut lease.conn)).await? {
                Err(failed) if error::is_conflict(&failed) && Instant::now() < deadline => {
                    lease.give_back();
                    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=tried.min(20) * 5))).await;
                }
                answer => return self.shared.finish(lease, answer),
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// Closes all connections; calls under way may end, later ones fail.
    pub(crate) fn close(&self) {
        self.shared.permits.close();
        self.shared.lock().clear();
    }
}

/// A call on a connection. The future must be cancel-safe in that closing the connection undoes it.
pub(crate) trait AsyncCall<T>: Sync {
    /// Runs the call; it may be run again after a failure.
    fn run(&self, conn: &mut Conn) -> impl Future<Output = std::result::Result<T, Driver>> + Send;
}

impl<T, C: AsyncCall<T>> AsyncCall<T> for &C {
    fn run(&self, conn: &mut Conn) -> impl Future<Output = std::result::Result<T, Driver>> + Send {
        (**self).run(conn)
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Conn, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn late(&self) -> Error {
        let limit = dapr_kit::duration::format(self.timeout);
        Error::unavailable(format!("no answer from MySQL at {} within {limit}", self.target))
    }

    async fn within<T>(&self, deadline: Instant, call: impl Future<Output = T>) -> Result<T> {
        timeout_at(deadline, call).await.map_err(|_| self.late())
    }

    fn finish<T>(&self, lease: Lease<'_>, answer: std::result::Result<T, Driver>) -> Result<T> {
        match &answer {
            Err(failed) if error::is_lost(failed) => self.lock().clear(),
            Err(failed) if !error::leaves_connection(failed) => {}
            _ => lease.give_back(),
        }
        answer.map_err(|failed| error::of(failed, &self.target))
    }

    async fn lease(&self, deadline: Instant) -> Result<Lease<'_>> {
        let permit = self.within(deadline, self.permits.acquire()).await?;
        let permit = permit.map_err(|_| Error::unavailable("the component is closed"))?;
        let idle = self.lock().pop();
        let used_before = idle.is_some();
        let conn = match idle {
            Some((conn, _)) => conn,
            None => self.connect(deadline).await?,
        };
        Ok(Lease { conn, shared: self, used_before, _permit: permit })
    }

    async fn connect(&self, deadline: Instant) -> Result<Conn> {
        let opened = self.within(deadline, Conn::new(self.options.clone())).await?;
        match (opened, &self.plain) {
            (Err(Driver::Driver(DriverError::NoClientSslFlagFromServer)), Some(plain)) => {
                self.within(deadline, Conn::new(plain.clone())).await?
            }
            (opened, _) => opened,
        }
        .map_err(|failed| error::of(failed, &self.target))
    }

    fn close_idle(&self) {
        let now = Instant::now();
        self.lock().retain(|(_, since)| now.duration_since(*since) < IDLE);
    }
}

/// Closes connections that nobody uses.
async fn keep(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(IDLE / 2);
    loop {
        ticks.tick().await;
        shared.close_idle();
    }
}
