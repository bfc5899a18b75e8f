//! What the rules look at: the files of the repository and its packages.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, MetadataCommand, Package};

/// Directories that hold nothing of ours.
const FOREIGN: &[&str] = &["target", "dist", "node_modules", "__pycache__"];

/// The repository.
pub(super) struct Tree {
    pub(super) root: PathBuf,
    /// Every text file, with its path from the root in forward slashes, sorted.
    pub(super) files: Vec<File>,
    pub(super) metadata: Metadata,
}

/// A text file.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

impl Tree {
    pub(super) fn read(root: &Path) -> Result<Self> {
        let metadata = MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .other_options(["--offline".to_owned()])
            .exec()
            .context("cargo metadata")?;
        let mut files = Vec::new();
        collect(root, root, &mut files)?;
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self { root: root.to_owned(), files, metadata })
    }

    /// The Rust files that people write.
    pub(super) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust() && !file.is_generated())
    }

    /// The packages of the workspace with their directory from the root, as `crates/kit`.
    pub(super) fn packages(&self) -> Vec<(String, &Package)> {
        let directory = |package: &Package| {
            let directory =
                package.manifest_path.parent().map(|path| path.as_std_path().to_owned()).unwrap_or_default();
            slashed(directory.strip_prefix(&self.root).unwrap_or(&directory))
        };
        self.metadata.workspace_packages().into_iter().map(|package| (directory(package), package)).collect()
    }
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether `cargo xtask codegen` writes it.
    pub(super) fn is_generated(&self) -> bool {
        self.path.starts_with("crates/proto/src/generated/")
    }
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// A file that vanishes meanwhile, or is not text, is passed over.
fn collect(root: &Path, directory: &Path, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("list {}", directory.display()))? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            let is_hidden = name.starts_with('.') && name != ".cargo" && name != ".github";
            if !is_hidden && !FOREIGN.contains(&name.as_ref()) {
                collect(root, &path, files)?;
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.push(File { path: slashed(path.strip_prefix(root).unwrap_or(&path)), text });
        }
    }
    Ok(())
}
