//! The guard process itself: start the command, watch it and the lifeline, leave nothing behind.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream as StdStream;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use super::{ASK, Event, Exit, INSIST, MARKER, become_reaper};
use crate::processes;
use crate::stop_signals::StopSignals;

/// How long a child may take to end once `dapr run` is gone.
const ORPHAN_GRACE: Duration = Duration::from_secs(7);
/// How long what a finished command left behind may take to end.
const LEFTOVER_GRACE: Duration = Duration::from_secs(2);
/// Long enough to outlast any run.
const FAR_AWAY: Duration = Duration::from_secs(365 * 24 * 3600);

/// What a guard was started for.
#[derive(Debug)]
pub(crate) struct Order {
    /// Opened as the command's standard input; without it the input is empty.
    stdin: Option<PathBuf>,
    program: OsString,
    arguments: Vec<OsString>,
}

impl Order {
    /// Reads `dapr __guard STDIN PROGRAM ARGUMENTS…`; `None` for every other command line.
    pub(crate) fn from_arguments(all: &[OsString]) -> Option<Self> {
        if all.get(1)? != MARKER {
            return None;
        }
        let stdin = all.get(2).filter(|path| !path.is_empty()).map(PathBuf::from);
        Some(Self { stdin, program: all.get(3)?.clone(), arguments: all[4..].to_vec() })
    }

    fn start(&self) -> std::io::Result<Child> {
        let mut command = tokio::process::Command::new(&self.program);
        command.args(&self.arguments).process_group(0).stdin(self.input());
        die_with_parent(&mut command);
        command.spawn()
    }

    fn input(&self) -> Stdio {
        self.stdin.as_ref().and_then(|path| File::open(path).ok()).map_or_else(Stdio::null, Stdio::from)
    }
}

/// Asks the kernel to kill the command when the guard's main thread ends. The guard is single
/// threaded, so that is the end of the guard.
#[cfg(target_os = "linux")]
#[expect(
    unsafe_code,
    reason = "the death signal must be set between fork and exec; prctl and getppid are async-signal-safe"
)]
fn die_with_parent(command: &mut tokio::process::Command) {
    let guard = rustix::process::getpid();
    let set = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // The guard may have died before the signal was set.
        if rustix::process::getppid() != Some(guard) {
            return Err(std::io::ErrorKind::BrokenPipe.into());
        }
        Ok(())
    };
    // SAFETY: the closure allocates nothing, takes no lock and makes only system calls.
    unsafe {
        command.pre_exec(set);
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_command: &mut tokio::process::Command) {}

/// Runs the guard to its end.
pub(crate) fn run(order: Order) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(watch(&order))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn watch(order: &Order) -> std::io::Result<()> {
    become_reaper();
    // Before the child starts: a signal to the guard must never end it without its child.
    let signals = StopSignals::new()?;
    let (lifeline, mut reports) = lifeline()?.into_split();
    let mut child = match order.start() {
        Ok(child) => child,
        Err(error) => return reports.write_all(Event::Failed(error.to_string()).line().as_bytes()).await,
    };
    let group = child.id().and_then(|id| i32::try_from(id).ok()).unwrap_or_default();
    let _ = reports.write_all(Event::Started(group).line().as_bytes()).await;
    let exit = Watch { group, lifeline, signals, kill_at: Instant::now() + FAR_AWAY, lifeline_open: true }
        .until_exit(&mut child)
        .await?;
    // The run may be gone; then nobody reads this.
    let _ = reports.write_all(Event::Ended(exit).line().as_bytes()).await;
    end_leftovers(group).await;
    Ok(())
}

fn lifeline() -> std::io::Result<UnixStream> {
    let stream = StdStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream)
}

struct Watch {
    group: i32,
    lifeline: OwnedReadHalf,
    lifeline_open: bool,
    signals: StopSignals,
    kill_at: Instant,
}

impl Watch {
    async fn until_exit(mut self, child: &mut Child) -> std::io::Result<Exit> {
        let mut children = signal(SignalKind::child())?;
        let mut byte = [0];
        loop {
            tokio::select! {
                status = child.wait() => return status.map(exit_of),
                read = self.lifeline.read(&mut byte), if self.lifeline_open => self.obey(read.unwrap_or(0), byte[0]),
                () = self.signals.next() => self.ask_then_kill(),
                () = tokio::time::sleep_until(self.kill_at) => self.kill(),
                _ = children.recv() => reap_orphans(self.group),
            }
        }
    }

    /// Follows one byte of the lifeline; no byte means that `dapr run` is gone.
    fn obey(&mut self, read: usize, order: u8) {
        match (read, order) {
            (0, _) => {
                self.lifeline_open = false;
                self.ask_then_kill();
            }
            (_, ASK) => processes::signal_group(self.group, Signal::TERM),
            (_, INSIST) => self.kill(),
            _ => {}
        }
    }

    fn ask_then_kill(&mut self) {
        processes::signal_group(self.group, Signal::TERM);
        self.kill_at = self.kill_at.min(Instant::now() + ORPHAN_GRACE);
    }

    fn kill(&mut self) {
        kill_all(self.group);
        self.kill_at = Instant::now() + Duration::from_millis(200);
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    status.code().map_or_else(|| Exit::Signal(status.signal().unwrap_or(9)), Exit::Code)
}

/// Kills the group and every descendant, also those that left the group.
fn kill_all(group: i32) {
    processes::signal_group(group, Signal::KILL);
    for pid in own_descendants() {
        let _ = processes::signal(pid, Signal::KILL);
    }
}

/// Ends what the command left running: first politely, then not.
async fn end_leftovers(group: i32) {
    processes::signal_group(group, Signal::TERM);
    for pid in own_descendants() {
        let _ = processes::signal(pid, Signal::TERM);
    }
    let polite_until = Instant::now() + LEFTOVER_GRACE;
    let give_up = polite_until + LEFTOVER_GRACE;
    loop {
        reap_orphans(0);
        if own_descendants().is_empty() || Instant::now() > give_up {
            return;
        }
        if Instant::now() > polite_until {
            kill_all(group);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

fn own_descendants() -> Vec<i32> {
    processes::descendants(own_pid())
}

/// Collects adopted processes that ended. The command itself (`except`) is left to `Child`.
fn reap_orphans(except: i32) {
    let me = own_pid();
    for process in processes::all() {
        if process.parent == me
            && process.zombie
            && process.pid != except
            && let Some(pid) = Pid::from_raw(process.pid)
        {
            let _ = rustix::process::waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(words: &[&str]) -> Option<Order> {
        Order::from_arguments(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn only_the_marker_makes_a_guard() {
        assert!(order(&["dapr", "run", "__guard"]).is_none());
        assert!(order(&["dapr"]).is_none());
        let order = order(&["dapr", MARKER, "", "node", "app.js", "--x"]).unwrap();
        assert_eq!((order.stdin, order.program, order.arguments.len()), (None, "node".into(), 2));
    }
}
