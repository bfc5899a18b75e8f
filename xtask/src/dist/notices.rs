//! The licences of what the programs link: a list, then each text once with the packages it came with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use cargo_metadata::{Metadata, Package};

/// How files with a licence begin.
const NAMES: &[&str] = &["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

pub(super) fn render(root: &Path, metadata: &Metadata, programs: &[String], features: &str) -> Result<String> {
    let linked = linked(root, programs, features)?;
    let packages: Vec<&Package> = metadata
        .packages
        .iter()
        .filter(|package| package.source.is_some())
        .filter(|package| linked.contains(&format!("{} v{}", package.name, package.version)))
        .collect();
    ensure!(!packages.is_empty(), "cargo tree names no package that cargo metadata knows");

    let mut page = String::from("What the programs of this archive link, with its licences.\n\n");
    page.push_str("rust standard library: MIT OR Apache-2.0\n");
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut without = Vec::new();
    for package in packages {
        let name = format!("{} {}", package.name, package.version);
        let licence = package.license.as_deref().unwrap_or("see its text below");
        page.push_str(&format!("{name}: {licence}{}\n", address(package)));
        let found = texts_of(package)?;
        if found.is_empty() {
            without.push(name.clone());
        }
        for text in found {
            texts.entry(text).or_default().insert(name.clone());
        }
    }
    if !without.is_empty() {
        page.push_str(&format!("\nWithout a text of their own in the package: {}.\n", without.join(", ")));
    }
    for (text, names) in texts {
        let names: Vec<String> = names.into_iter().collect();
        page.push_str(&format!("\n{}\n{}\n\n{text}\n", "=".repeat(80), names.join(", ")));
    }
    Ok(page)
}

fn address(package: &Package) -> String {
    package.repository.as_ref().map(|address| format!(" ({address})")).unwrap_or_default()
}

/// `name vVERSION` of everything in the programs. `cargo tree` knows which features are on; macros and build scripts
/// leave nothing of themselves behind.
fn linked(root: &Path, programs: &[String], features: &str) -> Result<BTreeSet<String>> {
    let mut cargo = super::cargo(root);
    cargo.args(["tree", "--offline", "--prefix", "none", "--format", "{p}", "--edges", "normal,no-proc-macro"]);
    cargo.args(["--features", features]).args(programs.iter().flat_map(|program| ["--package", program]));
    let tree = super::output(&mut cargo)?;
    let name_and_version = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    Ok(tree.lines().filter(|line| !line.is_empty()).map(name_and_version).collect())
}

/// The licence texts in a package: at its top, in a directory of licences, and beside the C code it brings.
fn texts_of(package: &Package) -> Result<Vec<String>> {
    let top = package.manifest_path.parent().context("a manifest has a directory")?.as_std_path();
    let mut files = Vec::new();
    for entry in sorted(top)? {
        if entry.is_dir() {
            let all = is_licence(&entry);
            files.extend(sorted(&entry)?.into_iter().filter(|file| file.is_file() && (all || is_licence(file))));
        } else if is_licence(&entry) {
            files.push(entry);
        }
    }
    let mut texts = Vec::new();
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("read {}", file.display()))?;
        let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n").trim().to_owned();
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    Ok(texts)
}

fn is_licence(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
    NAMES.iter().any(|known| name.starts_with(known)) && !name.ends_with(".RS")
}

fn sorted(directory: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("list {}", directory.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
