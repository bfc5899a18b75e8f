//! `dapr run -f`: every app of a run file with its sidecar, started together; each pair ends on
//! its own, a signal ends them all.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result, bail};
use futures_util::future::join_all;
use tokio::sync::watch;

use crate::cli::Context;
use crate::instances;
use crate::log_lines::{Console, Sink};
use crate::run::file::{self, App, Destination, RunFile};
use crate::run::plan::{Plan, Planner};
use crate::run::session::{LogReporter, Reporter, Session};
use crate::say;
use crate::stop_signals::{Urgency, reached};

pub(super) async fn run(given: &Path, context: &Context, urgency: watch::Receiver<Urgency>) -> Result<u8> {
    let path = file::locate(given)?;
    let run_file = file::load(&path, &context.home).context("Error getting apps from config file")?;
    for doubt in &run_file.doubts {
        context.say.warning(doubt);
    }
    if run_file.apps.is_empty() {
        bail!("No apps to run");
    }
    let sessions = prepare(run_file, &path, context, &urgency).await?;
    let runs = join_all(sessions.into_iter().map(|session| run_one(session, context)));
    let mut runs = std::pin::pin!(runs);
    let codes = tokio::select! {
        codes = &mut runs => codes,
        () = reached(&urgency, Urgency::Ask) => {
            context.say.info("Received signal to stop Dapr and app processes. Shutting down Dapr and app processes.");
            runs.await
        }
    };
    Ok(codes.into_iter().find(|code| *code != 0).unwrap_or(0))
}

/// Plans all apps before any is started: a mistake in the last one must not leave the first running.
async fn prepare(
    run_file: RunFile,
    path: &Path,
    context: &Context,
    urgency: &watch::Receiver<Urgency>,
) -> Result<Vec<Session>> {
    let running = instances::discover().await;
    let mut planner = Planner::new(&running, context.say.is_json());
    let mut sessions = Vec::new();
    for app in run_file.apps {
        let app_id = app.settings.app_id.clone();
        context.say.info(&format!("Validating config and starting app {app_id:?}"));
        let plan = planner.plan(app.settings.clone(), &context.home);
        let plan = plan
            .with_context(|| format!("Error validating run config for app {app_id:?} present in {}", path.display()))?;
        let remarks = remarks(path, &run_file.name)?;
        sessions.push(session(&app, plan, remarks, context, urgency.clone())?);
    }
    Ok(sessions)
}

fn remarks(path: &Path, name: &str) -> Result<Vec<(&'static str, String)>> {
    let path = std::path::absolute(path)?;
    Ok(vec![("runTemplatePath", path.to_string_lossy().into_owned()), ("runTemplateName", name.to_owned())])
}

fn session(
    app: &App,
    plan: Plan,
    mut remarks: Vec<(&'static str, String)>,
    context: &Context,
    urgency: watch::Receiver<Urgency>,
) -> Result<Session> {
    let app_id = plan.settings.app_id.clone();
    let logs = app.directory.join(".dapr").join("logs");
    let (sidecar_sink, sidecar_log) = sink(app.daprd_log, &logs, &app_id, "daprd")?;
    let (app_sink, app_log) = match plan.settings.command.is_empty() {
        false => sink(app.app_log, &logs, &app_id, "app")?,
        true => (Sink::default(), None),
    };
    remarks.extend(app_log.map(|path| ("appLogPath", path.to_string_lossy().into_owned())));
    remarks.extend(sidecar_log.map(|path| ("daprdLogPath", path.to_string_lossy().into_owned())));
    let reporter = Reporter::Log(LogReporter { say: context.say, app_id, sink: sidecar_sink.clone(), directory: logs });
    Ok(Session { plan, app_sink, sidecar_sink, reporter, remarks, urgency })
}

/// The sink of one process and, if it has one, its log file.
fn sink(destination: Destination, logs: &Path, app_id: &str, kind: &str) -> Result<(Sink, Option<PathBuf>)> {
    let word = if kind == "app" { "APP" } else { "DAPR" };
    let console = destination
        .to_console()
        .then(|| Console { prefix: format!("== {word} - {app_id} == "), colour: say::stdout_takes_colour() });
    if !destination.to_file() {
        return Ok((Sink { console, file: None }, None));
    }
    std::fs::create_dir_all(logs).with_context(|| format!("cannot create {}", logs.display()))?;
    let path = logs.join(format!("{app_id}_{kind}_{}.log", jiff::Zoned::now().strftime("%Y%m%d%H%M%S")));
    let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    Ok((Sink { console, file: Some(Arc::new(Mutex::new(file))) }, Some(path)))
}

/// One app that cannot start does not take the others with it, but it is shown.
async fn run_one(session: Session, context: &Context) -> u8 {
    let app_id = session.plan.settings.app_id.clone();
    match session.run().await {
        Ok(code) => code,
        Err(error) => {
            context.say.failure(&format!("Error starting Dapr and app ({app_id:?}): {error:#}"));
            1
        }
    }
}
