//! The side of `dapr run`: a child behind its guard, its output, and its end.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

use super::{ASK, Event, Exit, INSIST, MARKER};
use crate::processes;
use crate::stop_signals::{Urgency, reached};

/// How long a killed child may take to be reported as ended.
const AFTER_KILL: Duration = Duration::from_secs(3);
const SIGKILL: i32 = 9;

/// A command to run behind a guard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Command {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    /// Added to the environment of this process.
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) directory: Option<PathBuf>,
    /// Hand on our standard input, unless it is a terminal: a background group that reads one
    /// is stopped by the kernel.
    pub(crate) takes_stdin: bool,
}

/// The two output streams of a child.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) stdout: ChildStdout,
    pub(crate) stderr: ChildStderr,
}

/// A running child. Dropping it closes the lifeline, and with it ends the child.
#[derive(Debug)]
pub(crate) struct Guarded {
    pid: i32,
    events: Lines<BufReader<OwnedReadHalf>>,
    orders: OwnedWriteHalf,
    guard: Child,
    exit: Option<Exit>,
}

impl Guarded {
    /// Starts `command`; returns once it runs.
    ///
    /// # Errors
    /// It could not be started; the message says why.
    pub(crate) async fn start(command: &Command) -> Result<(Self, Output)> {
        let (ours, theirs) = StdStream::pair()?;
        let mut guard = spawn_guard(command, theirs)?;
        let (Some(stdout), Some(stderr)) = (guard.stdout.take(), guard.stderr.take()) else {
            bail!("the guard has no output")
        };
        ours.set_nonblocking(true)?;
        let (events, orders) = UnixStream::from_std(ours)?.into_split();
        let mut guarded = Self { pid: 0, events: BufReader::new(events).lines(), orders, guard, exit: None };
        guarded.pid = guarded.started().await.with_context(|| format!("cannot start {}", command.program.display()))?;
        Ok((guarded, Output { stdout, stderr }))
    }

    async fn started(&mut self) -> Result<i32> {
        match self.event().await {
            Some(Event::Started(pid)) => Ok(pid),
            Some(Event::Failed(why)) => bail!(why),
            Some(Event::Ended(_)) | None => bail!("its guard ended"),
        }
    }

    async fn event(&mut self) -> Option<Event> {
        Event::parse(&self.events.next_line().await.ok()??)
    }

    /// The process of the command itself.
    pub(crate) fn pid(&self) -> i32 {
        self.pid
    }

    /// Waits for the end of the command. Cancel safe, and may be called again.
    pub(crate) async fn exit(&mut self) -> Exit {
        while self.exit.is_none() {
            match self.event().await {
                Some(Event::Ended(exit)) => self.exit = Some(exit),
                Some(_) => {}
                None => {
                    self.exit = Some(Exit::Signal(SIGKILL));
                    self.guard_lost().await;
                }
            }
        }
        self.exit.unwrap_or(Exit::Signal(SIGKILL))
    }

    /// The guard was killed. The kernel kills the command, we what it had started.
    async fn guard_lost(&self) {
        processes::signal_group(self.pid, Signal::KILL);
        // Its orphans become ours only when the kernel is done with the guard.
        tokio::time::sleep(Duration::from_millis(50)).await;
        kill_strays();
    }

    /// Ends the command: asks, and kills it after `grace` or as soon as `urgency` insists.
    /// Returns when its guard has also ended everything that the command had started.
    pub(crate) async fn stop(&mut self, grace: Duration, urgency: &watch::Receiver<Urgency>) -> Exit {
        self.order(ASK);
        tokio::select! {
            _ = self.exit() => {}
            () = tokio::time::sleep(grace) => self.order(INSIST),
            () = reached(urgency, Urgency::Insist) => self.order(INSIST),
        }
        let _ = tokio::time::timeout(AFTER_KILL, self.exit()).await;
        self.guard_gone(urgency).await;
        self.exit.unwrap_or(Exit::Signal(SIGKILL))
    }

    async fn guard_gone(&mut self, urgency: &watch::Receiver<Urgency>) {
        let deadline = tokio::time::Instant::now() + AFTER_KILL * 2;
        while matches!(self.guard.try_wait(), Ok(None)) && tokio::time::Instant::now() < deadline {
            if *urgency.borrow() == Urgency::Insist {
                processes::signal_group(self.pid, Signal::KILL);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn order(&self, order: u8) {
        // A guard that is gone needs no order.
        let _ = self.orders.try_write(&[order]);
    }
}

/// Kills every child of this process that is no guard, with all its descendants. There are such
/// children only when a guard was killed and [`super::become_reaper`] was called.
fn kill_strays() {
    let me = i32::try_from(std::process::id()).unwrap_or_default();
    let strays = processes::all().into_iter().filter(|p| p.parent == me && !p.zombie);
    for stray in strays.filter(|p| p.command_line().get(1).is_none_or(|word| word.as_str() != MARKER)) {
        for pid in processes::descendants(stray.pid).into_iter().chain([stray.pid]) {
            let _ = processes::signal(pid, Signal::KILL);
        }
    }
}

fn spawn_guard(command: &Command, lifeline: StdStream) -> Result<Child> {
    let own = std::env::current_exe().context("cannot find my own executable")?;
    let mut guard = std::process::Command::new(own);
    guard.arg(MARKER).arg(stdin_path(command)).arg(&command.program).args(&command.arguments);
    guard.envs(command.environment.iter().map(|(key, value)| (key, value)));
    if let Some(directory) = &command.directory {
        guard.current_dir(directory);
    }
    // Its own group: Ctrl-C in the terminal reaches `dapr run`, which stops children in order.
    guard.process_group(0).stdin(Stdio::from(OwnedFd::from(lifeline))).stdout(Stdio::piped()).stderr(Stdio::piped());
    guard.spawn().context("cannot start a child process")
}

/// The guard's own standard input is the lifeline, so it reopens ours by this path.
fn stdin_path(command: &Command) -> OsString {
    if command.takes_stdin && !std::io::stdin().is_terminal() {
        return format!("/proc/{}/fd/0", std::process::id()).into();
    }
    OsString::new()
}
