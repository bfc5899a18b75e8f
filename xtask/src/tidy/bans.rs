//! No second provider of TLS or cryptography is compiled. `deny.toml` gives the reasons.
//!
//! `cargo tree` is asked rather than `Cargo.lock`, which also lists what no feature switches on.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::tree::Tree;

const BANNED: &[&str] = &["openssl", "openssl-sys", "native-tls", "ring"];

/// A banned package and the only one that may use it.
const EXCEPTIONS: &[(&str, &str)] = &[("openssl-sys", "rdkafka-sys")];

pub(super) fn check(tree: &Tree) -> Result<Vec<String>> {
    let mut packages = packages_of(tree, &[])?;
    for (name, user) in EXCEPTIONS {
        let is_there = packages.lines().any(|line| line.split(' ').next() == Some(*name));
        if is_there && is_used_only_by(&packages_of(tree, &["--invert", name, "--depth", "1"])?, user) {
            packages = without(&packages, name);
        }
    }
    Ok(banned_in(&packages))
}

/// A package a line: its name, then its version.
fn packages_of(tree: &Tree, arguments: &[&str]) -> Result<String> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--offline", "--workspace", "--all-features", "-e", "normal,build", "--prefix", "none"])
        .args(["--format", "{p}"])
        .args(arguments)
        .current_dir(&tree.root)
        .output()
        .context("cargo tree")?;
    ensure!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Of an inverted tree: the package itself, then who uses it.
fn is_used_only_by(inverted: &str, user: &str) -> bool {
    inverted.lines().skip(1).all(|line| line.split(' ').next() == Some(user))
}

fn without(packages: &str, name: &str) -> String {
    packages
        .lines()
        .filter(|line| line.split(' ').next() != Some(name))
        .fold(String::new(), |all, line| all + line + "\n")
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

    #[test]
    fn an_exception_holds_for_its_only_user() {
        assert!(is_used_only_by("openssl-sys v0.9.1\nrdkafka-sys v4.1.0\n", "rdkafka-sys"));
        assert!(!is_used_only_by("openssl-sys v0.9.1\nrdkafka-sys v4.1.0\nother v1.0.0\n", "rdkafka-sys"));
        assert!(banned_in(&without("tokio v1\nopenssl-sys v0.9.1\n", "openssl-sys")).is_empty());
    }
}
