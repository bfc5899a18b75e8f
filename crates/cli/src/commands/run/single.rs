//! `dapr run -- command`: one sidecar, one app (or none), both on this console.

use anyhow::Result;
use tokio::sync::watch;

use crate::cli::Context;
use crate::instances;
use crate::log_lines::{Console, Sink};
use crate::run::board::Progress;
use crate::run::plan::Planner;
use crate::run::sentry::Sentries;
use crate::run::session::{Reporter, Session};
use crate::run::settings::Settings;
use crate::say;
use crate::stop_signals::Urgency;

/// Interface: tools find the app's lines by it.
const APP_PREFIX: &str = "== APP == ";
/// Bright blue.
const COLOUR: u8 = 94;

pub(super) async fn run(settings: Settings, context: &Context, urgency: watch::Receiver<Urgency>) -> Result<u8> {
    if settings.command.is_empty() {
        context.say.warning("WARNING: no application command found.");
    }
    if settings.unix_domain_socket.is_some() {
        context.say.warning("Unix domain sockets are currently a preview feature");
    }
    let running = instances::discover().await;
    let mut planner = Planner::new(&running, context.say.is_json());
    let mut plan = planner.plan(settings, &context.home)?;
    let sentries = Sentries::provide([&mut plan], context.say, &urgency).await?;
    // The ports that it holds are now the sidecar's.
    drop(planner);
    let ended = Session {
        plan,
        app_sink: sink(APP_PREFIX),
        sidecar_sink: sink(""),
        reporter: Reporter::Console(context.say),
        remarks: Vec::new(),
        progress: Progress::default(),
        urgency,
    }
    .run()
    .await;
    sentries.stop().await;
    ended
}

fn sink(prefix: &str) -> Sink {
    let colour = say::stdout_takes_colour().then_some(COLOUR);
    Sink { console: Some(Console { prefix: prefix.to_owned(), colour }), ..Sink::default() }
}
