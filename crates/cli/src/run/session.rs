//! The life of one sidecar and its app: start, announce, wait, stop both, exit code.
//!
//! The order of a stop: the app first, so that its last calls still find the sidecar; then the
//! sidecar. Each is asked, gets a grace, and is killed. A second signal kills both at once.

mod announce;
mod explain;
mod reporter;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use dapr_kit::backoff::Backoff;
use tokio::sync::watch;
use tokio::time::Instant;

use self::announce::{Announcement, announce, announce_again};
use self::explain::Who;
pub(crate) use self::reporter::{LogReporter, Reporter};
use super::board::{Failure, Progress, State};
use super::child::Child;
use super::plan::Plan;
use crate::guard::Exit;
use crate::http_client::Target;
use crate::log_lines::Sink;
use crate::sidecar;
use crate::stop_signals::{Urgency, reached};

/// How long an app, and then its sidecar, may take to end when asked. The sidecar itself
/// limits its own stop to five seconds.
const GRACE: Duration = Duration::from_secs(10);
/// How long the sidecar may take to listen before its app is started anyway.
const UP_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(25);
/// How often an app that is not there yet is looked for: at first, and later.
const APP_POLLS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// The first and the longest pause before an app is started again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// An app that ran so long did not fail at its start: its next pause is the first one again.
const STEADY: Duration = Duration::from_secs(60);

/// Everything one run needs.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) plan: Plan,
    pub(crate) app_sink: Sink,
    pub(crate) sidecar_sink: Sink,
    /// Where status lines go: to people when the run is alone, else to the sidecar's log.
    pub(crate) reporter: Reporter,
    /// More extended metadata, for runs from a file.
    pub(crate) remarks: Vec<(&'static str, String)>,
    pub(crate) progress: Progress,
    pub(crate) urgency: watch::Receiver<Urgency>,
}

/// What ended the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Asked,
    App(Exit),
    Sidecar(Exit),
}

impl Session {
    /// Runs to the end and returns the exit code.
    ///
    /// # Errors
    /// A process could not be started; nothing of the run is left.
    pub(crate) async fn run(self) -> Result<u8> {
        let ended = self.live().await;
        if ended.is_err() {
            self.progress.set(State::Failed(Failure::Start));
        }
        ended
    }

    async fn live(&self) -> Result<u8> {
        self.announce_start();
        let mut sidecar = Child::start(&self.plan.sidecar_command(), &self.sidecar_sink).await?;
        if let Some(cause) = self.wait_until_up(&mut sidecar).await {
            return Ok(self.wind_down(cause, None, sidecar).await);
        }
        let mut app = match self.start_app().await {
            Ok(app) => app,
            Err(error) => {
                sidecar.stop(GRACE, &self.urgency).await;
                return Err(error);
            }
        };
        let cause = self.watch(&mut sidecar, &mut app).await;
        Ok(self.wind_down(cause, app, sidecar).await)
    }

    fn announce_start(&self) {
        let id = &self.plan.settings.app_id;
        let message = match (self.plan.http_target(), self.plan.grpc_target()) {
            (Target::Socket(http), Target::Socket(grpc)) => {
                format!("Starting Dapr with id {id}. HTTP Socket: {}. gRPC Socket: {}.", http.display(), grpc.display())
            }
            _ => format!(
                "Starting Dapr with id {id}. HTTP Port: {}. gRPC Port: {}",
                self.plan.http_port, self.plan.grpc_port
            ),
        };
        self.reporter.info(&message);
    }

    async fn start_app(&self) -> Result<Option<Child>> {
        match self.plan.app_command() {
            Some(command) => Ok(Some(Child::start(&command, &self.app_sink).await?)),
            None => Ok(None),
        }
    }

    /// Waits for the sidecar's ports before an app without a port is started. With an app port
    /// there is nothing to wait for: that sidecar waits for its app. `Some` ends the run.
    async fn wait_until_up(&self, sidecar: &mut Child) -> Option<Cause> {
        if self.plan.settings.app_port > 0 {
            return None;
        }
        tokio::select! {
            biased;
            () = reached(&self.urgency, Urgency::Ask) => Some(Cause::Asked),
            exit = sidecar.exit() => Some(Cause::Sidecar(exit)),
            up = self.both_listen() => { self.report_up(up); None }
        }
    }

    async fn both_listen(&self) -> bool {
        let (http, grpc) = (self.plan.http_target(), self.plan.grpc_target());
        self.reporter.info(&format!("Checking if Dapr sidecar is listening on HTTP {}", place(&http)));
        let http_up = listens(&http).await;
        self.reporter.info(&format!("Checking if Dapr sidecar is listening on GRPC {}", place(&grpc)));
        http_up && listens(&grpc).await && is_ready(&http).await
    }

    fn report_up(&self, up: bool) {
        if up {
            self.reporter.info("Dapr sidecar is up and running.");
        } else {
            self.reporter.warning("Dapr sidecar might not be responding.");
        }
    }

    /// Waits for whatever ends the run, starting the app again as often as its policy says.
    async fn watch(&self, sidecar: &mut Child, app: &mut Option<Child>) -> Cause {
        let mut pauses = Backoff::new(PAUSES.0, PAUSES.1);
        let mut is_first = true;
        loop {
            let since = Instant::now();
            let cause = self.watch_once(sidecar, app.as_mut(), is_first).await;
            let Cause::App(exit) = cause else { return cause };
            if !self.plan.settings.restart.applies_to(exit) {
                return cause;
            }
            if since.elapsed() >= STEADY {
                pauses.reset();
            }
            is_first = false;
            if let Some(cause) = self.restart(exit, pauses.next_delay(), sidecar, app).await {
                return cause;
            }
        }
    }

    /// Tells the sidecar who started it, and waits until the app or the sidecar ends or both shall.
    async fn watch_once(&self, sidecar: &mut Child, app: Option<&mut Child>, is_first: bool) -> Cause {
        let pid = app.as_ref().map(|app| app.pid());
        let mut come_up = std::pin::pin!(self.come_up(pid, is_first));
        let mut app_exit = std::pin::pin!(exit_of(app));
        let mut done = false;
        loop {
            tokio::select! {
                () = &mut come_up, if !done => done = true,
                exit = &mut app_exit => return Cause::App(exit),
                exit = sidecar.exit() => return Cause::Sidecar(exit),
                () = reached(&self.urgency, Urgency::Ask) => return Cause::Asked,
            }
        }
    }

    /// Makes the run known to its sidecar, and then waits for the app.
    async fn come_up(&self, app_pid: Option<i32>, is_first: bool) {
        match app_pid {
            Some(pid) if !is_first => announce_again(&self.plan, pid, &self.reporter).await,
            app_pid => {
                announce(&self.plan, Announcement { app_pid, remarks: &self.remarks }, &self.reporter).await;
                self.progress.set(State::Ready);
            }
        }
        if !self.progress.is_shown() {
            return;
        }
        let http = self.plan.http_target();
        let mut polls = Backoff::new(APP_POLLS.0, APP_POLLS.1);
        // The sidecar waits for the port of its app, but only once.
        while !sidecar::is_healthy(&http).await || !(is_first || self.plan.app_listens().await) {
            tokio::time::sleep(polls.next_delay()).await;
        }
        self.progress.set(State::Running);
    }

    /// Starts an app that ended once more. `Some` ends the run.
    async fn restart(
        &self,
        exit: Exit,
        pause: Duration,
        sidecar: &mut Child,
        app: &mut Option<Child>,
    ) -> Option<Cause> {
        if let Some(mut old) = app.take() {
            // It has ended, but what it had started may not have.
            old.stop(GRACE, &self.urgency).await;
        }
        self.reporter.restarts(exit, pause);
        self.progress.set(State::Restarting);
        tokio::select! {
            () = reached(&self.urgency, Urgency::Ask) => return Some(Cause::Asked),
            exit = sidecar.exit() => return Some(Cause::Sidecar(exit)),
            () = tokio::time::sleep(pause) => {}
        }
        match self.start_app().await {
            Ok(started) => *app = started,
            Err(error) => {
                self.reporter.warning(&format!("Cannot start the App process again: {error:#}"));
                return Some(Cause::App(exit));
            }
        }
        self.progress.restarted();
        None
    }

    async fn wind_down(&self, cause: Cause, app: Option<Child>, mut sidecar: Child) -> u8 {
        if cause == Cause::Asked {
            self.reporter.info("\nterminated signal received: shutting down");
        }
        self.progress.set(State::Stopping);
        let mut app_end = None;
        if let Some(mut app) = app {
            let exit = app.stop(GRACE, &self.urgency).await;
            app_end = Some(exit);
        }
        let exit = sidecar.stop(GRACE, &self.urgency).await;
        self.progress.set(end_state(cause, app_end));
        if let Some(exit) = app_end {
            self.report_app(exit, cause);
        }
        self.report_sidecar(exit, cause);
        self.remove_sockets();
        exit_code(cause, app_end)
    }

    fn report_app(&self, exit: Exit, cause: Cause) {
        if is_clean(exit, cause) {
            self.reporter.success("Exited App successfully");
        } else {
            self.reporter.ended(Who::App, exit, &self.app_sink);
        }
    }

    fn report_sidecar(&self, exit: Exit, cause: Cause) {
        if matches!(cause, Cause::Sidecar(_)) && !exit.is_success() {
            self.reporter.ended(Who::Sidecar, exit, &self.sidecar_sink);
        } else {
            self.reporter.success("Exited Dapr successfully");
        }
    }

    /// A killed sidecar leaves its sockets behind.
    fn remove_sockets(&self) {
        let sockets: [Target; 2] = [self.plan.http_target(), self.plan.grpc_target()];
        for path in sockets.into_iter().filter_map(socket_path) {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn socket_path(target: Target) -> Option<PathBuf> {
    match target {
        Target::Socket(path) => Some(path),
        Target::Port(_) => None,
    }
}

fn place(target: &Target) -> String {
    match target {
        Target::Port(port) => format!("port {port}"),
        Target::Socket(path) => format!("socket {}", path.display()),
    }
}

async fn listens(target: &Target) -> bool {
    let up = async {
        while !target.is_listening().await {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(UP_WITHIN, up).await.is_ok()
}

/// Waits until the app may call out: ports are open before the components behind them have started.
async fn is_ready(target: &Target) -> bool {
    let ready = async {
        while !sidecar::is_outbound_ready(target).await {
            tokio::time::sleep(POLL).await;
        }
    };
    tokio::time::timeout(UP_WITHIN, ready).await.is_ok()
}

async fn exit_of(app: Option<&mut Child>) -> Exit {
    match app {
        Some(app) => app.exit().await,
        None => std::future::pending().await,
    }
}

/// Whether the app ended as it should: with 0, or, when we asked it to end, by our signal
/// (128 + SIGTERM is what a JVM makes of it).
fn is_clean(exit: Exit, cause: Cause) -> bool {
    match (exit, cause) {
        (Exit::Code(0), _) => true,
        (_, Cause::App(_)) => false,
        (Exit::Signal(_), _) => true,
        (Exit::Code(code), _) => matches!(code, 130 | 143),
    }
}

/// The app's own code when it ended by itself; 1 when the sidecar failed under it.
fn exit_code(cause: Cause, app: Option<Exit>) -> u8 {
    match (cause, app) {
        (Cause::App(exit), _) => exit.code(),
        (Cause::Sidecar(exit), _) if !exit.is_success() => 1,
        (_, Some(exit)) if !is_clean(exit, cause) => exit.code(),
        _ => 0,
    }
}

/// What the table shows of a run that has ended.
fn end_state(cause: Cause, app: Option<Exit>) -> State {
    match (cause, app) {
        (Cause::Sidecar(exit), _) if !exit.is_success() => State::Failed(Failure::Sidecar(exit)),
        (Cause::App(exit), _) | (_, Some(exit)) if !is_clean(exit, cause) => State::Failed(Failure::App(exit)),
        _ => State::Stopped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_the_apps() {
        assert_eq!(exit_code(Cause::App(Exit::Code(3)), Some(Exit::Code(3))), 3);
        assert_eq!(exit_code(Cause::App(Exit::Signal(9)), Some(Exit::Signal(9))), 137);
        assert_eq!(exit_code(Cause::App(Exit::Code(0)), Some(Exit::Code(0))), 0);
    }

    #[test]
    fn an_app_ended_by_our_own_signal_is_no_failure() {
        for exit in [Exit::Signal(15), Exit::Code(143), Exit::Code(130), Exit::Code(0)] {
            assert_eq!(exit_code(Cause::Asked, Some(exit)), 0);
        }
        assert_eq!(exit_code(Cause::Asked, Some(Exit::Code(2))), 2);
        assert_eq!(exit_code(Cause::Asked, None), 0);
    }

    #[test]
    fn the_table_tells_whose_failure_ended_the_run() {
        let app = |exit| State::Failed(Failure::App(exit));
        let states = [
            (Cause::App(Exit::Code(0)), Some(Exit::Code(0)), State::Stopped),
            (Cause::App(Exit::Code(3)), Some(Exit::Code(3)), app(Exit::Code(3))),
            (Cause::App(Exit::Code(3)), None, app(Exit::Code(3))),
            (Cause::Asked, Some(Exit::Signal(15)), State::Stopped),
            (Cause::Asked, Some(Exit::Code(2)), app(Exit::Code(2))),
            (Cause::Asked, None, State::Stopped),
            (Cause::Sidecar(Exit::Code(0)), Some(Exit::Signal(15)), State::Stopped),
            (Cause::Sidecar(Exit::Code(1)), Some(Exit::Signal(15)), State::Failed(Failure::Sidecar(Exit::Code(1)))),
        ];
        for (cause, exit, state) in states {
            assert_eq!(end_state(cause, exit), state, "{cause:?} {exit:?}");
        }
    }

    #[test]
    fn a_sidecar_that_fails_fails_the_run() {
        assert_eq!(exit_code(Cause::Sidecar(Exit::Code(1)), Some(Exit::Signal(15))), 1);
        assert_eq!(exit_code(Cause::Sidecar(Exit::Signal(9)), None), 1);
        assert_eq!(exit_code(Cause::Sidecar(Exit::Code(0)), Some(Exit::Signal(15))), 0);
    }
}
