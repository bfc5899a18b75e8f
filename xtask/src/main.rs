//! Chores of this repository, run as `cargo xtask <verb>`. One file per verb; this one only dispatches.

mod codegen;
mod dist;
#[cfg(feature = "docs")]
mod docs;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask <verb>

verbs:
  codegen   compile proto/ into crates/proto/src/generated
  dist      build and pack a release into target/dist; --profile NAME instead of release
  docs      write docs/errors.md, docs/components.md and docs/schemas from the code
  tidy      check the rules of the repository";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // Without the backtrace that anyhow would add: each message says what to do.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    match arguments.first().map(String::as_str) {
        Some("codegen") => codegen::run(&root()),
        Some("dist") => dist::run(&root(), &arguments[1..]),
        #[cfg(feature = "docs")]
        Some("docs") => docs::run(&root()),
        Some("tidy") => tidy::run(&root()),
        Some(other) => bail!("unknown verb {other:?}\n\n{USAGE}"),
        None => bail!("{USAGE}"),
    }
}

/// The root of the workspace: verbs take it as an argument so that tests can point them elsewhere.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask sits one level below the workspace").to_path_buf()
}
