//! `cargo xtask docs`: the pages of `docs/` that are written by the code itself.
//!
//! Everything is rendered in memory first, so that writing and comparing share one path.

mod components;
mod errors;
mod schemas;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The pages of one run: path from the root, and text.
type Pages = BTreeMap<String, String>;

const DIRECTORY: &str = "docs";
const SCHEMAS: &str = "docs/schemas";

/// Writes the pages, and removes schemas of kinds that are gone.
pub(crate) fn run(root: &Path) -> Result<()> {
    let pages = render()?;
    fs::create_dir_all(root.join(SCHEMAS)).with_context(|| format!("create {SCHEMAS}"))?;
    for stale in schema_files(root)?.iter().filter(|path| !pages.contains_key(*path)) {
        fs::remove_file(root.join(stale)).with_context(|| format!("remove {stale}"))?;
    }
    for (path, text) in &pages {
        fs::write(root.join(path), text).with_context(|| format!("write {path}"))?;
    }
    Ok(())
}

fn render() -> Result<Pages> {
    let mut pages = Pages::new();
    pages.insert(format!("{DIRECTORY}/errors.md"), errors::render());
    pages.insert(format!("{DIRECTORY}/components.md"), components::render(&dapr_registry::registry()));
    for (name, text) in schemas::render()? {
        pages.insert(format!("{SCHEMAS}/{name}.json"), text);
    }
    Ok(pages)
}

fn schema_files(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(SCHEMAS))? {
        found.push(format!("{SCHEMAS}/{}", entry?.file_name().to_string_lossy()));
    }
    Ok(found)
}

/// A text as it may stand in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// Names as code, separated by commas.
fn code_list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_pages_are_up_to_date() {
        let root = crate::root();
        let pages = render().unwrap();
        for (path, text) in &pages {
            let committed = fs::read_to_string(root.join(path)).unwrap_or_default();
            assert!(&committed == text, "{path} is out of date: run cargo xtask docs");
        }
        for path in schema_files(&root).unwrap() {
            assert!(pages.contains_key(&path), "{path} has no kind any more: run cargo xtask docs");
        }
    }
}
