//! `dapr components`: what running sidecars have loaded, and `dapr components validate`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::{KUBERNETES, waits_for};
use crate::cli::Context;
use crate::instances::{self, Instance};
use crate::say;
use crate::sidecar::Component;
use crate::table::{self, Format};

/// The state of a component whose sidecar does not tell: it is in the list, so it is loaded.
const LOADED: &str = "loaded";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Sub>,
    /// Only the components of this app
    #[arg(short, long)]
    app_id: Option<String>,
    /// Only the component of this name
    #[arg(short, long)]
    name: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    /// List the components of a Kubernetes cluster
    #[arg(short, long)]
    kubernetes: bool,
    /// Of all namespaces (Kubernetes)
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Of one namespace (Kubernetes)
    #[arg(long)]
    namespace: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// Check component files without starting anything; exit code 1 when there are problems
    Validate {
        /// Files or directories
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
}

/// One component of one sidecar.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    app_id: String,
    name: String,
    r#type: String,
    version: String,
    status: String,
    message: String,
    capabilities: Vec<String>,
}

const COLUMNS: [&str; 6] = ["NAME", "TYPE", "VERSION", "STATE", "WHY", "APP ID"];

pub(crate) async fn execute(args: Args, context: &Context) -> Result<ExitCode> {
    if let Some(Sub::Validate { paths }) = args.command {
        return validate(&paths, context).await;
    }
    if args.kubernetes {
        return waits_for(context, "dapr components -k", KUBERNETES);
    }
    let mut running = instances::discover().await;
    if let Some(app_id) = &args.app_id {
        running.retain(|instance| &instance.flags.app_id == app_id);
        if running.is_empty() {
            bail!("app ID {app_id} not found");
        }
    }
    for silent in running.iter().filter(|instance| instance.metadata.is_none()) {
        context
            .say
            .failure(&format!("the sidecar of {} does not answer; its components are not listed", silent.flags.app_id));
    }
    let wanted = |row: &Row| args.name.as_ref().is_none_or(|name| &row.name == name);
    let rows: Vec<Row> = running.iter().flat_map(rows).filter(wanted).collect();
    if running.is_empty() && args.output == Format::Table {
        say::to_stdout("No Dapr instances found.\n");
    } else {
        table::print(args.output, &rows, &COLUMNS, Row::cells)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn rows(instance: &Instance) -> Vec<Row> {
    let components = instance.metadata.as_ref().map(|metadata| metadata.components.as_slice());
    components.unwrap_or_default().iter().map(|component| Row::of(&instance.flags.app_id, component)).collect()
}

impl Row {
    fn of(app_id: &str, component: &Component) -> Self {
        Self {
            app_id: app_id.to_owned(),
            name: component.name.clone(),
            r#type: component.kind.clone(),
            version: component.version.clone(),
            status: component.status.clone().unwrap_or_else(|| LOADED.to_owned()),
            message: component.message.clone().unwrap_or_default(),
            capabilities: component.capabilities.clone(),
        }
    }

    fn cells(&self) -> Vec<String> {
        let one_line = self.message.replace('\n', " ");
        vec![
            self.name.clone(),
            self.r#type.clone(),
            self.version.clone(),
            self.status.clone(),
            one_line,
            self.app_id.clone(),
        ]
    }
}

/// The sidecar knows every component type, so it does the checking and the talking.
async fn validate(paths: &[PathBuf], context: &Context) -> Result<ExitCode> {
    let mut daprd = tokio::process::Command::new(context.home.daprd()?);
    for path in paths {
        daprd.arg("--validate").arg(path);
    }
    daprd.args(["--log-level", "error"]).kill_on_drop(true);
    let status = daprd.status().await.context("cannot run daprd")?;
    Ok(match status.code() {
        Some(0) => ExitCode::SUCCESS,
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::FAILURE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sidecar_that_tells_no_state_still_counts_as_loaded() {
        let row = Row::of(
            "a",
            &Component { name: "s".into(), kind: "state.x".into(), version: "v1".into(), ..Component::default() },
        );
        assert_eq!(row.cells(), ["s", "state.x", "v1", "loaded", "", "a"]);
    }

    #[test]
    fn the_reason_of_a_failure_stays_on_its_line() {
        let failed =
            Component { status: Some("failed".into()), message: Some("no\nbroker".into()), ..Component::default() };
        assert_eq!(Row::of("a", &failed).cells()[3..5], ["failed", "no broker"]);
    }
}
