//! Chores of this repository, run as `cargo xtask <verb>`. One file per verb; this one only dispatches.

mod codegen;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask <verb>

verbs:
  codegen   compile proto/ into crates/proto/src/generated";

fn main() -> Result<()> {
    let verb = std::env::args().nth(1);
    match verb.as_deref() {
        Some("codegen") => codegen::run(&root()),
        Some(other) => bail!("unknown verb {other:?}\n\n{USAGE}"),
        None => bail!("{USAGE}"),
    }
}

/// The root of the workspace: verbs take it as an argument so that tests can point them elsewhere.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask sits one level below the workspace").to_path_buf()
}
