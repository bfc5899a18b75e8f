//! Versions are set once, in the root manifest, and every dependency is used.
//!
//! The check is textual: a dependency counts as used when its name stands as a word in the source.

use std::collections::BTreeSet;

use anyhow::Result;
use cargo_metadata::{Dependency, DependencyKind};

use super::tree::{File, Tree};

pub(super) fn check(tree: &Tree) -> Result<Vec<String>> {
    let mut found = unused_in_source(tree);
    found.extend(versions_of_their_own(tree));
    found.extend(unused_in_workspace(tree));
    Ok(found)
}

fn unused_in_source(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (directory, package) in tree.packages() {
        let sources: Vec<&File> = tree
            .files
            .iter()
            .filter(|file| file.path.starts_with(&format!("{directory}/")) && file.path.ends_with(".rs"))
            .collect();
        for dependency in &package.dependencies {
            let name = code_name(tree, dependency);
            let is_used =
                sources.iter().any(|file| counts(&directory, file, dependency.kind) && has_word(&file.text, &name));
            if !is_used {
                found.push(format!(
                    "{directory}/Cargo.toml: `{}` is not used in the source: remove it",
                    dependency.name
                ));
            }
        }
    }
    found
}

/// The tests of a package do not count as a use of its normal dependencies.
fn counts(directory: &str, file: &File, kind: DependencyKind) -> bool {
    kind != DependencyKind::Normal || !file.path.starts_with(&format!("{directory}/tests/")) || directory == "tests"
}

/// How source code calls a dependency.
fn code_name(tree: &Tree, dependency: &Dependency) -> String {
    if let Some(rename) = &dependency.rename {
        return rename.replace('-', "_");
    }
    let package = tree.metadata.packages.iter().find(|package| package.name.as_str() == dependency.name);
    let library =
        package.and_then(|package| package.targets.iter().find(|target| target.is_lib() || target.is_proc_macro()));
    library.map_or_else(|| dependency.name.clone(), |target| target.name.clone()).replace('-', "_")
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    text.match_indices(word)
        .any(|(at, _)| !is_part(text[..at].chars().next_back()) && !is_part(text[at + word.len()..].chars().next()))
}

/// The manifests of the packages, without that of the workspace.
fn manifests(tree: &Tree) -> impl Iterator<Item = &File> {
    let members: BTreeSet<String> =
        tree.packages().into_iter().map(|(directory, _)| format!("{directory}/Cargo.toml")).collect();
    tree.files.iter().filter(move |file| members.contains(&file.path))
}

fn versions_of_their_own(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for file in manifests(tree) {
        for (number, line) in dependency_lines(&file.text, is_dependency_table) {
            if !line.contains("workspace = true") {
                found.push(format!(
                    "{}:{number}: set the version in [workspace.dependencies] and say `workspace = true` here",
                    file.path
                ));
            }
        }
    }
    found
}

fn unused_in_workspace(tree: &Tree) -> Vec<String> {
    let Some(root) = tree.files.iter().find(|file| file.path == "Cargo.toml") else { return Vec::new() };
    let used: BTreeSet<&str> = manifests(tree)
        .flat_map(|file| dependency_lines(&file.text, is_dependency_table))
        .map(|(_, line)| name_in(line))
        .collect();
    dependency_lines(&root.text, |table| table == "[workspace.dependencies]")
        .into_iter()
        .filter(|(_, line)| !used.contains(name_in(line)))
        .map(|(number, line)| format!("Cargo.toml:{number}: nobody uses `{}`: remove it", name_in(line)))
        .collect()
}

fn is_dependency_table(table: &str) -> bool {
    table.ends_with("dependencies]")
}

/// The entries of the wanted tables, with their line numbers.
fn dependency_lines(text: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            inside = is_wanted(line.trim());
        } else if inside && line.starts_with(|letter: char| letter.is_ascii_alphanumeric()) {
            found.push((number + 1, line));
        }
    }
    found
}

/// `tokio` of `tokio.workspace = true` and of `tokio = { … }`.
fn name_in(line: &str) -> &str {
    line.split(['.', '=', ' ']).next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_table_are_found() {
        let text =
            "[package]\nname = \"x\"\n\n[dependencies]\n# why\ntokio.workspace = true\nserde = { workspace = true }\n";
        let lines = dependency_lines(text, is_dependency_table);
        let names: Vec<&str> = lines.iter().map(|(_, line)| name_in(line)).collect();
        assert_eq!((names, lines[0].0), (vec!["tokio", "serde"], 6));
    }

    #[test]
    fn a_word_is_no_part_of_another() {
        assert!(has_word("use http::Uri;", "http"));
        assert!(!has_word("use http_body::Body;", "http"));
        assert!(!has_word("use hyper_http;", "http"));
    }
}
