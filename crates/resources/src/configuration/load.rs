//! From files, or from the operator's JSON, to one [`Configuration`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Configuration;
use crate::yaml::{self, Node};
use crate::{Position, Problem};

/// A configuration and what is odd about its files.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub configuration: Configuration,
    /// Warnings: fields that nothing reads, most of them misspelt.
    pub problems: Vec<Problem>,
}

/// Why there is no configuration. daprd does not start then.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    #[error("failed to read configuration file {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{0}")]
    Invalid(Box<Problem>),
    #[error("{store} storeName is repeated in secrets configuration")]
    RepeatedStore { store: String },
    #[error("defaultAccess {access} can be either allow or deny (secrets scope of store {store})")]
    DefaultAccess { access: String, store: String },
    #[error("failed to read the configuration that the operator sent: {0}")]
    Json(#[from] serde_json::Error),
}

/// Loads files one over the other: a later file wins field by field, lists are replaced whole.
/// Of each file the first YAML document counts, after `$NAME` and `${NAME}` are replaced by what
/// `env` returns (nothing, when it returns `None`). No file at all gives the defaults.
///
/// # Errors
/// When a file cannot be read, is not YAML or has a field of the wrong type, and when secret
/// scopes contradict each other.
pub fn load_files<P: AsRef<Path>>(
    paths: &[P],
    env: impl Fn(&str) -> Option<String>,
) -> Result<Loaded, ConfigurationError> {
    let mut texts = Vec::with_capacity(paths.len());
    for path in paths {
        let path = path.as_ref();
        let text =
            yaml::read_file(path).map_err(|source| ConfigurationError::Read { path: path.to_owned(), source })?;
        texts.push((Arc::<Path>::from(path), expand(&text, &env)));
    }
    parse(&texts)
}

/// The same for texts that are already read and expanded; each with the name to report it by.
///
/// # Errors
/// As [`load_files`].
pub fn parse(texts: &[(Arc<Path>, String)]) -> Result<Loaded, ConfigurationError> {
    let mut merged: Option<Node> = None;
    for (file, text) in texts {
        let node = yaml::parse(text, file, 1, yaml::Dialect::Configuration)
            .map_err(|problem| ConfigurationError::Invalid(Box::new(problem)))?;
        merged = match (merged, node) {
            (Some(base), Some(over)) => Some(yaml::overlay(base, over, &["spec.nameResolution.configuration"])),
            (base, over) => over.or(base),
        };
    }
    let mut loaded = Loaded::default();
    if let Some(node) = merged {
        let origin = name_position(&node);
        loaded.configuration = yaml::from_node(&node, yaml::Dialect::Configuration, &mut loaded.problems)
            .map_err(|p| ConfigurationError::Invalid(Box::new(p)))?;
        loaded.configuration.metadata.origin.0 = origin;
    }
    finish(&mut loaded.configuration)?;
    Ok(loaded)
}

/// Reads the resource as the operator sends it.
///
/// # Errors
/// When it is not JSON of that shape, and as [`load_files`].
pub fn from_json(json: &[u8]) -> Result<Configuration, ConfigurationError> {
    let mut configuration: Configuration = serde_json::from_slice(json)?;
    finish(&mut configuration)?;
    Ok(configuration)
}

fn name_position(node: &Node) -> Option<Position> {
    node.get("metadata").and_then(|m| m.get("name")).map(Node::position)
}

/// The checks and the joining that follow parsing, from whatever source.
fn finish(configuration: &mut Configuration) -> Result<(), ConfigurationError> {
    let spec = &mut configuration.spec;
    if let Some(metrics) = &spec.metrics {
        spec.metric.overlay(metrics);
    }
    let mut seen = std::collections::HashSet::new();
    for scope in &spec.secrets.scopes {
        if !seen.insert(scope.store_name.as_str()) {
            return Err(ConfigurationError::RepeatedStore { store: scope.store_name.clone() });
        }
        if !["", "allow", "deny"].contains(&scope.default_access.to_ascii_lowercase().as_str()) {
            return Err(ConfigurationError::DefaultAccess {
                access: scope.default_access.clone(),
                store: scope.store_name.clone(),
            });
        }
    }
    Ok(())
}

/// Replaces `$NAME` and `${NAME}` as Go's `os.Expand` does: a name is letters, digits and `_`,
/// or one of the shell's special characters; `${` without a usable name vanishes; a lone `$` stays.
pub(super) fn expand(text: &str, env: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        let (name, length) = variable(&rest[dollar + 1..]);
        match name {
            Some(name) => out.push_str(&env(name).unwrap_or_default()),
            None if length == 0 => out.push('$'),
            None => {}
        }
        rest = &rest[dollar + 1 + length..];
    }
    out.push_str(rest);
    out
}

/// The variable that a text after `$` names, and how many bytes of the text that takes.
fn variable(text: &str) -> (Option<&str>, usize) {
    let special = |c: u8| b"*#$@!?-0123456789".contains(&c);
    let word = |text: &str| text.bytes().take_while(|c| c.is_ascii_alphanumeric() || *c == b'_').count();
    match text.as_bytes() {
        [] => (None, 0),
        [b'{', c, b'}', ..] if special(*c) => (Some(&text[1..2]), 3),
        [b'{', ..] => match text.find('}') {
            Some(1) => (None, 2),
            Some(end) => (Some(&text[1..end]), end + 1),
            None => (None, 1),
        },
        [c, ..] if special(*c) => (Some(&text[..1]), 1),
        _ => match word(text) {
            0 => (None, 0),
            length => (Some(&text[..length]), length),
        },
    }
}
