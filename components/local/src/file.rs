//! `secretstores.local.file`: secrets from a JSON file, read once.

use std::collections::HashMap;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use dapr_spi::secret_store::{Feature, Secret, SecretStore};
use dapr_spi::{Context, Error, ErrorKind, Factory, Metadata, Result};
use serde_json::{Map, Value};

use crate::flatten::flatten;

/// A file of secrets is small; more is a wrong path.
const MAX_BYTES: u64 = 16 << 20;

/// Fields of `secretstores.local.file`.
#[derive(Clone, Debug, Metadata)]
pub struct FileMetadata {
    /// Path of the JSON file; a relative one starts at the working directory of the sidecar.
    #[metadata(required)]
    pub secrets_file: String,
    /// Joins the names of nested objects and the indexes of arrays.
    #[metadata(default = ":")]
    pub nested_separator: String,
    /// Whether each top-level object is one secret with several keys; else each value is a secret of its own.
    #[metadata(default = "false")]
    pub multi_valued: bool,
}

/// Makes `secretstores.local.file`.
pub struct LocalFile;

#[async_trait]
impl Factory for LocalFile {
    type Metadata = FileMetadata;
    type Valid = FileMetadata;
    type Component = dyn SecretStore;

    fn validate(mut metadata: FileMetadata) -> Result<FileMetadata> {
        if metadata.secrets_file.is_empty() {
            return Err(Error::invalid("field `secretsFile` must name a file"));
        }
        if metadata.nested_separator.is_empty() {
            ":".clone_into(&mut metadata.nested_separator);
        }
        Ok(metadata)
    }

    async fn init(valid: FileMetadata, _: Context) -> Result<Arc<dyn SecretStore>> {
        let path = PathBuf::from(&valid.secrets_file);
        let files = [path.clone()];
        let reading = tokio::task::spawn_blocking(move || read(&path));
        let object = reading.await.map_err(|error| Error::failed(error.to_string()))??;
        Ok(Arc::new(Store { secrets: secrets_of(&object, &valid), multi_valued: valid.multi_valued, files }))
    }
}

struct Store {
    secrets: HashMap<String, Secret>,
    multi_valued: bool,
    files: [PathBuf; 1],
}

#[async_trait]
impl SecretStore for Store {
    fn features(&self) -> &[Feature] {
        if self.multi_valued { &[Feature::MultipleKeyValuesPerSecret] } else { &[] }
    }

    async fn get(&self, name: &str, _: &HashMap<String, String>) -> Result<Secret> {
        let found = self.secrets.get(name).cloned();
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("secret {name} not found")))
    }

    async fn bulk_get(&self, _: &HashMap<String, String>) -> Result<HashMap<String, Secret>> {
        Ok(self.secrets.clone())
    }

    fn files(&self) -> &[PathBuf] {
        &self.files
    }
}

fn secrets_of(object: &Map<String, Value>, settings: &FileMetadata) -> HashMap<String, Secret> {
    let separator = &settings.nested_separator;
    if settings.multi_valued {
        return object
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), multi_valued(name, value, separator)?)))
            .collect();
    }
    let single = |(name, value): (String, String)| (name.clone(), Secret::from([(name, value)]));
    flatten(object, separator).into_iter().map(single).collect()
}

/// Only texts and objects can be secrets here, as in the incumbent; others are left out.
fn multi_valued(name: &str, value: &Value, separator: &str) -> Option<Secret> {
    match value {
        Value::String(text) => Some(Secret::from([(name.to_owned(), text.clone())])),
        Value::Object(object) => Some(flatten(object, separator)),
        _ => {
            tracing::warn!("secretstores.local.file: `{name}` is neither a text nor an object and is left out");
            None
        }
    }
}

fn read(path: &PathBuf) -> Result<Map<String, Value>> {
    let cannot =
        |error| Error::from_source(ErrorKind::Failed, &format!("cannot read secrets file `{}`", path.display()), error);
    let file = std::fs::File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::invalid(format!(
            "secrets file `{}` is larger than {} MiB",
            path.display(),
            MAX_BYTES >> 20
        )));
    }
    parse(&bytes).map_err(|(line, column, problem)| {
        Error::invalid(format!("secrets file `{}`:{line}:{column}: {problem}", path.display()))
    })
}

/// The text of the error never holds a value of the file.
fn parse(bytes: &[u8]) -> Result<Map<String, Value>, (usize, usize, String)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err((1, 1, "expected a JSON object of secrets".into())),
        Err(error) => {
            let text = error.to_string();
            let problem = text.split(" at line ").next().unwrap_or("broken JSON").to_owned();
            Err((error.line(), error.column(), format!("broken JSON: {problem}")))
        }
    }
}
