//! The process: the log, the threads, signals, and the exit code.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use dapr_kit::clock::Clock;
use dapr_telemetry::log::{self, LogConfig};
use dapr_telemetry::otlp::{LogPush, MetricPush, VariableError};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{Environment, Flags, Sentry, Settings, VERSION};

/// How long tasks that nobody waits for may linger at the very end.
const LINGER: Duration = Duration::from_millis(100);
/// How long the last metrics and log lines may take to a collector.
const LAST_PUSH: Duration = Duration::from_secs(2);
/// The name of this service at a collector.
const SERVICE: &str = "dapr-sentry";

/// Runs Sentry until a signal.
///
/// Returns the exit code: 0 after a graceful stop, 1 after a failure or a second signal.
pub fn run(flags: &Flags, environment: Environment) -> ExitCode {
    let level = match flags.log_level.parse() {
        Ok(level) => level,
        Err(error) => return fatal(&format!("Invalid options: {error}")),
    };
    let logging = LogConfig {
        level,
        json: flags.log_as_json,
        file: flags.log_file.clone(),
        app_id: None,
        version: VERSION.to_owned(),
    };
    if let Err(error) = log::init(logging) {
        return fatal(&error.to_string());
    }
    let settings = match Settings::new(flags, environment) {
        Ok(settings) => settings,
        Err(error) => return fatal(&format!("Invalid options: {error}")),
    };
    let commit = option_env!("DAPR_GIT_COMMIT").unwrap_or("unknown");
    tracing::info!(
        target: "dapr.sentry",
        "Starting Dapr Sentry certificate authority -- version {VERSION} -- commit {commit}"
    );
    tracing::info!(target: "dapr.sentry", "Log level set to: {}", flags.log_level);
    // Signing is little work; more threads would only cost memory.
    let threads =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().thread_name("sentry").build();
    let threads = match threads {
        Ok(threads) => threads,
        Err(error) => return fatal(&format!("cannot start threads: {error}")),
    };
    let code = threads.block_on(serve(settings));
    threads.shutdown_timeout(LINGER);
    code
}

async fn serve(settings: Settings) -> ExitCode {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return fatal(&format!("cannot listen to signals: {error}")),
    };
    let variable = |name: &str| settings.environment.get(name).map(str::to_owned);
    let logs = match LogPush::start(SERVICE, &variable) {
        Ok(logs) => logs,
        Err(error) => return fatal(&error.to_string()),
    };
    let code = sentry(settings, &mut signals).await;
    if let Some(logs) = logs {
        logs.stop(LAST_PUSH).await;
    }
    code
}

/// Runs one Sentry from its start to its end.
async fn sentry(settings: Settings, signals: &mut Signals) -> ExitCode {
    let environment = settings.environment.clone();
    let started = tokio::select! {
        started = Sentry::start(settings, Clock::system()) => started,
        () = signals.next() => return ExitCode::SUCCESS,
    };
    let mut sentry = match started {
        Ok(sentry) => sentry,
        Err(error) => return fatal(&error.to_string()),
    };
    let pushed = match push_metrics(&sentry, &environment) {
        Ok(pushed) => pushed,
        Err(error) => return fatal(&error.to_string()),
    };
    let failure = tokio::select! {
        () = signals.next() => None,
        error = sentry.failure() => Some(error),
    };
    tokio::select! {
        () = sentry.stop() => {}
        () = signals.next() => return fatal("a second signal ends Sentry at once"),
    }
    if let Some(pushed) = pushed {
        pushed.stop(LAST_PUSH).await;
    }
    match failure {
        Some(error) => fatal(&error.to_string()),
        None => {
            tracing::info!(target: "dapr.sentry", "Sentry shut down gracefully");
            ExitCode::SUCCESS
        }
    }
}

/// Pushes metrics to a collector where the environment names one.
fn push_metrics(sentry: &Sentry, environment: &Environment) -> Result<Option<MetricPush>, VariableError> {
    MetricPush::start(sentry.metrics(), SERVICE, &|name| environment.get(name).map(str::to_owned))
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn fatal(message: &str) -> ExitCode {
    if tracing::dispatcher::has_been_set() {
        dapr_telemetry::fatal!(target: "dapr.sentry", "{message}");
    } else {
        use io::Write as _;
        let _ = writeln!(io::stderr(), "sentry: {message}");
    }
    ExitCode::FAILURE
}
