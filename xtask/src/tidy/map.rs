//! `docs/architecture.md` names every crate there is, and is short enough to be read.

use anyhow::{Context, Result};

use super::tree::Tree;

const PAGE: &str = "docs/architecture.md";
const LINES: usize = 300;

pub(super) fn check(tree: &Tree) -> Result<Vec<String>> {
    let page = tree.files.iter().find(|file| file.path == PAGE).with_context(|| format!("{PAGE} is missing"))?;
    let directories: Vec<String> = tree.packages().into_iter().map(|(directory, _)| directory).collect();
    let mut found = unnamed(&page.text, &directories);
    let lines = page.text.lines().count();
    if lines > LINES {
        found.push(format!("{PAGE}: {lines} lines, at most {LINES}: details belong into the code or a guide"));
    }
    Ok(found)
}

/// A crate is named in bold: `**kit**`, `**bin/daprd**`, `**xtask/**`.
fn unnamed(page: &str, directories: &[String]) -> Vec<String> {
    let is_named = |directory: &&String| {
        let name = directory.rsplit('/').next().unwrap_or(directory);
        [name, directory, &format!("{directory}/")].iter().any(|name| page.contains(&format!("**{name}**")))
    };
    let missing = directories.iter().filter(|directory| !is_named(directory));
    missing.map(|directory| format!("{PAGE}: the code map lacks **{directory}**: say what it owns in a line")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_named_in_bold() {
        let directories = ["crates/kit", "bin/daprd", "xtask", "crates/new"].map(str::to_owned);
        let missing = unnamed("**kit**: x. **bin/daprd**, **xtask/**: y. new", &directories);
        assert_eq!(missing.len(), 1);
        assert!(missing[0].contains("crates/new"));
    }
}
