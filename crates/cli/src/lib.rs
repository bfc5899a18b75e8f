//! The `dapr` command line: one file per command under `commands/`, and beneath them the few
//! things they share (where Dapr lives on disk, what runs on this machine, how to talk to it,
//! how to print).
//!
//! It links no component and no runtime: it starts `daprd` and speaks to it over HTTP.

mod cli;
mod commands;
mod defaults;
mod footer;
mod guard;
mod home;
mod http_client;
mod instances;
mod log_lines;
mod ports;
mod processes;
mod run;
mod say;
mod sidecar;
mod stop_signals;
mod table;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the command line of this process and returns its exit code.
///
/// Exit codes follow the incumbent: 255 for a command line that does not parse, 1 for a command
/// that failed, and the application's own code for `dapr run`.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(order) = guard::Order::from_arguments(&arguments) {
        return guard::run(order);
    }
    match cli::parse(arguments) {
        Ok(cli) => run_to_end(cli),
        Err(answer) => cli::refuse(&answer),
    }
}

fn run_to_end(cli: cli::Cli) -> ExitCode {
    let say = say::Say::new(cli.global.log_as_json);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say.failure(&format!("cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(cli.execute()) {
        Ok(code) => code,
        Err(error) => {
            say.failure(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
