//! `dapr mcpservers`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use super::{KUBERNETES, waits_for};
use crate::cli::Context;
use crate::table::Format;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(short, long)]
    kubernetes: bool,
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    #[arg(short, long)]
    name: Option<String>,
    #[arg(long)]
    namespace: Option<String>,
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    #[arg(long)]
    resources_path: Option<PathBuf>,
}

pub(crate) fn execute(args: &Args, context: &Context) -> Result<ExitCode> {
    waits_for(context, "dapr mcpservers", if args.kubernetes { KUBERNETES } else { "MCP servers in the runtime" })
}
