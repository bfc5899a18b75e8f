//! Mixed calls while the called application restarts, with its sidecar or alone: no wrong answer, no leak, and errors only
//! where no policy covers a call.
//!
//! Some seconds in `make test`; `make soak MINUTES=30` for longer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::time::sleep;

use super::callers::{Caller, Calls, Failure, Kind, Targets};
use super::echo::Echo;
use super::{Usage, calms_down, reached, usage};
use crate::daprd::{Daprd, Setup};
use crate::machine;
use crate::mesh::Mesh;

/// Callers of each of the two calling sidecars.
const CALLERS: usize = 4;
/// An error that comes a moment after the application is up again may still be of its end.
const MOMENT: Duration = Duration::from_millis(300);
/// What allocators keep in a short run, where debug builds run that need twice the memory.
const SLACK: u64 = 24 << 20;

/// Repeats every call for twenty seconds.
const PATIENT: &str = "
apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: {name: patient}
spec:
  policies:
    retries:
      patient: {policy: constant, duration: 100ms, maxRetries: 200}
  targets:
    apps:
      over-http: {retry: patient}
      over-grpc: {retry: patient}
      endpoint: {retry: patient}
";

/// What restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restart {
    Application,
    Both,
}

/// An application and its sidecar.
struct Callee {
    app_id: &'static str,
    protocol: &'static str,
    echo: Option<Echo>,
    daprd: Option<Daprd>,
}

/// The time from the end of an application until it could be called again.
struct Window {
    of: &'static str,
    from: Instant,
    until: Instant,
}

impl Callee {
    async fn start(mesh: &Mesh, app_id: &'static str, protocol: &'static str) -> Self {
        let echo = Echo::start(machine::port()).await;
        let daprd = mesh.beside(app_id, echo.port, protocol).start().await;
        Self { app_id, protocol, echo: Some(echo), daprd: Some(daprd) }
    }

    fn port(&self) -> u16 {
        self.echo.as_ref().expect("a running application").port
    }

    fn sidecar(&self) -> &Daprd {
        self.daprd.as_ref().expect("a running sidecar")
    }

    async fn restart(&mut self, mesh: &Mesh, what: Restart, signal: Signal) -> Window {
        let (port, from) = (self.port(), Instant::now());
        self.echo.take().expect("a running application").stop().await;
        if what == Restart::Both {
            let mut daprd = self.daprd.take().expect("a running sidecar");
            daprd.process.signal(signal);
            daprd.process.exit_code(Duration::from_secs(30)).await;
        }
        self.echo = Some(Echo::start(port).await);
        if what == Restart::Both {
            self.daprd = Some(mesh.beside(self.app_id, port, self.protocol).start().await);
        }
        Window { of: self.app_id, from, until: Instant::now() }
    }
}

fn endpoint(port: u16) -> String {
    let head = "apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: {name: endpoint}\n";
    format!("{head}spec: {{baseUrl: 'http://127.0.0.1:{port}'}}\n")
}

/// Why a failure may not be; none when it may.
fn objection(failure: &Failure, is_covered: bool, windows: &[Window], what: Restart) -> Option<&'static str> {
    let app_id = if failure.kind.is_proxied() { "over-grpc" } else { "over-http" };
    let window = windows.iter().find(|window| {
        window.of == app_id && failure.began <= window.until + MOMENT && failure.ended + MOMENT >= window.from
    });
    let Some(window) = window else { return Some("nothing restarted meanwhile") };
    if failure.what.contains("no answer in") {
        return Some("it hung");
    }
    if is_covered && !failure.kind.is_stream() && !failure.is_cut {
        return Some("a policy covers it");
    }
    // Dapr itself repeats calls that find no sidecar, other than streams and proxied calls.
    let repeats = !failure.kind.is_proxied() && !failure.kind.is_stream() && failure.kind != Kind::Endpoint;
    let began_later = failure.began > window.from + MOMENT;
    // A sidecar that is asked to end serves its last calls, though its application is gone.
    let ends = failure.what.contains("error invoking app channel");
    // Three times, a second apart; a restart that takes longer is too long for it.
    let in_vain = failure.ended - failure.began >= Duration::from_secs(3);
    (what == Restart::Both && repeats && began_later && !is_covered && !ends && !in_vain)
        .then_some("it began after the restart did")
}

/// Starts the callers of a sidecar.
async fn callers(daprd: &Daprd, name: &str, targets: &Targets, calls: &Arc<Calls>) -> Vec<dapr_kit::task::Task<()>> {
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        let caller = Caller::new(daprd, targets, format!("{name}-{number}")).await;
        callers.push(caller.run(&Kind::ALL, calls.clone()));
    }
    callers
}

async fn soak(what: Restart) {
    let minutes = std::env::var("SOAK_MINUTES").ok().and_then(|text| text.parse::<f64>().ok());
    let duration = minutes.map_or(Duration::from_secs(8), |minutes| Duration::from_secs_f64(minutes * 60.0));
    let pause = Duration::from_secs(if minutes.is_some() { 10 } else { 1 });
    let mesh = Mesh::new(false).await;
    let mut callees =
        [Callee::start(&mesh, "over-http", "http").await, Callee::start(&mesh, "over-grpc", "grpc").await];
    let endpoint = endpoint(callees[0].port());
    let with_endpoint = |setup: Setup| setup.file("endpoint.yaml", &endpoint);
    let covered = with_endpoint(mesh.sidecar("covered")).file("patient.yaml", PATIENT).start().await;
    let bare = with_endpoint(mesh.sidecar("bare")).start().await;
    reached(&covered, "over-http").await;
    reached(&bare, "over-http").await;
    let targets = Targets { http: "over-http".into(), grpc: "over-grpc".into(), endpoint: "endpoint".into() };
    let processes = [("covered", &covered.process), ("bare", &bare.process)];
    let idle: Vec<Usage> = processes.iter().map(|(_, process)| usage(process)).collect();
    let idle_callee = usage(&callees[0].sidecar().process);

    let [of_covered, of_bare] = [Arc::<Calls>::default(), Arc::default()];
    let mut tasks = callers(&covered, "covered", &targets, &of_covered).await;
    tasks.extend(callers(&bare, "bare", &targets, &of_bare).await);
    let (began, mut windows, mut peak) = (Instant::now(), Vec::new(), vec![0; processes.len()]);
    while began.elapsed() < duration {
        sleep(pause).await;
        // By turns, so each restarts every two pauses.
        let (number, signal) = (windows.len(), [Signal::KILL, Signal::TERM][windows.len() / 2 % 2]);
        windows.push(callees[number % 2].restart(&mesh, what, signal).await);
        for (peak, (_, process)) in peak.iter_mut().zip(processes) {
            *peak = u64::max(*peak, usage(process).memory);
        }
        assert!(tasks.iter().all(|task| !task.is_finished()), "a caller met a wrong answer");
    }
    sleep(pause).await;
    of_covered.end();
    of_bare.end();
    for task in tasks {
        task.join().await.expect("no wrong answer");
    }

    let mut objections = Vec::new();
    for (calls, is_covered) in [(of_covered, true), (of_bare, false)] {
        let (done, failures) = (calls.done.load(Ordering::Relaxed), calls.failures());
        let by_kind = Kind::ALL.map(|kind| (kind, failures.iter().filter(|failure| failure.kind == kind).count()));
        eprintln!("{what:?} covered {is_covered}: {done} calls, {} restarts, failed {by_kind:?}", windows.len());
        assert!(done > 100, "{done} calls");
        objections.extend(failures.iter().filter_map(|failure| {
            let objection = objection(failure, is_covered, &windows, what)?;
            let (began, took) = (failure.began - began, failure.ended - failure.began);
            Some(format!(
                "covered {is_covered}: {objection}: {:?} at {began:?} for {took:?}: {}",
                failure.kind, failure.what
            ))
        }));
    }
    eprintln!("{what:?}: {:?}; most memory {peak:?}", began.elapsed());
    let restarts: Vec<_> =
        windows.iter().map(|window| (window.of, window.from - began, window.until - began)).collect();
    objections.truncate(50);
    assert!(objections.is_empty(), "restarts: {restarts:?}\n{}", objections.join("\n"));
    let slack = if minutes.is_some() { 0 } else { SLACK };
    for ((name, process), idle) in processes.into_iter().zip(&idle) {
        let after = calms_down(name, process, *idle, slack).await;
        eprintln!("{what:?} {name}: {idle:?} before, {after:?} after");
    }
    if what == Restart::Application {
        let after = calms_down("callee", &callees[0].sidecar().process, idle_callee, slack).await;
        eprintln!("{what:?} callee: {idle_callee:?} before, {after:?} after");
    }
    for process in [&covered.process, &bare.process, &callees[0].sidecar().process, &callees[1].sidecar().process] {
        assert!(!process.output().contains("panicked"), "{}", process.output());
    }
}

#[tokio::test]
async fn applications_restart_with_their_sidecars() {
    soak(Restart::Both).await;
}

#[tokio::test]
async fn applications_restart_alone() {
    soak(Restart::Application).await;
}
