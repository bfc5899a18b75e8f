//! Which components a folder of sockets holds.

use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join_all;

use crate::connection::Connection;
use crate::reflection;

/// How long a component may take to tell its services. All are asked at once, so this bounds the whole search.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(900);

/// A component that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// File name of the socket without extension.
    pub name: String,
    /// Where it listens.
    pub socket: PathBuf,
    /// Full names of its gRPC services.
    pub services: Vec<String>,
}

impl Discovered {
    /// Whether it has the service `dapr.proto.components.v1.<service>`.
    pub fn serves(&self, service: &str) -> bool {
        self.services.iter().any(|name| name.strip_prefix("dapr.proto.components.v1.") == Some(service))
    }
}

/// Asks every socket in `folder` for its services, within a second. A folder that does not exist is empty, and a socket
/// that does not answer is logged and passed over.
pub async fn discover(folder: &Path) -> Vec<Discovered> {
    let found = join_all(sockets(folder).into_iter().map(ask)).await;
    found.into_iter().flatten().collect()
}

/// The sockets in `folder`, sorted, so that of two with the same name (and other extensions) the last always wins.
fn sockets(folder: &Path) -> Vec<PathBuf> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            tracing::warn!(target: "dapr.runtime", "cannot look for pluggable components in {}: {error}", folder.display());
            return Vec::new();
        }
    };
    let is_socket = |path: &PathBuf| match std::fs::metadata(path) {
        Ok(about) if about.file_type().is_socket() => true,
        Ok(about) if about.is_dir() => false,
        _ => {
            tracing::warn!(target: "dapr.runtime", "{} is no socket of a pluggable component", path.display());
            false
        }
    };
    let mut sockets: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_socket).collect();
    sockets.sort();
    sockets
}

async fn ask(socket: PathBuf) -> Option<Discovered> {
    let name = socket.file_stem()?.to_str()?.to_owned();
    let answer = tokio::time::timeout(ANSWER_TIMEOUT, services(&socket)).await;
    match answer.unwrap_or_else(|_| Err(format!("no answer within {ANSWER_TIMEOUT:?}"))) {
        Ok(services) => {
            tracing::info!(target: "dapr.runtime", "pluggable component {name} serves {}", services.join(", "));
            Some(Discovered { name, socket, services })
        }
        Err(why) => {
            tracing::warn!(
                target: "dapr.runtime",
                "pluggable component {name} is left out, its services are not known: {why}; \
                 start it before the sidecar, with gRPC reflection, or remove {}", socket.display()
            );
            None
        }
    }
}

async fn services(socket: &Path) -> Result<Vec<String>, String> {
    let connection = Connection::open(socket, None).await.map_err(|error| error.to_string())?;
    reflection::services(connection).await.map_err(|status| status.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_does_not_answer_costs_no_more_than_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let silent: Vec<_> = (0..3)
            .map(|index| tokio::net::UnixListener::bind(folder.path().join(format!("silent{index}.sock"))).unwrap())
            .collect();
        drop(tokio::net::UnixListener::bind(folder.path().join("dead.sock")).unwrap());
        std::fs::write(folder.path().join("notes.txt"), "no socket").unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        let started = std::time::Instant::now();
        assert_eq!(discover(folder.path()).await, []);
        assert!(started.elapsed() < Duration::from_millis(1_200), "{:?}", started.elapsed());
        drop(silent);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_empty() {
        assert_eq!(discover(Path::new("/no/such/folder")).await, []);
    }
}
