//! Resource directories: every kind, read once, filtered as a sidecar sees them.

mod duplicates;
mod sort;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Position;
use crate::yaml;
use crate::{
    Component, Configuration, HttpEndpoint, McpServer, Problem, Resiliency, Resource, Subscription,
    WorkflowAccessPolicy,
};

/// For whom the resources are loaded.
#[derive(Clone, Debug, Default)]
pub struct Loader<'a> {
    /// Resources with scopes that do not name it are left out. `None` keeps all of them, as a
    /// validation of whole directories wants.
    pub app_id: Option<&'a str>,
    /// Resources of another namespace are left out. `None` (environment variable `NAMESPACE`
    /// not set) and empty keep all of them.
    pub namespace: Option<&'a str>,
}

/// The resources of some directories, each kind in order: directory, file name, document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    pub components: Vec<Component>,
    pub http_endpoints: Vec<HttpEndpoint>,
    /// Of every namespace and scope: the pub/sub engine looks at the scopes. v1alpha1 is converted.
    pub subscriptions: Vec<Subscription>,
    /// Of every namespace; at most one per file.
    pub resiliencies: Vec<Resiliency>,
    /// Not applied, only watched.
    pub configurations: Vec<Configuration>,
    pub mcp_servers: Vec<McpServer>,
    pub workflow_access_policies: Vec<WorkflowAccessPolicy>,
    /// Documents that were left out (errors) and fields that nothing reads (warnings).
    pub problems: Vec<Problem>,
    /// Files that were not read, or not whole. Who had a resource of one of them loaded does well to keep it.
    pub broken: Vec<Arc<Path>>,
}

impl Loaded {
    /// Whether a resource may stand in a file that could not be read whole.
    pub fn may_hide(&self, resource: &impl Resource) -> bool {
        let origin = resource.metadata().origin.0.as_ref();
        origin.is_some_and(|origin| self.broken.contains(&origin.file))
    }
}

/// Why nothing is loaded. daprd does not start then.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("failed to read resource directory {}: {source}", path.display())]
    Directory { path: PathBuf, source: std::io::Error },
    /// Several resources of one kind with one name; an entry for each but the first.
    #[error("{}", join(.0))]
    Duplicates(Vec<Duplicate>),
}

/// A resource that has the kind and name of an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Names both. The text is interface: tools look for it, one after the other.
    pub message: String,
    /// Where the later and the earlier one are written.
    pub positions: [Option<Position>; 2],
}

/// All messages, each on its line, then where the twins are.
fn join(duplicates: &[Duplicate]) -> String {
    let messages: Vec<&str> = duplicates.iter().map(|duplicate| duplicate.message.as_str()).collect();
    let place = |duplicate: &Duplicate| match &duplicate.positions {
        [Some(later), Some(earlier)] => Some(format!("{later} repeats {earlier}")),
        _ => None,
    };
    let places: Vec<String> = duplicates.iter().filter_map(place).collect();
    if places.is_empty() { messages.join("\n") } else { format!("{}\n({})", messages.join("\n"), places.join(", ")) }
}

impl Loader<'_> {
    /// Reads directories, not their subdirectories. A file that vanishes meanwhile is passed over;
    /// a document that cannot be used is reported in [`Loaded::problems`] and left out.
    ///
    /// # Errors
    /// When a directory cannot be read, or two resources of one kind have one name.
    pub fn directories<P: AsRef<Path>>(&self, directories: &[P]) -> Result<Loaded, LoadError> {
        let mut sorter = sort::Sorter::default();
        for directory in directories {
            let directory = directory.as_ref();
            let names =
                file_names(directory).map_err(|source| LoadError::Directory { path: directory.to_owned(), source })?;
            for name in names {
                sorter.file(&directory.join(name));
            }
        }
        sorter.finish(self)
    }

    /// Reads resources from a text, as if it were a file of that name.
    ///
    /// # Errors
    /// When two resources of one kind have one name.
    pub fn text(&self, name: &str, text: &str) -> Result<Loaded, LoadError> {
        let mut sorter = sort::Sorter::default();
        sorter.text(&Arc::from(Path::new(name)), text);
        sorter.finish(self)
    }
}

/// The names of a directory's files, sorted.
fn file_names(directory: &Path) -> std::io::Result<Vec<std::ffi::OsString>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        // A link to a directory is told apart later, when it cannot be read as a file.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            names.push(entry.file_name());
        }
    }
    names.sort();
    Ok(names)
}

/// Whether a file's name ends in `.yaml` or `.yml`, in any case.
pub fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml"))
}

/// What a fuzzer calls: reads bytes as a resource file and as a configuration file. Any input
/// must be answered, quickly and without a panic.
pub fn fuzz(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = Loader::default().text("fuzz.yaml", &text);
    let _ = crate::configuration::parse(&[(Arc::from(Path::new("fuzz.yaml")), text.into_owned())]);
    let _ = yaml::decode(bytes.to_vec());
}

#[cfg(test)]
mod tests;
