//! `dapr build-info`.

use std::process::ExitCode;

use anyhow::Result;

use super::version::ask_daprd;
use crate::cli::Context;
use crate::say;

pub(crate) async fn execute(context: &Context) -> Result<ExitCode> {
    let runtime = ask_daprd(context, "--build-info").await.unwrap_or_else(|| "n/a\n".to_owned());
    say::to_stdout(&format!("{}Runtime:\n{runtime}", own()));
    Ok(ExitCode::SUCCESS)
}

/// Release builds set the two variables; other builds have nothing to tell.
fn own() -> String {
    format!(
        "CLI:\n\tVersion: {}\n\tGit Commit: {}\n\tGit Version: {}\n\tOS/Arch: {}/{}\n",
        env!("CARGO_PKG_VERSION"),
        option_env!("DAPR_GIT_COMMIT").unwrap_or_default(),
        option_env!("DAPR_GIT_VERSION").unwrap_or_default(),
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}
