//! Paths in a run file: relative to where they stand, `~` is the home directory, and all exist.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// `path` made absolute.
///
/// # Errors
/// There is nothing at that path.
pub(super) fn resolve(base: &Path, path: &str) -> Result<PathBuf> {
    let expanded = match path.strip_prefix('~') {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            let home = std::env::home_dir().context("no home directory is known for `~`")?;
            home.join(rest.trim_start_matches('/'))
        }
        _ => base.join(path),
    };
    let clean: PathBuf = tidy(&expanded);
    if !clean.exists() {
        bail!("the file or directory {} does not exist", clean.display());
    }
    Ok(clean)
}

/// Without `.` and `..`, so that logs and `dapr list` show the path people expect.
pub(super) fn tidy(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}
