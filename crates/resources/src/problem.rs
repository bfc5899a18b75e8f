//! One finding about a resource file, as `dapr components validate` prints it and daprd logs it.

use std::fmt;

use crate::Position;

/// How much of a file a problem costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The resource is loaded all the same; the part that is reported has no effect.
    Warning,
    /// The document, or what `path` names, is not loaded.
    Error,
}

/// What is wrong, where, and what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether the document was loaded in spite of it.
    pub severity: Severity,
    /// Absent for problems of a whole directory and of resources that came over the wire.
    pub position: Option<Position>,
    /// The field, such as `spec.metadata[2].name`; empty for a whole document.
    pub path: String,
    /// A lowercase sentence without a final period that says what was expected.
    pub message: String,
    /// The name that is nearest to a misspelt one.
    pub suggestion: Option<String>,
}

impl Problem {
    /// A problem with [`Severity::Error`].
    pub fn error(position: Option<Position>, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, position, path: path.into(), message: message.into(), suggestion: None }
    }

    /// A problem with [`Severity::Warning`].
    pub fn warning(position: Option<Position>, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(position, path, message) }
    }

    /// Adds the name that was probably meant.
    #[must_use]
    pub fn suggest(mut self, suggestion: Option<&str>) -> Self {
        self.suggestion = suggestion.map(str::to_owned);
        self
    }
}

/// `statestore.yaml:9:14: spec.metadata[1].value: expected …; did you mean `x`?`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = &self.position {
            write!(f, "{position}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
