//! `dapr version` and `dapr -v`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

use crate::cli::Context;
use crate::say;

const UNKNOWN: &str = "n/a";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How to print
    #[arg(short, long, value_enum)]
    output: Option<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    Json,
}

impl Args {
    pub(crate) fn is_json(&self) -> bool {
        self.output == Some(Output::Json)
    }
}

/// The keys are interface.
#[derive(Debug, Serialize)]
struct Versions {
    #[serde(rename = "Cli version")]
    cli: String,
    #[serde(rename = "Runtime version")]
    runtime: String,
}

impl Versions {
    fn text(&self, json: bool) -> Result<String> {
        if json {
            return Ok(serde_json::to_string(self)? + "\n");
        }
        Ok(format!("CLI version: {} \nRuntime version: {}\n", self.cli, self.runtime))
    }
}

pub(crate) async fn print(context: &Context, json: bool) -> Result<ExitCode> {
    let runtime =
        ask_daprd(context, "--version").await.map_or_else(|| UNKNOWN.to_owned(), |text| text.replace('\n', ""));
    let versions = Versions { cli: env!("CARGO_PKG_VERSION").to_owned(), runtime };
    say::to_stdout(&versions.text(json)?);
    Ok(ExitCode::SUCCESS)
}

/// What `daprd` prints for one flag; `None` when it cannot be found or does not answer.
pub(super) async fn ask_daprd(context: &Context, flag: &str) -> Option<String> {
    let daprd = context.home.find_program("daprd")?;
    let output = tokio::process::Command::new(daprd).arg(flag).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_secs(10), output).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_json_are_those_that_scripts_read() {
        let versions = Versions { cli: "1.18.0".into(), runtime: "1.18.0".into() };
        assert_eq!(versions.text(false).unwrap(), "CLI version: 1.18.0 \nRuntime version: 1.18.0\n");
        assert_eq!(versions.text(true).unwrap(), "{\"Cli version\":\"1.18.0\",\"Runtime version\":\"1.18.0\"}\n");
    }
}
