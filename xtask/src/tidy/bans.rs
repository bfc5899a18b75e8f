//! No second provider of TLS or cryptography is compiled. `deny.toml` gives the reasons.
//!
//! `cargo tree` is asked rather than `Cargo.lock`, which also lists what no feature switches on.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::tree::Tree;

const BANNED: &[&str] = &["openssl", "openssl-sys", "native-tls", "ring"];

pub(super) fn check(tree: &Tree) -> Result<Vec<String>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--offline", "--workspace", "--all-features", "-e", "normal,build", "--prefix", "none"])
        .args(["--format", "{p}"])
        .current_dir(&tree.root)
        .output()
        .context("cargo tree")?;
    ensure!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    Ok(banned_in(&String::from_utf8_lossy(&output.stdout)))
}

fn banned_in(packages: &str) -> Vec<String> {
    let found = |name: &&&str| packages.lines().any(|line| line.split(' ').next() == Some(**name));
    let sentence =
        |name: &&str| format!("{name} is linked: `cargo tree -i {name}` says by whom; switch its feature off");
    BANNED.iter().filter(found).map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banned_package_is_found_by_its_whole_name() {
        assert_eq!(banned_in("tokio v1.54.0\nring v0.17.14\n").len(), 1);
        assert!(banned_in("stringprep v0.1.5\nopenssl-probe v0.1.6\n").is_empty());
    }
}
