//! `dapr completion SHELL`.

use std::process::ExitCode;

use anyhow::Result;
use clap_complete::Shell;

use crate::{cli, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// bash, zsh, fish or powershell
    shell: Shell,
}

pub(crate) fn execute(args: &Args) -> Result<ExitCode> {
    say::to_stdout(&script(args.shell));
    Ok(ExitCode::SUCCESS)
}

fn script(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "dapr", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_gets_a_script_that_knows_the_commands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            assert!(script(shell).contains("resources-path"), "{shell}");
        }
    }
}
