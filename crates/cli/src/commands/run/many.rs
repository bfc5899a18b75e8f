//! `dapr run -f`: every app of a run file with its sidecar, started together; each pair ends on
//! its own, a signal ends them all.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use futures_util::future::join_all;
use tokio::sync::watch;

use crate::cli::Context;
use crate::log_lines::{Console, LogFile, Sink, Tail};
use crate::run::board::Board;
use crate::run::file::{self, App, Destination, RunFile};
use crate::run::plan::{Plan, Planner};
use crate::run::sentry::Sentries;
use crate::run::session::{LogReporter, Reporter, Session};
use crate::stop_signals::{Urgency, reached};
use crate::{footer, instances, say};

/// The colours of the apps' prefixes, by turns: bright blue as in a run of one app, then others
/// that can be told apart on a dark and on a light ground.
const COLOURS: [u8; 6] = [94, 35, 36, 33, 95, 32];

pub(super) async fn run(given: &Path, context: &Context, urgency: watch::Receiver<Urgency>) -> Result<u8> {
    let path = file::locate(given)?;
    let run_file = file::load(&path, &context.home).context("Error getting apps from config file")?;
    for doubt in &run_file.doubts {
        context.say.warning(doubt);
    }
    if run_file.apps.is_empty() {
        bail!("No apps to run");
    }
    let (name, place) = (run_file.name.clone(), file::absolute(&path, &std::env::current_dir()?));
    let running = instances::discover().await;
    let mut planner = Planner::new(&running, context.say.is_json());
    let mut planned = plan_all(run_file, &path, &mut planner, context)?;
    let sentries = Sentries::provide(planned.iter_mut().map(|(_, plan)| plan), context.say, &urgency).await?;
    // The ports that it holds are now the sidecars'.
    drop(planner);
    let board = Board::new(context.say, planned.iter().map(|(_, plan)| plan));
    let run = Run { name, place, context, board, urgency };
    let codes = run.all(planned).await;
    footer::release();
    sentries.stop().await;
    Ok(codes?.into_iter().find(|code| *code != 0).unwrap_or(0))
}

/// Plans all apps before any is started: a mistake in the last one must not leave the first
/// running. Every mistake is told.
fn plan_all(run_file: RunFile, path: &Path, planner: &mut Planner, context: &Context) -> Result<Vec<(App, Plan)>> {
    planner.reserve(run_file.apps.iter().map(|app| &app.settings));
    let (mut planned, mut mistakes) = (Vec::new(), Vec::new());
    for app in run_file.apps {
        let app_id = app.settings.app_id.clone();
        context.say.info(&format!("Validating config and starting app {app_id:?}"));
        match planner.plan(app.settings.clone(), &context.home) {
            Ok(plan) => planned.push((app, plan)),
            Err(why) => mistakes.push(format!(
                "Error validating run config for app {app_id:?} present in {}: {}: {why:#}",
                path.display(),
                app.place
            )),
        }
    }
    if !mistakes.is_empty() {
        bail!("{}", mistakes.join("\n   "));
    }
    Ok(planned)
}

/// One `dapr run -f`.
struct Run<'a> {
    name: String,
    place: std::path::PathBuf,
    context: &'a Context,
    board: Arc<Board>,
    urgency: watch::Receiver<Urgency>,
}

impl Run<'_> {
    /// Runs every app to its end and returns their exit codes.
    async fn all(&self, planned: Vec<(App, Plan)>) -> Result<Vec<u8>> {
        let apps = planned.into_iter().enumerate();
        let sessions: Vec<Session> =
            apps.map(|(index, (app, plan))| self.session(index, &app, plan)).collect::<Result<_>>()?;
        let mut runs = std::pin::pin!(join_all(sessions.into_iter().map(|session| self.one(session))));
        tokio::select! {
            // The signal is told before the apps react to it.
            biased;
            () = reached(&self.urgency, Urgency::Ask) => self
                .context
                .say
                .info("Received signal to stop Dapr and app processes. Shutting down Dapr and app processes."),
            codes = &mut runs => return Ok(codes),
        }
        Ok(runs.await)
    }

    fn session(&self, index: usize, app: &App, plan: Plan) -> Result<Session> {
        let app_id = plan.settings.app_id.clone();
        let logs = app.directory.join(".dapr").join("logs");
        let colour = say::stdout_takes_colour().then(|| COLOURS[index % COLOURS.len()]);
        let sidecar_sink = sink(app.daprd_log, &logs, &format!("{app_id}_daprd"), prefix("DAPR", &app_id, colour))?;
        let app_sink = match plan.settings.command.is_empty() {
            false => sink(app.app_log, &logs, &format!("{app_id}_app"), prefix("APP", &app_id, colour))?,
            true => Sink::default(),
        };
        if plan.settings.command.is_empty() {
            self.context
                .say
                .warning(&format!("No application command found for app {app_id:?} present in {}", app.place));
        }
        let progress = self.board.progress(index);
        let remarks = self.remarks(&app_sink, &sidecar_sink);
        let reporter = Reporter::Log(LogReporter {
            say: self.context.say,
            app_id,
            sink: sidecar_sink.clone(),
            directory: logs,
            progress: progress.clone(),
        });
        let urgency = self.urgency.clone();
        Ok(Session { plan, app_sink, sidecar_sink, reporter, remarks, progress, urgency })
    }

    /// What `dapr list` and `dapr stop -f` find in the sidecar's metadata.
    fn remarks(&self, app: &Sink, sidecar: &Sink) -> Vec<(&'static str, String)> {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let mut remarks = vec![("runTemplatePath", path(&self.place)), ("runTemplateName", self.name.clone())];
        remarks.extend(app.file.iter().map(|file| ("appLogPath", path(&file.path))));
        remarks.extend(sidecar.file.iter().map(|file| ("daprdLogPath", path(&file.path))));
        remarks
    }

    /// One app that cannot start does not take the others with it, but it is shown.
    async fn one(&self, session: Session) -> u8 {
        let app_id = session.plan.settings.app_id.clone();
        match session.run().await {
            Ok(code) => code,
            Err(error) => {
                self.context.say.failure(&format!("Error starting Dapr and app ({app_id:?}): {error:#}"));
                1
            }
        }
    }
}

fn prefix(word: &str, app_id: &str, colour: Option<u8>) -> Console {
    Console { prefix: format!("== {word} - {app_id} == "), colour }
}

/// Where the lines of one process go; `name` is the beginning of its log file's name.
fn sink(destination: Destination, logs: &Path, name: &str, console: Console) -> Result<Sink> {
    let file = match destination.to_file() {
        true => Some(LogFile::create(logs, &format!("{name}_{}", jiff::Zoned::now().strftime("%Y%m%d%H%M%S")))?),
        false => None,
    };
    Ok(Sink { console: destination.to_console().then_some(console), file, tail: Some(Tail::default()) })
}
