//! A program of ours as a child of a test: its output, its signals, its end.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::time::sleep;

/// How often a waiting test looks again.
pub(crate) const POLL: Duration = Duration::from_millis(20);
/// How long a test waits for something that takes a moment on an idle machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until `find` finds something.
///
/// # Panics
/// It found nothing in a minute.
pub(crate) async fn until<T>(what: &str, find: impl AsyncFnMut() -> Option<T>) -> T {
    within(PATIENCE, what, find).await
}

/// As [`until`], with another limit.
///
/// # Panics
/// It found nothing in time.
pub(crate) async fn within<T>(limit: Duration, what: &str, mut find: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = find().await {
            return found;
        }
        assert!(Instant::now() < deadline, "still not so after {limit:?}: {what}");
        sleep(POLL).await;
    }
}

/// Whether a process of that number lives.
pub(crate) fn lives(pid: i32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_zombie = state.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'));
    !is_zombie && Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid).is_ok())
}

/// A running program. Its standard output and error lie in one file. Dropping it kills it.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program that dies with the thread of this test. `log` is created, or appended to.
    ///
    /// # Panics
    /// It cannot be started.
    pub(crate) fn start(log: &Path, program: impl AsRef<OsStr>, adjust: impl FnOnce(&mut Command)) -> Self {
        let output = OpenOptions::new().create(true).append(true).open(log).expect("a file for the output");
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig=KILL").arg("--").arg(program).env_remove("DAPR_API_TOKEN").stdin(Stdio::null());
        adjust(&mut command);
        command.stdout(output.try_clone().expect("a second handle")).stderr(output);
        let child = command.spawn().expect("start a program through `setpriv` of util-linux");
        Self { child, log: log.to_owned() }
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process number")
    }

    /// Everything it printed.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_raw(self.pid()).expect("not zero"), signal);
    }

    /// Whether it has ended, and how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of this test")
    }

    /// Waits for its end and returns the exit code; -1 when a signal ended it.
    ///
    /// # Panics
    /// It did not end in time.
    pub(crate) async fn exit_code(&mut self, limit: Duration) -> i32 {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.ended() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < deadline, "it did not end in {limit:?}; it printed\n{}", self.output());
            sleep(POLL).await;
        }
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It failed, or took longer; with what it printed.
    pub(crate) async fn succeeds(&mut self, limit: Duration) -> String {
        let code = self.exit_code(limit).await;
        assert_eq!(code, 0, "exit code; it printed\n{}", self.output());
        self.output()
    }

    /// Waits until it printed a text.
    ///
    /// # Panics
    /// It ended or was silent.
    pub(crate) async fn prints(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.output().contains(text) {
            let ended = self.ended();
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "it did not print {text:?} ({ended:?}) but\n{}",
                self.output()
            );
            sleep(POLL).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- output of process {} ---\n{}--- end ---", self.child.id(), self.output());
        }
    }
}
