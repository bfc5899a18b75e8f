//! The run file (`dapr.yaml`): several apps and their sidecars under one `dapr run -f`.
//!
//! `common` fills what an app leaves out. An app may also take something back (`enableApiLogging:
//! false` under a common `true`), which the incumbent cannot. Everything that is wrong with a file
//! is told at once, with line and field.

mod entry;
mod keys;
mod paths;
mod problem;

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

pub(crate) use self::entry::Destination;
use self::entry::Entry;
use self::problem::{Problem, Problems};
use super::settings::Settings;
use crate::home::Home;

/// What a directory given to `-f` must hold.
const FILE_NAME: &str = "dapr.yaml";
/// Stands for standard input.
const STDIN: &str = "-";
/// No run file is longer; whatever is piped in must not fill our memory.
const LONGEST: u64 = 4 << 20;

/// A run file, read and checked.
#[derive(Debug)]
pub(crate) struct RunFile {
    pub(crate) name: String,
    pub(crate) apps: Vec<App>,
    /// Sentences about keys that nothing reads, with the name that was probably meant.
    pub(crate) doubts: Vec<String>,
}

/// One app of a run file.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) directory: PathBuf,
    pub(crate) daprd_log: Destination,
    pub(crate) app_log: Destination,
    /// `file:line` of the app, for errors that show only when it is planned.
    pub(crate) place: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    version: Option<Spanned<i64>>,
    name: Option<String>,
    common: Option<Entry>,
    apps: Option<Vec<Spanned<Entry>>>,
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

/// The name by which `dapr list` and `dapr stop -f` know a run file: absolute, without `..`. The
/// file is one that [`locate`] returned, and `directory` is where it was named.
pub(crate) fn absolute(path: &Path, directory: &Path) -> PathBuf {
    paths::tidy(&directory.join(path))
}

/// Reads the run file at `path` (as [`locate`] returned it).
///
/// # Errors
/// It cannot be read, or something in it cannot be used: then every such place is named.
pub(crate) fn load(path: &Path, home: &Home) -> Result<RunFile> {
    if path == Path::new(STDIN) {
        let text = read(std::io::stdin()).context("cannot read the run file from standard input")?;
        return Ok(parse(&text, "standard input", &std::env::current_dir()?, home)?);
    }
    let absolute = absolute(path, &std::env::current_dir()?);
    let base = absolute.parent().unwrap_or(Path::new("/"));
    let cannot = || format!("cannot read the run file {}", path.display());
    let text = std::fs::File::open(path).map_err(Into::into).and_then(read).with_context(cannot)?;
    Ok(parse(&text, &path.to_string_lossy(), base, home)?)
}

fn read(from: impl Read) -> Result<String> {
    let mut text = String::new();
    from.take(LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        bail!("it is longer than {LONGEST} bytes");
    }
    Ok(text)
}

/// Reads `text`; `file` is its name in messages, and `base` the directory of its paths.
fn parse(text: &str, file: &str, base: &Path, home: &Home) -> Result<RunFile, Problems> {
    let refuse = |problems| Problems::new(file, problems);
    let document: Document = serde_saphyr::from_str(text).map_err(|error| refuse(vec![error.into()]))?;
    let mut problems = Vec::new();
    if document.version.as_ref().is_none_or(|version| version.value == 0) {
        let place = document.version.map_or(Location::UNKNOWN, |version| version.referenced);
        let message = "required field 'version' not found in the provided run template file; write `version: 1`";
        problems.push(Problem::new(place, "version".to_owned(), message.to_owned()));
    }
    let mut common = document.common.unwrap_or_default();
    common.resolve(base, "common", &mut problems);
    common.check("common", &mut problems);
    let mut apps = Vec::new();
    for (index, entry) in document.apps.into_iter().flatten().enumerate() {
        let place = match entry.referenced.line() {
            0 => file.to_owned(),
            line => format!("{file}:{line}"),
        };
        let block = Block { name: format!("apps[{index}]"), place, entry };
        apps.extend(block.app(&common, base, home, &mut problems));
    }
    if !problems.is_empty() {
        return Err(refuse(problems));
    }
    let doubts = keys::unknown(text).iter().map(|doubt| doubt.sentence(file)).collect();
    Ok(RunFile { name: document.name.unwrap_or_default(), apps, doubts })
}

/// An app as it stands in the file.
struct Block {
    name: String,
    place: String,
    entry: Spanned<Entry>,
}

impl Block {
    /// `None` when a problem leaves nothing to build on.
    fn app(self, common: &Entry, base: &Path, home: &Home, problems: &mut Vec<Problem>) -> Option<App> {
        let location = self.entry.referenced;
        let mut entry = self.entry.value;
        entry.check(&self.name, problems);
        let field = format!("{}.appDirPath", self.name);
        let Some(path) = entry.app_dir_path.take().filter(|path| !path.value.is_empty()) else {
            let message = "required field 'appDirPath' not found in the provided app config file";
            problems.push(Problem::new(location, field, message.to_owned()));
            return None;
        };
        let directory = match paths::resolve(base, &path.value) {
            Ok(directory) if directory.is_dir() => directory,
            Ok(other) => {
                problems.push(Problem::at(&path, field, format!("{} is not a directory", other.display())));
                return None;
            }
            Err(why) => {
                problems.push(Problem::at(&path, field, format!("{why:#}")));
                return None;
            }
        };
        entry.resolve(&directory, &self.name, problems);
        let runtime_path = entry.runtime_path.as_ref().or(common.runtime_path.as_ref());
        let own_home = match runtime_path.filter(|path| !path.value.is_empty()) {
            Some(path) => &Home::under(Path::new(&path.value)).ok()?,
            None => home,
        };
        let resources_paths = entry.resources(common, &directory, own_home);
        let config = entry.config(common, &directory, own_home);
        entry.inherit(common);
        Some(App {
            daprd_log: entry.daprd_log(),
            app_log: entry.app_log(),
            settings: entry.settings(&directory, resources_paths, config),
            directory,
            place: self.place,
        })
    }
}

#[cfg(test)]
mod tests;
