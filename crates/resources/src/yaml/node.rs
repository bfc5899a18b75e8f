//! The tree that a document becomes.

use std::sync::Arc;

use crate::Position;

/// A scalar, list or mapping, and where it begins.
#[derive(Clone, Debug)]
pub struct Node {
    pub(super) position: Position,
    pub(super) content: Content,
    /// Nodes in this tree, this one included, each use of an alias counted.
    pub(super) size: usize,
    /// Levels in this tree; 1 for a scalar.
    pub(super) height: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Scalar(Scalar),
    Sequence(Vec<Arc<Node>>),
    Mapping(Mapping),
}

#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// Written without quotes (or with a tag that says so): may be a number, a boolean or null.
    pub(super) plain: bool,
}

/// Entries in the order of the text, each key once.
#[derive(Clone, Debug, Default)]
pub(super) struct Mapping {
    pub(super) entries: Vec<Entry>,
    /// Keys that were given again, and where; the last one counts.
    pub(super) repeated: Vec<(String, Position)>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_position: Position,
    pub(super) value: Arc<Node>,
}

impl Node {
    /// Where the value begins; for a list or mapping in block style, where its first item does.
    pub fn position(&self) -> Position {
        self.position.clone()
    }

    /// The value of a mapping's key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Content::Mapping(mapping) = &self.content else { return None };
        mapping.entries.iter().find(|entry| entry.key == key).map(|entry| &*entry.value)
    }

    /// The value of a key whatever its case, as the incumbent reads fields; the exact key is preferred.
    pub fn get_any_case(&self, key: &str) -> Option<&Self> {
        let Content::Mapping(mapping) = &self.content else { return None };
        let is_named = |entry: &&Entry| entry.key.eq_ignore_ascii_case(key);
        self.get(key).or_else(|| mapping.entries.iter().find(is_named).map(|entry| &*entry.value))
    }

    /// The text of a scalar, as written.
    pub fn text(&self) -> Option<&str> {
        let Content::Scalar(scalar) = &self.content else { return None };
        Some(&scalar.text)
    }
}
