//! YAML that remembers where each value was written, read as the incumbent reads it.
//!
//! The incumbent uses two parsers, and files in the field rely on what each lets pass; see
//! [`Dialect`]. Text becomes a tree of [`Node`]s, bounded in depth and size ([`limits`]); the
//! tree becomes a type through serde, and each complaint names line, column and field.

mod compose;
mod de;
mod documents;
mod limits;
mod located;
mod node;
mod overlay;
mod quotes;
mod scalar;

use std::path::Path;
use std::sync::Arc;

pub use compose::parse;
pub use de::from_node;
pub use documents::{Document, documents};
pub use limits::{MAX_DEPTH, MAX_DOCUMENTS, MAX_FILE_BYTES, MAX_NODES, MAX_WARNINGS};
pub(crate) use located::Located;
pub use node::Node;
pub use overlay::overlay;
pub use scalar::go_json;

use crate::Problem;

/// Which of the incumbent's parsers to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Files in resource directories (`sigs.k8s.io/yaml`): YAML 1.1 words such as `yes` and `on`
    /// are booleans everywhere, field names match in any case, the last of two equal keys counts.
    Resource,
    /// Files given by `--config` (`yaml.v3`): `yes` and `on` are booleans where one is expected,
    /// field names match exactly, two equal keys are an error.
    Configuration,
}

/// Reads a file as UTF-8.
///
/// # Errors
/// As reading does, and when the file is above [`MAX_FILE_BYTES`] or not UTF-8.
pub fn read_file(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    decode(bytes)
}

/// Bytes as text, without a byte order mark.
///
/// # Errors
/// When there are more than [`MAX_FILE_BYTES`], or they are not UTF-8.
pub fn decode(bytes: Vec<u8>) -> std::io::Result<String> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(std::io::Error::other(format!("the file is larger than {} MiB", MAX_FILE_BYTES >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let line =
            1 + error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        std::io::Error::other(format!("line {line} is not UTF-8"))
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Reads the first document of a text as a type, for callers with a YAML format of their own
/// (run templates, for one). `None` when the document is empty.
///
/// # Errors
/// When it is not YAML, is beyond the limits, or has a value of the wrong type.
pub fn from_str<T: serde::de::DeserializeOwned>(
    name: &Path,
    text: &str,
    dialect: Dialect,
    problems: &mut Vec<Problem>,
) -> Result<Option<T>, Problem> {
    let node = parse(text, &Arc::from(name), 1, dialect)?;
    node.map(|node| from_node(&node, dialect, problems)).transpose()
}

#[cfg(test)]
mod tests;
