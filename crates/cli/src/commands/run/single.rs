//! `dapr run -- command`: one sidecar, one app (or none), both on this console.

use anyhow::Result;
use tokio::sync::watch;

use crate::cli::Context;
use crate::instances;
use crate::log_lines::{Console, Sink};
use crate::run::plan::Planner;
use crate::run::session::{Reporter, Session};
use crate::run::settings::Settings;
use crate::say;
use crate::stop_signals::Urgency;

/// Interface: tools find the app's lines by it.
const APP_PREFIX: &str = "== APP == ";

pub(super) async fn run(settings: Settings, context: &Context, urgency: watch::Receiver<Urgency>) -> Result<u8> {
    if settings.command.is_empty() {
        context.say.warning("WARNING: no application command found.");
    }
    if settings.unix_domain_socket.is_some() {
        context.say.warning("Unix domain sockets are currently a preview feature");
    }
    let running = instances::discover().await;
    let plan = Planner::new(&running, context.say.is_json()).plan(settings, &context.home)?;
    Session {
        plan,
        app_sink: sink(APP_PREFIX),
        sidecar_sink: sink(""),
        reporter: Reporter::Console(context.say),
        remarks: Vec::new(),
        urgency,
    }
    .run()
    .await
}

fn sink(prefix: &str) -> Sink {
    Sink { console: Some(Console { prefix: prefix.to_owned(), colour: say::stdout_takes_colour() }), file: None }
}
