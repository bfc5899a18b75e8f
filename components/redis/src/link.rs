//! A connection that comes back: it is watched, replaced with growing delays, and requests wait for it a bounded time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_spi::Error;
use tokio::sync::watch;
use tokio::time::{Instant, interval, sleep, timeout_at};

use crate::connect::{self, Connector, Target};
use crate::errors::{self, Failure, is_passing};
use crate::live::{Live, NoReply};
use crate::packet::Packet;

/// First delay between attempts to reconnect; `redisMinRetryInterval` is the requests' own delay.
const FIRST_DELAY: Duration = Duration::from_millis(20);
/// Delays between attempts grow to this at least, so that an outage costs next to nothing.
const LEAST_CAP: Duration = Duration::from_millis(500);
/// A connection that lived shorter than this counts as a failed attempt.
const SHORT_LIFE: Duration = Duration::from_secs(1);
/// A request waits this long at least for a connection that is being opened for the first time, or again.
const FIRST_ATTEMPT: Duration = Duration::from_secs(1);
/// How often a sentinel is asked whether the master is still the same.
const MASTER_CHECK: Duration = Duration::from_secs(2);

/// Whether a request may be sent again when nobody knows if it was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A second execution changes nothing more: reads, and writes that check nothing.
    Repeatable,
    /// A second execution would be refused or would do something else: writes that check an ETag.
    Once,
}

enum Status {
    Up(Arc<Live>),
    Down { since: Instant, why: Option<Arc<str>> },
}

/// A watched connection to one server.
pub(crate) struct Link {
    name: String,
    connector: Arc<Connector>,
    status: Arc<watch::Sender<Status>>,
    keeper: Mutex<Option<Task<()>>>,
}

impl Link {
    /// Watches over `live`, or begins to connect.
    pub(crate) fn start(connector: Arc<Connector>, target: Target, live: Option<Live>) -> Self {
        let live = live.map(Arc::new);
        let down = || Status::Down { since: Instant::now(), why: None };
        let status = Arc::new(watch::Sender::new(live.clone().map_or_else(down, Status::Up)));
        let name = match &target {
            Target::Server(address) => address.to_string(),
            Target::Master => "the master".to_owned(),
        };
        let keeper = Keeper { connector: Arc::clone(&connector), target, status: Arc::clone(&status) };
        let keeper = Mutex::new(Some(task::spawn("redis reconnect", keeper.run(live))));
        Self { name, connector, status, keeper }
    }

    /// Ends the connection; requests fail from now on.
    pub(crate) fn close(&self) {
        let keeper = self.keeper.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        drop(keeper);
        self.status.send_replace(Status::Down { since: Instant::now(), why: Some("the component is closed".into()) });
    }

    /// Sends a packet; retries what was surely not executed, and what may be executed twice.
    ///
    /// A reply may still hold a refusal; only those that pass by themselves are handled here.
    pub(crate) async fn call<P: Packet>(
        &self,
        packet: &P,
        effect: Effect,
        limit: Option<Duration>,
    ) -> Result<P::Reply, Failure> {
        let mut delays = Delays::new(&self.connector);
        loop {
            let live = self.live().await?;
            let failure = match live.send(packet, limit).await {
                Ok(reply) => match P::refusal(&reply).filter(|error| is_passing(error)) {
                    None => return Ok(reply),
                    Some(error) => {
                        if matches!(error.code(), "READONLY" | "MASTERDOWN") {
                            live.retire();
                        }
                        Failure::Refused(errors::refused(&live.address, error))
                    }
                },
                Err(error @ NoReply::Lost(_)) if effect == Effect::Repeatable => connect::failure(&live, error),
                Err(error) => return Err(connect::failure(&live, error)),
            };
            if !delays.wait().await {
                return Err(failure);
            }
        }
    }

    /// How many replicas follow the server, as far as known.
    pub(crate) async fn replicas(&self) -> Result<u32, Failure> {
        self.live().await.map(|live| live.replicas)
    }

    /// A connection that can be used. While there is none, a request waits as long as its retries would take; once the
    /// server has been away for longer, it fails at once.
    async fn live(&self) -> Result<Arc<Live>, Failure> {
        if let Status::Up(live) = &*self.status.borrow()
            && live.is_usable()
        {
            return Ok(Arc::clone(live));
        }
        let mut status = self.status.subscribe();
        let patience = self.connector.settings.retry.patience();
        let asked = Instant::now();
        loop {
            let deadline = match &*status.borrow_and_update() {
                Status::Up(live) if live.is_usable() => return Ok(Arc::clone(live)),
                Status::Up(_) => asked + patience.max(FIRST_ATTEMPT),
                Status::Down { since, why: None } => *since + patience.max(FIRST_ATTEMPT),
                Status::Down { since, .. } => *since + patience,
            };
            let changed = timeout_at(deadline, status.changed()).await;
            if !matches!(changed, Ok(Ok(()))) {
                return Err(self.unreachable());
            }
        }
    }

    fn unreachable(&self) -> Failure {
        let why = match &*self.status.borrow() {
            Status::Down { why: Some(why), .. } => why.to_string(),
            _ => format!("the connection to redis at {} was lost and is being opened again", self.name),
        };
        Failure::Unreachable(Error::unavailable(why))
    }
}

/// The delays between the attempts of one request.
struct Delays {
    left: u32,
    backoff: Backoff,
}

impl Delays {
    fn new(connector: &Connector) -> Self {
        let retry = &connector.settings.retry;
        Self { left: retry.attempts, backoff: Backoff::new(retry.first, retry.cap) }
    }

    /// Waits before another attempt; false when there is none left.
    async fn wait(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        sleep(self.backoff.next_delay()).await;
        true
    }
}

/// Keeps a connection open, as long as its [`Link`] lives.
struct Keeper {
    connector: Arc<Connector>,
    target: Target,
    status: Arc<watch::Sender<Status>>,
}

impl Keeper {
    async fn run(self, first: Option<Arc<Live>>) {
        let cap = self.connector.settings.retry.cap.max(LEAST_CAP);
        let mut backoff = Backoff::new(FIRST_DELAY, cap);
        let mut live = match first {
            Some(live) => live,
            None => self.reconnect(&mut backoff).await,
        };
        loop {
            let opened = Instant::now();
            self.until_gone(&live).await;
            tracing::warn!(address = live.address, "lost the connection to redis, opening it again");
            drop(live);
            self.status.send_replace(Status::Down { since: Instant::now(), why: None });
            if opened.elapsed() < SHORT_LIFE {
                sleep(backoff.next_delay()).await;
            } else {
                backoff.reset();
            }
            live = self.reconnect(&mut backoff).await;
            tracing::info!(address = live.address, "connected to redis again");
        }
    }

    async fn reconnect(&self, backoff: &mut Backoff) -> Arc<Live> {
        loop {
            match self.connector.connect(&self.target).await {
                Ok(live) => {
                    let live = Arc::new(live);
                    self.status.send_replace(Status::Up(Arc::clone(&live)));
                    return live;
                }
                Err(error) => self.note(&error),
            }
            sleep(backoff.next_delay()).await;
        }
    }

    fn note(&self, error: &Error) {
        self.status.send_modify(|status| {
            if let Status::Down { why, .. } = status {
                *why = Some(error.to_string().into());
            }
        });
    }

    /// Waits until the connection breaks, or Sentinel names another master.
    async fn until_gone(&self, live: &Live) {
        match self.target {
            Target::Server(_) => live.gone().await,
            Target::Master => tokio::select! {
                () = live.gone() => {}
                () = self.until_master_moves(live) => {}
            },
        }
    }

    async fn until_master_moves(&self, live: &Live) {
        let mut ticks = interval(MASTER_CHECK);
        loop {
            ticks.tick().await;
            match self.connector.find_master().await {
                Ok(address) if address.to_string() != live.address => return live.retire(),
                _ => {}
            }
        }
    }
}
