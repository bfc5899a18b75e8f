//! No file says on which machine, or through which mirror, it was written.

use anyhow::Result;

use super::tree::{File, Tree};

/// The one index that `Cargo.lock` may name; it is where everybody's cargo looks.
const INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(tree: &Tree) -> Result<Vec<String>> {
    Ok(tree.files.iter().flat_map(violations).collect())
}

fn violations(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        if let Some(what) = wrong(&file.path, line) {
            found.push(format!("{}:{}: {what}", file.path, number + 1));
        }
    }
    found
}

fn wrong(path: &str, line: &str) -> Option<String> {
    if let Some(home) = machine_path(line) {
        return Some(format!("`{home}` is a place on one machine: use a path from the root of the repository"));
    }
    if path == "Cargo.lock" && line.starts_with("source = ") && !line.contains(INDEX) {
        return Some("a package comes from elsewhere than the public index: remove the mirror and lock again".into());
    }
    if path.starts_with(".cargo/")
        && ["[source", "[registries", "replace-with", "[registry"].iter().any(|key| line.starts_with(key))
    {
        return Some("the registry is everybody's own setting: keep it in the home directory".into());
    }
    None
}

/// The first home or checkout directory of a machine in a line.
fn machine_path(line: &str) -> Option<&'static str> {
    // In two pieces, so that this file does not violate its own rule.
    const HOMES: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];
    HOMES.into_iter().find(|home| {
        line.match_indices(home).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|letter| letter.is_alphanumeric() || "_-.}>)*".contains(letter))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found() {
        let home = concat!("/wo", "rk/");
        assert!(wrong("a.md", &format!("see {home}x")).is_some());
        assert!(wrong("a.md", &format!("see https://example.com{home}x")).is_none());
        assert!(wrong("Cargo.lock", "source = \"registry+https://mirror.example/index\"").is_some());
        assert!(wrong("Cargo.lock", &format!("source = \"{INDEX}\"")).is_none());
        assert!(wrong(".cargo/config.toml", "[source.crates-io]").is_some());
    }
}
