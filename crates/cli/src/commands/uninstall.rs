//! `dapr uninstall`: removes the binaries; with `--all` everything under `~/.dapr`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::{KUBERNETES, waits_for};
use crate::cli::Context;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Uninstall from a Kubernetes cluster
    #[arg(short, long)]
    kubernetes: bool,
    /// Also remove components, configuration and the data of the default state store
    #[arg(long)]
    all: bool,
    #[arg(long, hide = true)]
    dev: bool,
    #[arg(long, hide = true, default_value_t = 300)]
    timeout: u32,
    #[arg(long, hide = true, env = "DAPR_NETWORK")]
    network: Option<String>,
    #[arg(short, long, hide = true, default_value = "dapr-system")]
    namespace: String,
    #[arg(long, hide = true, default_value = "docker")]
    container_runtime: String,
}

pub(crate) fn execute(args: &Args, context: &Context) -> Result<ExitCode> {
    if args.kubernetes {
        return waits_for(context, "dapr uninstall -k", KUBERNETES);
    }
    context.say.info("Removing Dapr from your machine...");
    let directory = if args.all { context.home.root().to_path_buf() } else { context.home.bin() };
    remove(&directory, context)?;
    context.say.success("Dapr has been removed successfully");
    Ok(ExitCode::SUCCESS)
}

fn remove(directory: &Path, context: &Context) -> Result<()> {
    if !directory.exists() {
        context.say.warning(&format!("{} does not exist", directory.display()));
        return Ok(());
    }
    context.say.info(&format!("Removing directory: {}", directory.display()));
    std::fs::remove_dir_all(directory).with_context(|| format!("cannot remove {}", directory.display()))
}
