//! The run file (`dapr.yaml`): several apps and their sidecars under one `dapr run -f`.
//!
//! `common` fills what an app leaves out. An app may also take something back (`enableApiLogging:
//! false` under a common `true`), which the incumbent cannot.

mod entry;
mod paths;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

pub(crate) use self::entry::Destination;
use self::entry::Entry;
use super::settings::Settings;
use crate::home::Home;

/// What a directory given to `-f` must hold.
const FILE_NAME: &str = "dapr.yaml";
/// Stands for standard input.
const STDIN: &str = "-";

/// A run file, read and checked.
#[derive(Debug)]
pub(crate) struct RunFile {
    pub(crate) name: String,
    pub(crate) apps: Vec<App>,
    /// Keys that nothing reads, with the name that was probably meant.
    pub(crate) doubts: Vec<String>,
}

/// One app of a run file.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) directory: PathBuf,
    pub(crate) daprd_log: Destination,
    pub(crate) app_log: Destination,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    version: i64,
    name: String,
    common: Entry,
    apps: Vec<Entry>,
}

/// The file that `-f` means: itself, or the `dapr.yaml` of a directory.
pub(crate) fn locate(given: &Path) -> Result<PathBuf> {
    if given == Path::new(STDIN) {
        return Ok(given.to_path_buf());
    }
    let meta = given.metadata().with_context(|| format!("cannot read the run file {}", given.display()))?;
    if meta.is_dir() {
        let file = given.join(FILE_NAME);
        return if file.is_file() { Ok(file) } else { bail!("there is no {FILE_NAME} in {}", given.display()) };
    }
    match given.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => Ok(given.to_path_buf()),
        _ => bail!("file {:?} is not a YAML file", given.display().to_string()),
    }
}

/// Reads the run file at `path` (as [`locate`] returned it).
pub(crate) fn load(path: &Path, home: &Home) -> Result<RunFile> {
    let (text, base) = if path == Path::new(STDIN) {
        (std::io::read_to_string(std::io::stdin())?, std::env::current_dir()?)
    } else {
        let absolute = std::path::absolute(path)?;
        (std::fs::read_to_string(path)?, absolute.parent().unwrap_or(Path::new("/")).to_path_buf())
    };
    parse(&text, &base, home).with_context(|| format!("error in the run file {}", path.display()))
}

fn parse(text: &str, base: &Path, home: &Home) -> Result<RunFile> {
    let mut document: Document = serde_saphyr::from_str(text)?;
    if document.version == 0 {
        bail!("required field 'version' not found in the provided run template file");
    }
    document.common.resolve(base)?;
    let mut apps = Vec::new();
    for entry in document.apps {
        apps.push(app(entry, &document.common, base, home)?);
    }
    Ok(RunFile { name: document.name, apps, doubts: entry::unknown_keys(text) })
}

fn app(mut entry: Entry, common: &Entry, base: &Path, home: &Home) -> Result<App> {
    let Some(directory) = entry.app_dir_path.take().filter(|path| !path.is_empty()) else {
        bail!("required field 'appDirPath' not found in the provided app config file");
    };
    let directory = paths::resolve(base, &directory)?;
    entry.resolve(&directory)?;
    entry.check()?;
    let own_home = match entry.runtime_path.as_ref().or(common.runtime_path.as_ref()) {
        Some(path) => &Home::under(Path::new(path))?,
        None => home,
    };
    let resources_paths = entry.resources(common, &directory, own_home);
    let config = entry.config(common, &directory, own_home);
    entry.inherit(common);
    Ok(App {
        daprd_log: entry.daprd_log_destination.unwrap_or(Destination::File),
        app_log: entry.app_log_destination.unwrap_or(Destination::FileAndConsole),
        settings: entry.settings(&directory, resources_paths, config),
        directory,
    })
}

#[cfg(test)]
mod tests;
