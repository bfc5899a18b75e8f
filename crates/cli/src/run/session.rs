//! The life of one sidecar and its app: start, announce, wait, stop both, exit code.
//!
//! The order of a stop: the app first, so that its last calls still find the sidecar; then the
//! sidecar. Each is asked, gets a grace, and is killed. A second signal kills both at once.

mod announce;
mod child;
mod reporter;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;

use self::announce::{Announcement, announce};
use self::child::Child;
pub(crate) use self::reporter::{LogReporter, Reporter};
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
        let cause = self.watch(&mut sidecar, app.as_mut()).await;
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

    /// Tells the sidecar who started it, and waits for whatever ends the run.
    async fn watch(&self, sidecar: &mut Child, app: Option<&mut Child>) -> Cause {
        let announcement = Announcement { app_pid: app.as_ref().map(|app| app.pid()), remarks: &self.remarks };
        let mut announced = std::pin::pin!(announce(&self.plan, announcement, &self.reporter));
        let mut app_exit = std::pin::pin!(exit_of(app));
        let mut done = false;
        loop {
            tokio::select! {
                () = &mut announced, if !done => done = true,
                exit = &mut app_exit => return Cause::App(exit),
                exit = sidecar.exit() => return Cause::Sidecar(exit),
                () = reached(&self.urgency, Urgency::Ask) => return Cause::Asked,
            }
        }
    }

    async fn wind_down(&self, cause: Cause, app: Option<Child>, mut sidecar: Child) -> u8 {
        if cause == Cause::Asked {
            self.reporter.info("\nterminated signal received: shutting down");
        }
        let mut app_end = None;
        if let Some(mut app) = app {
            let exit = app.stop(GRACE, &self.urgency).await;
            self.report_app(exit, cause);
            app_end = Some(exit);
        }
        let exit = sidecar.stop(GRACE, &self.urgency).await;
        self.report_sidecar(exit, cause);
        self.remove_sockets();
        exit_code(cause, app_end)
    }

    fn report_app(&self, exit: Exit, cause: Cause) {
        match exit {
            _ if is_clean(exit, cause) => self.reporter.success("Exited App successfully"),
            Exit::Code(code) => self.reporter.failure(&format!("The App process exited with error code: {code}")),
            Exit::Signal(signal) => {
                self.reporter.failure(&format!("The App process was terminated by signal: {signal}"))
            }
        }
    }

    fn report_sidecar(&self, exit: Exit, cause: Cause) {
        match (cause, exit) {
            (Cause::Sidecar(_), Exit::Code(code)) if code != 0 => {
                self.reporter.failure(&format!("The daprd process exited with error code: {code}"));
            }
            (Cause::Sidecar(_), Exit::Signal(signal)) => {
                self.reporter.failure(&format!("The daprd process was terminated by signal: {signal}"));
            }
            _ => self.reporter.success("Exited Dapr successfully"),
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
    fn a_sidecar_that_fails_fails_the_run() {
        assert_eq!(exit_code(Cause::Sidecar(Exit::Code(1)), Some(Exit::Signal(15))), 1);
        assert_eq!(exit_code(Cause::Sidecar(Exit::Signal(9)), None), 1);
        assert_eq!(exit_code(Cause::Sidecar(Exit::Code(0)), Some(Exit::Signal(15))), 0);
    }
}
