//! The Sentry of a developer's machine: started by the `dapr run` that needs one, kept running as
//! long as any `dapr run` does.
//!
//! A lock file says which `dapr run` looks after it. The others wait for the lock: when its holder
//! ends, and Sentry with it, the next one starts it again with the same certificates. A Sentry
//! that somebody else started is left alone.

use std::fs::{File, TryLockError};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{Task, spawn};
use tokio::sync::watch;
use tokio::time::Instant;

use super::child::Child;
use super::mtls::Mtls;
use super::plan::Plan;
use crate::guard::Command;
use crate::home::Home;
use crate::log_lines::{LogFile, Sink, Tail};
use crate::say::Say;
use crate::stop_signals::{Urgency, reached};

/// How long Sentry may take to listen and to have written its certificates.
const UP_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);
/// How often those who do not look after Sentry try to.
const TURN: Duration = Duration::from_secs(1);
/// How long Sentry may take to end when asked.
const GRACE: Duration = Duration::from_secs(5);
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// The certificate that sidecars must trust.
const ANCHORS: &str = "ca.crt";

/// The Sentries that the sidecars of one `dapr run` need.
#[derive(Debug, Default)]
pub(crate) struct Sentries {
    keepers: Vec<Keeper>,
}

/// One Sentry, looked after until [`Sentries::stop`] or its end.
#[derive(Debug)]
struct Keeper {
    wanted: Wanted,
    task: Task<()>,
    stop: watch::Sender<Urgency>,
    anchors: Option<String>,
}

/// Which Sentry is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    address: String,
    port: u16,
    config: PathBuf,
    home: Home,
    /// What `DAPR_TRUST_ANCHORS` says; then the user has certificates of their own.
    given_anchors: Option<String>,
}

impl Sentries {
    /// Makes sure that every sidecar with mTLS has a Sentry, and lets it know the root certificate.
    ///
    /// # Errors
    /// There is none, and none can be started; or the run shall stop before that.
    pub(crate) async fn provide(
        plans: impl IntoIterator<Item = &mut Plan>,
        say: Say,
        urgency: &watch::Receiver<Urgency>,
    ) -> Result<Self> {
        let mut sentries = Self::default();
        for plan in plans {
            let Some(mtls) = plan.mtls.clone() else { continue };
            plan.trust_anchors = tokio::select! {
                anchors = sentries.anchors(&mtls, &plan.home, say) => anchors?,
                () = reached(urgency, Urgency::Ask) => bail!("stopped before Sentry was up"),
            };
        }
        Ok(sentries)
    }

    /// `None` when the sidecar has them in its environment, or when they are not known here.
    async fn anchors(&mut self, mtls: &Mtls, home: &Home, say: Say) -> Result<Option<String>> {
        let Some(port) = local_port(&mtls.sentry) else { return Ok(None) };
        if let Some(keeper) = self.keepers.iter().find(|k| k.wanted.port == port && k.wanted.home == *home) {
            return Ok(keeper.anchors.clone());
        }
        let given_anchors = std::env::var("DAPR_TRUST_ANCHORS").ok().filter(|text| !text.trim().is_empty());
        let (address, config) = (mtls.sentry.clone(), mtls.config.clone());
        let wanted = Wanted { address, port, config, home: home.clone(), given_anchors };
        let keeper = Keeper::start(wanted, say).await?;
        let anchors = keeper.anchors.clone();
        self.keepers.push(keeper);
        Ok(anchors)
    }

    /// Ends those that were started here. Another `dapr run` that needs one starts it again.
    pub(crate) async fn stop(self) {
        for keeper in self.keepers {
            keeper.stop.send_replace(Urgency::Ask);
            let _ = tokio::time::timeout(GRACE * 2, keeper.task.join()).await;
        }
    }
}

impl Keeper {
    async fn start(wanted: Wanted, say: Say) -> Result<Self> {
        let (stop, asked) = watch::channel(Urgency::None);
        let (told, mut news) = watch::channel(News::Nothing);
        let may_start = wanted.may_start();
        let program = wanted.home.find_program("sentry");
        if may_start {
            prepare(&wanted.home)?;
        }
        let work = Work { wanted: wanted.clone(), program, asked, told, say };
        let task = spawn("sentry", async move {
            if may_start {
                work.keep().await;
            }
        });
        let mut keeper = Self { wanted, task, stop, anchors: None };
        keeper.wait_until_up(&mut news).await?;
        keeper.anchors = keeper.wanted.anchors();
        if keeper.anchors.is_none() && keeper.wanted.given_anchors.is_none() {
            say.warning(&format!(
                "a Sentry that `dapr run` did not start listens on {}: set DAPR_TRUST_ANCHORS to the content of its ca.crt",
                keeper.wanted.address
            ));
        }
        Ok(keeper)
    }

    async fn wait_until_up(&self, news: &mut watch::Receiver<News>) -> Result<()> {
        let deadline = Instant::now() + UP_WITHIN;
        loop {
            let trusted = self.wanted.given_anchors.is_some() || self.wanted.anchors().is_some();
            // One that somebody else started may keep its certificates where we do not look.
            let foreign = *news.borrow() == News::Foreign;
            if listens(self.wanted.port) && (trusted || foreign) {
                return Ok(());
            }
            if let News::Failed(why) = &*news.borrow() {
                bail!("{}", why.clone());
            }
            if !self.wanted.may_start() {
                bail!(
                    "{} turns mTLS on and DAPR_TRUST_ANCHORS is set, but no Sentry listens on {}: start yours, or unset the variable and `dapr run` starts one",
                    self.wanted.config.display(),
                    self.wanted.address
                );
            }
            if Instant::now() > deadline && listens(self.wanted.port) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("no Sentry listens on {} within {UP_WITHIN:?}", self.wanted.address);
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Wanted {
    fn folder(&self) -> PathBuf {
        self.home.certificates()
    }

    /// The root certificate that Sentry keeps in our home.
    fn anchors(&self) -> Option<String> {
        if self.given_anchors.is_some() {
            return None;
        }
        std::fs::read_to_string(self.folder().join(ANCHORS))
            .ok()
            .filter(|text| text.contains("-----END CERTIFICATE-----"))
    }

    /// Not when the user's own anchors are not those of our Sentry: its certificates would be
    /// refused by every sidecar.
    fn may_start(&self) -> bool {
        let ours = std::fs::read_to_string(self.folder().join(ANCHORS)).unwrap_or_default();
        self.given_anchors.as_ref().is_none_or(|given| given.trim() == ours.trim())
    }
}

/// What the keeping task lets the starting one know.
#[derive(Clone, Debug, PartialEq, Eq)]
enum News {
    Nothing,
    /// A Sentry listens that no `dapr run` looks after.
    Foreign,
    Failed(String),
}

/// The task that looks after one Sentry.
struct Work {
    wanted: Wanted,
    program: Option<PathBuf>,
    asked: watch::Receiver<Urgency>,
    told: watch::Sender<News>,
    say: Say,
}

impl Work {
    /// Waits for its turn, and then keeps Sentry running until it is asked to stop.
    async fn keep(self) {
        let lock = tokio::select! {
            lock = self.turn() => lock,
            () = reached(&self.asked, Urgency::Ask) => return,
        };
        let _lock = match lock {
            Ok(lock) => lock,
            Err(error) => return self.tell(News::Failed(format!("{error:#}"))),
        };
        let mut pauses = Backoff::new(PAUSES.0, PAUSES.1);
        while *self.asked.borrow() == Urgency::None {
            let pause = if listens(self.wanted.port) {
                self.tell(News::Foreign);
                TURN
            } else {
                self.run_once().await;
                pauses.next_delay()
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = reached(&self.asked, Urgency::Ask) => return,
            }
        }
    }

    /// The lock, once no other `dapr run` holds it. The kernel gives it back however we end.
    async fn turn(&self) -> Result<File> {
        let path = self.wanted.home.root().join(format!("sentry-{}.lock", self.wanted.port));
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("cannot create {}", path.display()))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(TURN).await,
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
        }
    }

    /// Runs Sentry until it ends or shall end.
    async fn run_once(&self) {
        let sink = match self.sink() {
            Ok(sink) => sink,
            Err(error) => return self.tell(News::Failed(format!("{error:#}"))),
        };
        let started = match self.command() {
            Ok(command) => Child::start(&command, &sink).await,
            Err(error) => Err(error),
        };
        let mut child = match started {
            Ok(child) => child,
            Err(error) => return self.tell(News::Failed(format!("{error:#}"))),
        };
        self.say.info(&format!("Starting Sentry for mTLS on {}", self.wanted.address));
        tokio::select! {
            exit = child.exit() => {
                child.stop(GRACE, &self.asked).await;
                let why = format!("Sentry ended with exit code {}{}", exit.code(), last_words(&sink));
                self.say.warning(&why);
                self.tell(News::Failed(why));
            }
            () = reached(&self.asked, Urgency::Ask) => {
                child.stop(GRACE, &self.asked).await;
            }
        }
    }

    fn tell(&self, news: News) {
        self.told.send_replace(news);
    }

    fn sink(&self) -> Result<Sink> {
        let file = LogFile::replace(self.wanted.home.root().join(format!("sentry-{}.log", self.wanted.port)))?;
        Ok(Sink { console: None, file: Some(file), tail: Some(Tail::default()) })
    }

    fn command(&self) -> Result<Command> {
        let wanted = &self.wanted;
        let program = self.program.clone().with_context(|| {
            format!(
                "{} turns mTLS on, but nothing listens on {} and there is no `sentry` to start: put it beside `dapr`, or into {}, or on PATH",
                wanted.config.display(),
                wanted.address,
                wanted.home.bin().display()
            )
        })?;
        let [healthz, metrics] = free_ports()?;
        let folder = wanted.folder();
        let arguments = [
            ("--port", wanted.port.to_string()),
            ("--listen-address", "127.0.0.1".to_owned()),
            ("--healthz-port", healthz.to_string()),
            ("--healthz-listen-address", "127.0.0.1".to_owned()),
            ("--metrics-port", metrics.to_string()),
            ("--issuer-credentials", folder.to_string_lossy().into_owned()),
            ("--config", wanted.config.to_string_lossy().into_owned()),
            ("--trust-domain", variable("DAPR_CONTROLPLANE_TRUST_DOMAIN", "localhost")),
        ];
        Ok(Command {
            program,
            arguments: arguments.into_iter().flat_map(|(name, value)| [name.into(), value.into()]).collect(),
            // Sidecars expect the control plane in this namespace, whatever their own is.
            environment: vec![("NAMESPACE".to_owned(), variable("DAPR_CONTROLPLANE_NAMESPACE", "default"))],
            directory: Some(wanted.home.root().to_path_buf()),
            takes_stdin: false,
        })
    }
}

fn variable(name: &str, default: &str) -> String {
    std::env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
}

/// The folder for keys: nobody else may look into it.
fn prepare(home: &Home) -> Result<()> {
    let folder = home.certificates();
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.with_context(|| format!("cannot create {}", folder.display()))
}

fn last_words(sink: &Sink) -> String {
    let last = sink.tail.as_ref().map(|tail| tail.last_errors(3)).unwrap_or_default();
    let mut text: String = last.iter().map(|line| format!("\n     | {line}")).collect();
    if let Some(file) = &sink.file {
        text += &format!("\n   Its log: {}", file.path.display());
    }
    text
}

fn free_ports() -> Result<[u16; 2]> {
    let listeners = [TcpListener::bind(("127.0.0.1", 0))?, TcpListener::bind(("127.0.0.1", 0))?];
    Ok([listeners[0].local_addr()?.port(), listeners[1].local_addr()?.port()])
}

/// The port of an address on this machine; `None` for another machine.
fn local_port(address: &str) -> Option<u16> {
    let (host, port) = address.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_local =
        host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if is_local { port.parse().ok() } else { None }
}

fn listens(port: u16) -> bool {
    let addresses = ("localhost", port).to_socket_addrs().map(Vec::from_iter).unwrap_or_default();
    let connects = |address: &SocketAddr| TcpStream::connect_timeout(address, Duration::from_millis(200)).is_ok();
    addresses.iter().any(connects)
}

#[cfg(test)]
mod tests;
