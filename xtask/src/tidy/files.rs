//! Each Rust file opens with `//!`, is short, and is not called `mod.rs`.

use anyhow::Result;

use super::tree::{File, Tree};

/// Lines a file may have, tests in it included.
const LINES: usize = 600;

/// Files that are longer, with the length they may keep. The list shrinks: nothing is added to it.
const LONGER: &[(&str, usize)] = &[];

pub(super) fn check(tree: &Tree) -> Result<Vec<String>> {
    let mut found: Vec<String> = tree.rust().flat_map(violations).collect();
    for (path, _) in LONGER {
        if tree.rust().all(|file| file.path != *path || file.text.lines().count() <= LINES) {
            found.push(format!("{path} is short now: take it off the list in xtask/src/tidy/files.rs"));
        }
    }
    Ok(found)
}

fn violations(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    if !file.text.lines().find(|line| !is_before_header(line)).is_some_and(|line| line.starts_with("//! ")) {
        found.push(format!("{}:1: open the file with `//! ` and what it owns", file.path));
    }
    if file.path.ends_with("/mod.rs") {
        found.push(format!("{}: call it after its directory, beside that directory", file.path));
    }
    let lines = file.text.lines().count();
    let allowed = LONGER.iter().find(|(path, _)| *path == file.path).map_or(LINES, |(_, lines)| *lines);
    if lines > allowed {
        found.push(format!("{}: {lines} lines, at most {allowed}: one idea per file, so split it", file.path));
    }
    found
}

/// Fuzz targets must say `#![no_main]` first.
fn is_before_header(line: &str) -> bool {
    line.is_empty() || line.starts_with("#!")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        assert!(violations(&file("a.rs", "//! A.\n")).is_empty());
        assert!(violations(&file("a.rs", "#![cfg(test)]\n\n//! A.\n")).is_empty());
        assert_eq!(violations(&file("a.rs", "use x;\n")).len(), 1);
        assert_eq!(violations(&file("a/mod.rs", "//! A.\n")).len(), 1);
        assert_eq!(violations(&file("a.rs", &format!("//! A.{}", "\n//".repeat(LINES)))).len(), 1);
    }
}
