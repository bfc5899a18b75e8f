//! `crypto.dapr.localstorage`: each file of a directory is a key, whose name is that of the file.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use dapr_spi::crypto::CryptoProvider;
use dapr_spi::{Context, Error, ErrorKind, Factory, Metadata, Result};

use crate::key::{Format, Key};
use crate::vault::{Keys, Vault};

/// The largest file that is read.
const MAX_BYTES: u64 = 1 << 20;

/// Fields of `crypto.dapr.localstorage`.
#[derive(Metadata)]
pub struct LocalStorageMetadata {
    /// Directory with the keys. A file is PEM (`.pem`), a JSON Web Key (`.json`) or a symmetric key, raw or in base64;
    /// without such an extension its content tells. Files are read at each use, so a key can be exchanged.
    #[metadata(required)]
    pub path: String,
}

/// Makes `crypto.dapr.localstorage`.
pub struct LocalStorage;

#[async_trait]
impl Factory for LocalStorage {
    type Metadata = LocalStorageMetadata;
    type Valid = PathBuf;
    type Component = dyn CryptoProvider;

    fn validate(metadata: LocalStorageMetadata) -> Result<PathBuf> {
        if metadata.path.is_empty() {
            return Err(Error::invalid("metadata property 'path' is required"));
        }
        Ok(PathBuf::from(metadata.path))
    }

    async fn init(path: PathBuf, _: Context) -> Result<Arc<dyn CryptoProvider>> {
        let opening = tokio::task::spawn_blocking(move || {
            let failed = |error| {
                let what = format!("could not open the directory of keys {}", path.display());
                Error::from_source(ErrorKind::Invalid, &what, error)
            };
            Dir::open_ambient_dir(&path, ambient_authority()).map_err(failed)
        });
        let directory = opening.await.map_err(|error| Error::failed(error.to_string()))??;
        Ok(Arc::new(Vault(Files(Arc::new(directory)))))
    }
}

/// A directory that no name leads out of, not even through a link.
struct Files(Arc<Dir>);

#[async_trait]
impl Keys for Files {
    async fn find(&self, name: &str) -> Result<Key> {
        if name.contains("..") {
            return Err(Error::invalid("invalid key path: cannot contain '..'"));
        }
        let (directory, name) = (self.0.clone(), name.to_owned());
        let reading = tokio::task::spawn_blocking(move || read(&directory, &name));
        reading.await.map_err(|error| Error::failed(error.to_string()))?
    }
}

fn read(directory: &Dir, name: &str) -> Result<Key> {
    let failed = |error: std::io::Error| {
        let kind = if error.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Failed };
        Error::from_source(kind, &format!("failed to load key '{name}'"), error)
    };
    let path = name.trim_start_matches('/');
    let mut content = Vec::new();
    directory.open(path).map_err(failed)?.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(Error::invalid(format!("failed to load key '{name}': the file is larger than 1 MiB")));
    }
    let extension = Path::new(path).extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    let format = match extension.as_deref() {
        Some("json") => Format::Jwk,
        Some("pem") => Format::Pem,
        _ => Format::Guess,
    };
    Key::parse(&content, format).map_err(|why| Error::invalid(format!("failed to parse key from secret: {why}")))
}
