//! `dapr init`: default files and binaries under `~/.dapr`, offline and without Docker.
//!
//! Runs as often as one likes: binaries are refreshed, YAML files that exist are kept.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use super::{KUBERNETES, waits_for};
use crate::cli::Context;
use crate::{defaults, home};

/// What stands beside this executable in a release and belongs on a developer's machine.
const PROGRAMS: [&str; 5] = ["daprd", "dapr", "placement", "scheduler", "sentry"];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Install into a Kubernetes cluster
    #[arg(short, long)]
    kubernetes: bool,
    /// Only binaries and an empty configuration, no default components
    #[arg(short, long)]
    slim: bool,
    /// Take the binaries from this directory instead of the one of this executable
    #[arg(long, value_name = "DIR", conflicts_with = "image_registry")]
    from_dir: Option<PathBuf>,
    /// The runtime version wanted; this build installs its own
    #[arg(long, default_value = "latest")]
    runtime_version: String,
    #[command(flatten)]
    elsewhere: Elsewhere,
}

/// Flags of installations with containers or in a cluster.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Containers and Kubernetes")]
struct Elsewhere {
    #[arg(long)]
    dev: bool,
    #[arg(long)]
    wait: bool,
    #[arg(long, default_value_t = 300)]
    timeout: u32,
    #[arg(short, long, default_value = "dapr-system")]
    namespace: String,
    #[arg(long, num_args = 0..=1, require_equals = true, default_value = "true", default_missing_value = "true", value_parser = crate::cli::go_bool, action = clap::ArgAction::Set)]
    enable_mtls: bool,
    #[arg(long)]
    enable_ha: bool,
    #[arg(long, env = "DAPR_NETWORK")]
    network: Option<String>,
    #[arg(long)]
    image_variant: Option<String>,
    #[arg(long, default_value = "dapr_scheduler")]
    scheduler_volume: String,
    #[arg(long)]
    scheduler_override_broadcast_host_port: Option<String>,
    #[arg(long)]
    redis_stack: bool,
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(long, env = "DAPR_IMAGE_REGISTRY")]
    image_registry: Option<String>,
    #[arg(long, default_value = "docker")]
    container_runtime: String,
    #[arg(long, requires_all = ["issuer_private_key", "issuer_public_certificate"])]
    ca_root_certificate: Option<PathBuf>,
    #[arg(long, requires_all = ["ca_root_certificate", "issuer_public_certificate"])]
    issuer_private_key: Option<PathBuf>,
    #[arg(long, requires_all = ["ca_root_certificate", "issuer_private_key"])]
    issuer_public_certificate: Option<PathBuf>,
}

pub(crate) fn execute(args: &Args, context: &Context) -> Result<ExitCode> {
    if args.kubernetes {
        return waits_for(context, "dapr init -k", KUBERNETES);
    }
    let Context { home, say, .. } = context;
    let again = home.bin().join("daprd").exists();
    say.pending("Making the jump to hyperspace...");
    say.info(&format!("Installing runtime version {}", env!("CARGO_PKG_VERSION")));
    if !matches!(args.runtime_version.as_str(), "latest" | "edge" | env!("CARGO_PKG_VERSION")) {
        say.warning(&format!("version {} was asked for; this build installs the one it carries", args.runtime_version));
    }
    for program in install(args, context)? {
        say.info(&format!("{program} binary has been installed to {}.", home.bin().display()));
    }
    let written = if args.slim { defaults::write_missing_slim(home) } else { defaults::write_missing(home) };
    for path in written.with_context(|| format!("cannot write to {}", home.root().display()))? {
        say.info(&format!("wrote {}", path.display()));
    }
    if again {
        say.success("Dapr was already initialised: its binaries are refreshed, your YAML files are as they were.");
    } else {
        say.success("Success! Dapr is up and running. To get started, go here: https://docs.dapr.io/getting-started");
    }
    Ok(ExitCode::SUCCESS)
}

/// Copies the programs that are there and names them.
fn install(args: &Args, context: &Context) -> Result<Vec<&'static str>> {
    let source =
        args.from_dir.clone().or_else(home::own_directory).context("cannot find the directory of this executable")?;
    let bin = context.home.bin();
    std::fs::create_dir_all(&bin).with_context(|| format!("cannot create {}", bin.display()))?;
    let mut installed = Vec::new();
    for program in PROGRAMS {
        let from = source.join(program);
        if home::is_executable(&from) && !same_file(&from, &bin.join(program)) {
            copy_whole(&from, &bin.join(program))
                .with_context(|| format!("cannot install {program} to {}", bin.display()))?;
            installed.push(program);
        }
    }
    if context.home.find_program("daprd").is_none() {
        bail!("no daprd found in {}: put it there, or name its directory with --from-dir", source.display());
    }
    Ok(installed)
}

fn same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Replaces `to` in one step, so that a program that runs from there keeps its file.
fn copy_whole(from: &Path, to: &Path) -> io::Result<()> {
    let draft = to.with_extension(format!("draft-{}", std::process::id()));
    std::fs::copy(from, &draft)?;
    std::fs::rename(&draft, to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::Home;
    use crate::say::Say;
    use std::os::unix::fs::PermissionsExt;

    fn run(words: &[&str], context: &Context) -> Result<ExitCode> {
        let cli = crate::cli::command().try_get_matches_from(["dapr", "init"].iter().chain(words))?;
        let args = <Args as clap::FromArgMatches>::from_arg_matches(cli.subcommand_matches("init").unwrap())?;
        execute(&args, context)
    }

    fn setup() -> (tempfile::TempDir, Context, String) {
        let base = tempfile::tempdir().unwrap();
        let source = base.path().join("release");
        std::fs::create_dir_all(&source).unwrap();
        std::fs::write(source.join("daprd"), "one").unwrap();
        std::fs::set_permissions(source.join("daprd"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let context =
            Context { home: Home::under(base.path()).unwrap(), say: Say::new(false), given_flags: Vec::new() };
        (base, context, source.to_str().unwrap().to_owned())
    }

    #[test]
    fn init_may_run_again_and_refreshes_binaries_only() {
        let (_base, context, source) = setup();
        assert_eq!(run(&["--from-dir", &source], &context).unwrap(), ExitCode::SUCCESS);
        let (daprd, store) = (context.home.bin().join("daprd"), context.home.components().join("statestore.yaml"));
        assert!(home::is_executable(&daprd));
        std::fs::write(&store, "mine").unwrap();
        std::fs::write(Path::new(&source).join("daprd"), "two").unwrap();
        assert_eq!(run(&["--from-dir", &source], &context).unwrap(), ExitCode::SUCCESS);
        assert_eq!(std::fs::read_to_string(&daprd).unwrap(), "two");
        assert_eq!(std::fs::read_to_string(&store).unwrap(), "mine");
    }

    #[test]
    fn slim_and_foreign_flags_are_accepted() {
        let (_base, context, source) = setup();
        run(
            &[
                "-s",
                "--from-dir",
                &source,
                "--enable-mtls=false",
                "--container-runtime",
                "podman",
                "--runtime-version",
                "1.17.0",
            ],
            &context,
        )
        .unwrap();
        assert_eq!(std::fs::read_dir(context.home.components()).unwrap().count(), 0);
        assert!(run(&["--from-dir", &source, "--image-registry", "x"], &context).is_err(), "they exclude each other");
    }
}
