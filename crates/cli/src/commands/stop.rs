//! `dapr stop`: ends sidecars and their apps, and makes sure that they are gone.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;

use super::{KUBERNETES, waits_for};
use crate::cli::Context;
use crate::instances::{self, Instance};
use crate::processes;
use crate::run::file;

/// `dapr run` gives app and sidecar ten seconds each; then it kills them itself.
const POLITE: Duration = Duration::from_secs(25);
const AFTER_KILL: Duration = Duration::from_secs(5);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The app to stop
    #[arg(short, long)]
    app_id: Option<String>,
    /// Stop all apps of this run file (or of the dapr.yaml in this directory)
    #[arg(short = 'f', long)]
    run_file: Option<PathBuf>,
    /// Stop the deployments of the run file in Kubernetes
    #[arg(short, long)]
    kubernetes: bool,
    /// More apps to stop
    app_ids: Vec<String>,
}

pub(crate) async fn execute(args: Args, context: &Context) -> Result<ExitCode> {
    if args.kubernetes {
        return waits_for(context, "dapr stop -k", KUBERNETES);
    }
    let running = instances::discover().await;
    if let Some(run_file) = &args.run_file {
        return stop_run_file(run_file, &running, context).await;
    }
    let wanted: Vec<String> = args.app_ids.into_iter().chain(args.app_id).collect();
    if wanted.is_empty() {
        bail!("which app shall stop? pass --app-id, or --run-file for all apps of a file");
    }
    let mut failed = false;
    for app_id in &wanted {
        match stop_app(app_id, &running).await {
            Ok(()) => context.say.success(&format!("app stopped successfully: {app_id}")),
            Err(error) => {
                failed = true;
                context.say.failure(&format!("failed to stop app id {app_id}: {error:#}"));
            }
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn stop_app(app_id: &str, running: &[Instance]) -> Result<()> {
    let instance = running.iter().find(|instance| instance.flags.app_id == app_id);
    let instance = instance.with_context(|| format!("couldn't find app id {app_id}"))?;
    let cli = instance.cli_pid();
    let shared = running.iter().filter(|other| other.cli_pid() == cli).count() > 1;
    if cli == 0 || shared || !processes::is_alive(cli) {
        end(&[instance.daprd_pid], &[instance.daprd_pid, instance.pid("appPID")]).await
    } else {
        end(&[cli], &[cli, instance.daprd_pid, instance.pid("appPID")]).await
    }
}

async fn stop_run_file(run_file: &Path, running: &[Instance], context: &Context) -> Result<ExitCode> {
    let path = file::absolute(&file::locate(run_file)?, &std::env::current_dir()?);
    let of_file: Vec<&Instance> = running.iter().filter(|i| i.run_file().is_some_and(|file| file == path)).collect();
    if of_file.is_empty() {
        bail!(
            "Failed to stop Dapr and app processes: couldn't find apps with run file {:?}",
            path.display().to_string()
        );
    }
    let mut starters: Vec<i32> = of_file.iter().map(|instance| instance.cli_pid()).filter(|pid| *pid > 0).collect();
    starters.sort_unstable();
    starters.dedup();
    let all: Vec<i32> = of_file.iter().flat_map(|i| [i.cli_pid(), i.daprd_pid, i.pid("appPID")]).collect();
    end(&starters, &all).await?;
    context.say.success("Dapr and app processes stopped successfully");
    Ok(ExitCode::SUCCESS)
}

/// Asks `first` to end and waits for `all`; what is left then is killed with its group.
async fn end(first: &[i32], all: &[i32]) -> Result<()> {
    let all: Vec<i32> = all.iter().copied().filter(|pid| *pid > 0).collect();
    for pid in first {
        processes::signal(*pid, Signal::TERM).with_context(|| format!("cannot signal process {pid}"))?;
    }
    let left = processes::wait_gone(&all, POLITE).await;
    for pid in &left {
        kill_with_group(*pid);
    }
    match processes::wait_gone(&left, AFTER_KILL).await.as_slice() {
        [] => Ok(()),
        stubborn => bail!("process {stubborn:?} does not end, even when killed"),
    }
}

/// Kills a process; and its group, but only when it leads it: a `dapr run` started by a script
/// shares the script's group.
fn kill_with_group(pid: i32) {
    if processes::read(pid).is_some_and(|process| process.group == pid) {
        processes::signal_group(pid, Signal::KILL);
    }
    let _ = processes::signal(pid, Signal::KILL);
}
