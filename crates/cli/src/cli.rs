//! The command line as a whole: the flags every command has, the list of commands, and the
//! spellings of the incumbent's flag parser that scripts rely on.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser};

use crate::commands::{self, Commands};
use crate::home::Home;
use crate::say::{self, Say};

/// The exit code of a command line that does not parse.
const USAGE: u8 = 255;

/// Distributed Application Runtime
#[derive(Debug, Parser)]
#[command(name = "dapr", disable_help_subcommand = false)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    /// Print the versions of the CLI and of the runtime
    #[arg(short = 'v', long)]
    version: bool,
    #[command(subcommand)]
    command: Option<Commands>,
    /// The flags that were given to the command, by name.
    #[arg(skip)]
    given_flags: Vec<String>,
}

/// Flags that every command has.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Use <PATH>/.dapr instead of ~/.dapr (also DAPR_RUNTIME_PATH)
    #[arg(long, global = true, value_name = "PATH")]
    runtime_path: Option<PathBuf>,
    /// Print status lines, and let the sidecar log, as JSON
    #[arg(long, global = true)]
    pub(crate) log_as_json: bool,
}

/// What every command gets.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) home: Home,
    pub(crate) say: Say,
    /// The flags given to this command, as `app_id`: `run -f` must tell those it ignores.
    pub(crate) given_flags: Vec<String>,
}

impl Cli {
    /// Runs the command.
    pub(crate) async fn execute(self) -> Result<ExitCode> {
        let home = Home::locate(self.global.runtime_path.as_deref())?;
        let context = Context { home, say: Say::new(self.global.log_as_json), given_flags: self.given_flags };
        match self.command {
            _ if self.version => commands::version::print(&context, false).await,
            Some(command) => command.execute(&context).await,
            None => {
                say::to_stdout(&command().render_help().to_string());
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

/// Parses a whole command line, program name first.
pub(crate) fn parse(arguments: Vec<OsString>) -> Result<Cli, clap::Error> {
    let matches = command().try_get_matches_from(arguments)?;
    let mut cli = Cli::from_arg_matches(&matches)?;
    cli.given_flags = matches.subcommand().map(|(name, sub)| given_flags(name, sub)).unwrap_or_default();
    Ok(cli)
}

/// The command's own flags that stand on the command line; those of every command are left out.
fn given_flags(name: &str, matches: &ArgMatches) -> Vec<String> {
    let given = |id: &clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
    let command = Cli::command();
    let own = command.find_subcommand(name).into_iter().flat_map(clap::Command::get_arguments);
    own.map(clap::Arg::get_id).filter(|id| given(id)).map(ToString::to_string).collect()
}

/// Prints what the parser has to say: help (exit 0) or why it refused (exit 255).
pub(crate) fn refuse(answer: &clap::Error) -> ExitCode {
    let _ = answer.print();
    match answer.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(USAGE),
    }
}

/// The definition of all commands, as the parser, the help and the completions see it.
pub(crate) fn command() -> clap::Command {
    like_pflag(Cli::command())
}

/// Accepts what Go's flag parser accepts: `--switch=false`, negative numbers as values, and a
/// flag given twice (the last one wins).
fn like_pflag(command: clap::Command) -> clap::Command {
    command
        .args_override_self(true)
        .mut_args(|argument| match argument.get_action() {
            clap::ArgAction::SetTrue => argument
                .action(clap::ArgAction::Set)
                .num_args(0..=1)
                .require_equals(true)
                .default_value("false")
                .default_missing_value("true")
                .value_parser(go_bool)
                .hide_default_value(true)
                .hide_possible_values(true),
            clap::ArgAction::Set | clap::ArgAction::Append if !argument.is_positional() => {
                argument.allow_negative_numbers(true)
            }
            _ => argument,
        })
        .mut_subcommands(like_pflag)
}

/// The spellings of a boolean in Go.
pub(crate) fn go_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("expected true or false".to_owned()),
    }
}

#[cfg(test)]
mod tests;
