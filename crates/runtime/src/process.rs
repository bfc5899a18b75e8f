//! The process: the log, the threads, and sidecars one after the other until one ends for good.

use std::process::ExitCode;
use std::time::Duration;

use dapr_spi::registry::Registry;
use dapr_telemetry::log::{self, LogConfig};
use dapr_telemetry::otlp::LogPush;

use crate::sidecar::{End, Sidecar};
use crate::signals::Signals;
use crate::{Config, Environment, Flags, VERSION};

/// How long the last lines of the log may take to reach a collector.
const LAST_LINES: Duration = Duration::from_secs(1);
/// How long tasks that nobody waits for may linger at the very end.
const LINGER: Duration = Duration::from_millis(100);

/// Runs sidecars until one ends for good: a reload starts the next one with the same flags.
///
/// Returns the exit code: 0 after a graceful stop, 1 after a failure.
pub fn run(flags: &Flags, environment: &Environment, registry: &Registry) -> ExitCode {
    let level = match Config::log_level(flags) {
        Ok(level) => level,
        Err(error) => return fatal(&error.to_string()),
    };
    let logging = LogConfig {
        level,
        json: flags.log_as_json,
        file: flags.log_file.clone(),
        app_id: Some(flags.app_id.clone()),
        version: VERSION.to_owned(),
    };
    if let Err(error) = log::init(logging) {
        return fatal(&error.to_string());
    }
    let threads = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(worker_threads(environment))
        .enable_all()
        .thread_name("daprd")
        .build();
    let threads = match threads {
        Ok(threads) => threads,
        Err(error) => return fatal(&format!("cannot start threads: {error}")),
    };
    let code = threads.block_on(sidecars(flags, environment, registry));
    threads.shutdown_timeout(LINGER);
    code
}

/// Half of the processors: the application next to the sidecar needs the others, and fewer threads hand less work to
/// one another. `TOKIO_WORKER_THREADS` says otherwise.
fn worker_threads(environment: &Environment) -> usize {
    let given = environment.get("TOKIO_WORKER_THREADS").and_then(|text| text.parse().ok()).filter(|count| *count > 0);
    given.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |count| count.get().div_ceil(2)))
}

async fn sidecars(flags: &Flags, environment: &Environment, registry: &Registry) -> ExitCode {
    let variable = |name: &str| environment.get(name).map(str::to_owned);
    let push = match LogPush::start(&flags.app_id, &variable) {
        Ok(push) => push,
        Err(error) => return fatal(&error.to_string()),
    };
    let code = until_the_last(flags, environment, registry).await;
    if let Some(push) = push {
        push.stop(LAST_LINES).await;
    }
    code
}

async fn until_the_last(flags: &Flags, environment: &Environment, registry: &Registry) -> ExitCode {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return fatal(&format!("cannot listen to signals: {error}")),
    };
    loop {
        let config = match Config::new(flags, environment.clone()) {
            Ok(config) => config,
            Err(error) => return fatal(&error.to_string()),
        };
        tracing::info!(target: "dapr.runtime", "Starting Dapr Runtime -- version {VERSION} -- commit {}", option_env!("DAPR_GIT_COMMIT").unwrap_or("unknown"));
        tracing::info!(target: "dapr.runtime", "Log level set to: {}", flags.log_level);
        for flag in flags.waiting() {
            tracing::debug!(target: "dapr.runtime", "{flag} is accepted and has no effect in this build yet");
        }
        match Sidecar::run(config, registry, &mut signals).await {
            Ok(End::Stopped) => {
                tracing::info!(target: "dapr.runtime", "Daprd shutdown gracefully");
                return ExitCode::SUCCESS;
            }
            Ok(End::Reload) => tracing::info!(target: "dapr.runtime", "starting over with the same flags"),
            Ok(End::Killed) => return ExitCode::FAILURE,
            Err(error) => return fatal(&format!("Fatal error from runtime: {error}")),
        }
    }
}

fn fatal(message: &str) -> ExitCode {
    if tracing::dispatcher::has_been_set() {
        dapr_telemetry::fatal!(target: "dapr.runtime", "{message}");
    } else {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "daprd: {message}");
    }
    ExitCode::FAILURE
}
