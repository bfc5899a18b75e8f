//! Where in a file something was written.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A place in a file. Lines and columns count from 1; a column counts characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The file as it was named to the loader, or a made-up name for text that was in no file.
    pub file: Arc<Path>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// The position that a value came from, absent when it came over the wire.
///
/// Two origins are always equal, so that a resource that merely moved inside its file compares
/// equal to what it was (hot reload must not restart it).
#[derive(Clone, Default, Eq)]
pub struct Origin(pub Option<Position>);

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(position) => write!(f, "{position}"),
            None => f.write_str("-"),
        }
    }
}

impl From<Position> for Origin {
    fn from(position: Position) -> Self {
        Self(Some(position))
    }
}
