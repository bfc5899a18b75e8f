//! The set of files that makes Dapr usable on a new machine: a durable state store that also
//! serves actors, a durable pub/sub, and an empty Configuration. Written by `dapr init`, and by the
//! first `dapr run` when nobody ran `init`.

use std::io;
use std::path::{Path, PathBuf};

use crate::home::Home;

/// Writes the default files that are missing and returns those it wrote.
/// A file that exists is never touched: it belongs to the user.
pub(crate) fn write_missing(home: &Home) -> io::Result<Vec<PathBuf>> {
    let components = home.components();
    std::fs::create_dir_all(&components)?;
    let files = [
        (components.join("statestore.yaml"), state_store(&home.state_file())),
        (components.join("pubsub.yaml"), pubsub(&home.pubsub_file())),
        (home.config_file(), configuration()),
    ];
    write_new(files)
}

/// What `--slim` writes: the Configuration, and a components directory that stays empty.
pub(crate) fn write_missing_slim(home: &Home) -> io::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(home.components())?;
    write_new([(home.config_file(), configuration())])
}

fn write_new(files: impl IntoIterator<Item = (PathBuf, String)>) -> io::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for (path, text) in files {
        if create_whole(&path, &text)? {
            written.push(path);
        }
    }
    Ok(written)
}

/// Creates `path` with its full content in one step, or leaves it alone when it exists: two
/// `dapr run` on a new machine may race, and neither may read half a file of the other.
fn create_whole(path: &Path, text: &str) -> io::Result<bool> {
    if path.exists() {
        return Ok(false);
    }
    // No `.yaml` at its end: a sidecar that loads the folder meanwhile must pass it over.
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    std::fs::write(&draft, text)?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

fn state_store(file: &Path) -> String {
    // A JSON string is a YAML string, whatever the path holds.
    let file = serde_json::Value::from(file.to_string_lossy().into_owned());
    format!(
        "apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: statestore
spec:
  type: state.sqlite
  version: v1
  metadata:
  - name: connectionString
    value: {file}
  - name: actorStateStore
    value: \"true\"
"
    )
}

fn pubsub(file: &Path) -> String {
    let file = serde_json::Value::from(file.to_string_lossy().into_owned());
    format!(
        "apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: pubsub
spec:
  type: pubsub.sqlite
  version: v1
  metadata:
  - name: connectionString
    value: {file}
"
    )
}

fn configuration() -> String {
    "apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: daprConfig
spec: {}
"
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let base = tempfile::tempdir().unwrap();
        let home = Home::under(base.path()).unwrap();
        (base, home)
    }

    fn parse(path: &Path) -> serde_json::Value {
        serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn the_default_state_store_serves_actors_from_a_file_of_the_home() {
        let (_base, home) = home();
        assert_eq!(write_missing(&home).unwrap().len(), 3);
        let store = parse(&home.components().join("statestore.yaml"));
        assert_eq!(store["spec"]["type"], "state.sqlite");
        assert_eq!(store["spec"]["metadata"][0]["value"], home.state_file().to_str().unwrap());
        assert_eq!(store["spec"]["metadata"][1]["name"], "actorStateStore");
        assert_eq!(store["spec"]["metadata"][1]["value"], "true");
        let pubsub = parse(&home.components().join("pubsub.yaml"));
        assert_eq!(pubsub["spec"]["type"], "pubsub.sqlite");
        assert_eq!(pubsub["spec"]["metadata"][0]["value"], home.pubsub_file().to_str().unwrap());
        assert_eq!(parse(&home.config_file())["metadata"]["name"], "daprConfig");
    }

    #[test]
    fn files_of_the_user_stay() {
        let (_base, home) = home();
        std::fs::create_dir_all(home.components()).unwrap();
        std::fs::write(home.components().join("pubsub.yaml"), "mine").unwrap();
        assert_eq!(write_missing(&home).unwrap().len(), 2);
        assert_eq!(write_missing(&home).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(std::fs::read_to_string(home.components().join("pubsub.yaml")).unwrap(), "mine");
        assert_eq!(std::fs::read_dir(home.components()).unwrap().count(), 2, "no draft is left behind");
    }

    #[test]
    fn slim_leaves_the_components_directory_empty() {
        let (_base, home) = home();
        write_missing_slim(&home).unwrap();
        assert_eq!(std::fs::read_dir(home.components()).unwrap().count(), 0);
        assert!(home.config_file().exists());
    }
}
