//! `bindings.localstorage`: files below one directory.

mod files;
mod path;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dapr_spi::binding::{Binding, Failure, InvokeRequest, InvokeResponse, OutputBinding};
use dapr_spi::{Context, Error, Factory, Metadata, Result};

use files::Files;

/// What a call names its file with.
const FILE_NAME: &str = "fileName";
const OPERATIONS: [&str; 4] = ["create", "get", "list", "delete"];

/// Fields of `bindings.localstorage`.
#[derive(Metadata)]
pub struct LocalStorageMetadata {
    /// The directory. It is created if it is not there; nothing outside of it is read or written, not even by a
    /// symbolic link.
    #[metadata(required)]
    pub root_path: String,
}

/// Makes `bindings.localstorage`.
pub struct LocalStorage;

#[async_trait]
impl Factory for LocalStorage {
    type Metadata = LocalStorageMetadata;
    type Valid = PathBuf;
    type Component = dyn Binding;

    fn validate(metadata: LocalStorageMetadata) -> Result<PathBuf> {
        if metadata.root_path.trim().is_empty() {
            return Err(Error::invalid("property rootPath must not be empty"));
        }
        Ok(PathBuf::from(metadata.root_path))
    }

    async fn init(root: PathBuf, _: Context) -> Result<Arc<dyn Binding>> {
        let files = off_thread(move || Files::open(&root)).await?;
        Ok(Arc::new(Storage { files: Arc::new(files), operations: OPERATIONS.map(str::to_owned) }))
    }
}

struct Storage {
    files: Arc<Files>,
    operations: [String; OPERATIONS.len()],
}

impl Binding for Storage {
    fn output(&self) -> Option<&dyn OutputBinding> {
        Some(self)
    }
}

#[async_trait]
impl OutputBinding for Storage {
    fn operations(&self) -> &[String] {
        &self.operations
    }

    async fn invoke(&self, mut request: InvokeRequest) -> Result<InvokeResponse, Failure> {
        let files = self.files.clone();
        let name = request.metadata.remove(FILE_NAME).unwrap_or_default();
        let data = match request.operation.as_str() {
            "create" => {
                let name = if name.is_empty() { uuid::Uuid::new_v4().to_string() } else { name };
                let content = content(request.data);
                let written = off_thread(move || files.create(&name, &content)).await?;
                Some(json(&serde_json::json!({ "fileName": written })))
            }
            "get" => Some(Bytes::from(off_thread(move || files.get(&name)).await?)),
            "list" => Some(json(&off_thread(move || files.list(&name)).await?.into())),
            "delete" => {
                off_thread(move || files.delete(&name)).await?;
                None
            }
            other => return Err(Error::unsupported(format!("unsupported operation {other}")).into()),
        };
        Ok(InvokeResponse { data, ..InvokeResponse::default() })
    }
}

/// A JSON string is its text, and text that is base64 is its bytes: so a call over HTTP can write any file.
fn content(data: Bytes) -> Bytes {
    let text = serde_json::from_slice::<String>(&data).map(Bytes::from).unwrap_or(data);
    STANDARD.decode(&text).map(Bytes::from).unwrap_or(text)
}

fn json(value: &serde_json::Value) -> Bytes {
    Bytes::from(value.to_string())
}

/// Runs work on files where it may block.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::from_source(dapr_spi::ErrorKind::Failed, "work on files", error))?
}

#[cfg(test)]
mod tests {
    use dapr_spi::registry::open;

    use super::*;

    async fn storage(root: &std::path::Path) -> Arc<dyn Binding> {
        open::<LocalStorage>(&[("rootPath", root.to_str().unwrap())]).await.unwrap()
    }

    async fn call(binding: &Arc<dyn Binding>, operation: &str, name: &str, data: &str) -> Result<String, String> {
        let request = InvokeRequest {
            operation: operation.into(),
            data: Bytes::copy_from_slice(data.as_bytes()),
            metadata: [(FILE_NAME.to_owned(), name.to_owned())].into(),
        };
        let answer = binding.output().unwrap().invoke(request).await.map_err(|failure| failure.to_string())?;
        Ok(answer.data.map(|data| String::from_utf8_lossy(&data).into_owned()).unwrap_or_default())
    }

    #[tokio::test]
    async fn files_are_written_read_listed_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("new");
        let binding = storage(&root).await;
        assert_eq!(call(&binding, "create", "a/b.txt", "\"some text\"").await.unwrap(), r#"{"fileName":"a/b.txt"}"#);
        assert_eq!(call(&binding, "create", "c.bin", "\"AAEC\"").await.unwrap(), r#"{"fileName":"c.bin"}"#);
        assert_eq!(call(&binding, "get", "a/b.txt", "").await.unwrap(), "some text");
        assert_eq!(std::fs::read(root.join("c.bin")).unwrap(), [0, 1, 2]);
        let listed = call(&binding, "list", "", "").await.unwrap();
        assert_eq!(listed, serde_json::json!([root.join("a/b.txt"), root.join("c.bin")]).to_string());
        assert_eq!(call(&binding, "delete", "a/b.txt", "").await.unwrap(), "");
        assert!(call(&binding, "get", "a/b.txt", "").await.unwrap_err().starts_with("file not found: "));
        assert!(call(&binding, "list", "c.bin", "").await.unwrap_err().contains("not a directory"));
        let named: serde_json::Value = serde_json::from_str(&call(&binding, "create", "", "x").await.unwrap()).unwrap();
        assert!(uuid::Uuid::parse_str(named["fileName"].as_str().unwrap()).is_ok());
    }

    #[tokio::test]
    async fn nothing_outside_of_the_directory_is_reached() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        let binding = storage(&root).await;
        std::fs::write(folder.path().join("secret"), "s").unwrap();
        std::fs::create_dir(folder.path().join("other")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("other"), root.join("linked")).unwrap();
        std::os::unix::fs::symlink("../secret", root.join("relative")).unwrap();
        for name in ["link", "relative", "linked/x"] {
            assert!(call(&binding, "get", name, "").await.is_err(), "{name}");
        }
        // Dots above the directory end at the directory.
        assert!(call(&binding, "get", "../secret", "").await.unwrap_err().starts_with("file not found: "));
        assert_eq!(call(&binding, "create", "/../../secret", "mine").await.unwrap(), r#"{"fileName":"secret"}"#);
        assert!(call(&binding, "create", "linked/x", "mine").await.is_err());
        // A link is replaced, and what it led to stays.
        call(&binding, "create", "link", "mine").await.unwrap();
        call(&binding, "delete", "relative", "").await.unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("secret")).unwrap(), "s");
        assert_eq!(std::fs::read_dir(folder.path().join("other")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn places_of_the_system_are_no_storage() {
        for root in ["/proc/self", "/sys/x", "/boot", "/var/run/secrets/x", "/tmp/../proc"] {
            let error = open::<LocalStorage>(&[("rootPath", root)]).await.err().unwrap().to_string();
            assert!(error.contains("property rootPath points to a disallowed location"), "{root}: {error}");
        }
    }
}
