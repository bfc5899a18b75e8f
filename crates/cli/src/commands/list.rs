//! `dapr list`: the sidecars of this machine.

use std::process::ExitCode;

use anyhow::Result;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{KUBERNETES, waits_for};
use crate::cli::Context;
use crate::instances::{self, Instance};
use crate::say;
use crate::table::{self, Format};

/// The table shows this many characters of a command.
const COMMAND_WIDTH: usize = 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// List the pods of a Kubernetes cluster
    #[arg(short, long)]
    kubernetes: bool,
    /// Of all namespaces (Kubernetes)
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Of one namespace (Kubernetes)
    #[arg(long)]
    namespace: Option<String>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
}

/// One line of the list. Names and order of the keys are interface.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    app_id: String,
    http_port: u16,
    grpc_port: u16,
    app_port: u16,
    metrics_enabled: bool,
    command: String,
    age: String,
    created: String,
    daprd_pid: i32,
    cli_pid: i32,
    app_pid: i32,
    max_request_body_size: i64,
    http_read_buffer_size: i64,
    run_template_path: String,
    app_log_path: String,
    daprd_log_path: String,
    run_template_name: String,
}

const COLUMNS: [&str; 13] = [
    "APP ID",
    "HTTP PORT",
    "GRPC PORT",
    "APP PORT",
    "COMMAND",
    "AGE",
    "CREATED",
    "DAPRD PID",
    "CLI PID",
    "APP PID",
    "RUN_TEMPLATE_PATH",
    "APP_LOG_PATH",
    "DAPRD_LOG_PATH",
];

pub(crate) async fn execute(args: &Args, context: &Context) -> Result<ExitCode> {
    if args.kubernetes {
        return waits_for(context, "dapr list -k", KUBERNETES);
    }
    let now = Timestamp::now();
    let rows: Vec<Row> = instances::discover().await.iter().map(|instance| Row::of(instance, now)).collect();
    if rows.is_empty() && args.output == Format::Table {
        say::to_stdout("No Dapr instances found.\n");
    } else {
        table::print(args.output, &rows, &COLUMNS, Row::cells)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Row {
    fn of(instance: &Instance, now: Timestamp) -> Self {
        let created = instance.started.to_zoned(TimeZone::system());
        Self {
            app_id: instance.flags.app_id.clone(),
            http_port: instance.flags.http_port,
            grpc_port: instance.flags.grpc_port,
            app_port: instance.flags.app_port,
            metrics_enabled: instance.flags.metrics_enabled,
            command: shortened(instance.extended("appCommand")),
            age: table::age((now - instance.started).get_seconds()),
            // The dot between minutes and seconds is the incumbent's.
            created: created.strftime("%Y-%m-%d %H:%M.%S").to_string(),
            daprd_pid: instance.daprd_pid,
            cli_pid: instance.cli_pid(),
            app_pid: instance.pid("appPID"),
            max_request_body_size: instance.flags.max_body_size,
            http_read_buffer_size: instance.flags.read_buffer_size,
            run_template_path: instance.extended("runTemplatePath").to_owned(),
            app_log_path: instance.extended("appLogPath").to_owned(),
            daprd_log_path: instance.extended("daprdLogPath").to_owned(),
            run_template_name: instance.extended("runTemplateName").to_owned(),
        }
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.app_id.clone(),
            self.http_port.to_string(),
            self.grpc_port.to_string(),
            self.app_port.to_string(),
            self.command.clone(),
            self.age.clone(),
            self.created.clone(),
            self.daprd_pid.to_string(),
            self.cli_pid.to_string(),
            self.app_pid.to_string(),
            self.run_template_path.clone(),
            self.app_log_path.clone(),
            self.daprd_log_path.clone(),
        ]
    }
}

fn shortened(command: &str) -> String {
    if command.chars().count() <= COMMAND_WIDTH {
        return command.to_owned();
    }
    command.chars().take(COMMAND_WIDTH - 3).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_the_incumbent() {
        let extended = [("cliPID", "7"), ("appCommand", "node a-rather-long-name.js")];
        let instance = Instance::fake("daprd --app-id a --dapr-http-port 1", 1_000_000, &extended);
        let row = Row::of(&instance, Timestamp::from_second(1_000_090).unwrap());
        let json = serde_json::to_value(&row).unwrap();
        let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            [
                "appId",
                "httpPort",
                "grpcPort",
                "appPort",
                "metricsEnabled",
                "command",
                "age",
                "created",
                "daprdPid",
                "cliPid",
                "appPid",
                "maxRequestBodySize",
                "httpReadBufferSize",
                "runTemplatePath",
                "appLogPath",
                "daprdLogPath",
                "runTemplateName"
            ]
        );
        assert_eq!((row.cli_pid, row.app_pid, row.age.as_str()), (7, 0, "1m"));
        assert_eq!(row.command, "node a-rather-lon...");
        assert_eq!(row.cells().len(), COLUMNS.len());
    }
}
