//! `dapr status`: the control-plane processes of this machine.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use futures_util::future::join_all;
use jiff::Timestamp;
use serde::Serialize;

use super::{KUBERNETES, waits_for};
use crate::cli::Context;
use crate::http_client::{Ask, Target};
use crate::instances::number;
use crate::processes::{self, Process};
use crate::say;
use crate::table::{self, Format};

/// Process name and default port of each service.
const SERVICES: [(&str, u16); 3] = [("placement", 50005), ("scheduler", 50006), ("sentry", 50001)];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Show the services of a Kubernetes cluster
    #[arg(short, long)]
    kubernetes: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: &'static str,
    pid: i32,
    port: u16,
    healthz_port: u16,
    healthy: bool,
    age: String,
}

const COLUMNS: [&str; 6] = ["NAME", "PID", "PORT", "HEALTHZ PORT", "HEALTHY", "AGE"];

pub(crate) async fn execute(args: &Args, context: &Context) -> Result<ExitCode> {
    if args.kubernetes {
        return waits_for(context, "dapr status -k", KUBERNETES);
    }
    let found: Vec<Row> = processes::all().iter().filter_map(Row::of).collect();
    let rows = join_all(found.into_iter().map(Row::examined)).await;
    if rows.is_empty() && args.output == Format::Table {
        say::to_stdout("No control-plane process runs on this machine.\n");
    } else {
        table::print(args.output, &rows, &COLUMNS, Row::cells)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Row {
    fn of(process: &Process) -> Option<Self> {
        let (name, port) = SERVICES.iter().find(|(name, _)| *name == process.name && !process.zombie)?;
        let words = process.command_line();
        Some(Self {
            name,
            pid: process.pid,
            port: number(&words, "port", *port),
            healthz_port: number(&words, "healthz-port", 8080),
            healthy: false,
            age: table::age((Timestamp::now() - process.started_at()).get_seconds()),
        })
    }

    async fn examined(mut self) -> Self {
        let answer = Target::Port(self.healthz_port).send(Ask::get("/healthz"), Duration::from_secs(2)).await;
        self.healthy = answer.is_ok_and(|answer| answer.status.is_success());
        self
    }

    fn cells(&self) -> Vec<String> {
        let healthy = if self.healthy { "True" } else { "False" };
        vec![
            self.name.to_owned(),
            self.pid.to_string(),
            self.port.to_string(),
            self.healthz_port.to_string(),
            healthy.to_owned(),
            self.age.clone(),
        ]
    }
}
