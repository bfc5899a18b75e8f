//! Path patterns with the precedence of Go's ServeMux: a literal segment beats `{name}`, which beats a
//! trailing `/` or `{name...}`.

use std::collections::HashMap;

/// A set of patterns; finding one costs a walk over the path's segments.
#[derive(Default)]
pub(super) struct PatternTree {
    root: Node,
}

#[derive(Default)]
struct Node {
    literals: HashMap<Box<str>, Node>,
    wildcard: Option<Box<Node>>,
    /// The pattern that ends here.
    exact: Option<Box<str>>,
    /// The pattern that takes whatever follows.
    rest: Option<Box<str>>,
}

impl PatternTree {
    /// Adds a pattern that starts with `/`. Of two that match the same paths the first stays.
    pub(super) fn insert(&mut self, pattern: &str) {
        let mut node = &mut self.root;
        let mut segments = pattern[1..].split('/').peekable();
        while let Some(segment) = segments.next() {
            let last = segments.peek().is_none();
            if last && (segment.is_empty() || (segment.starts_with('{') && segment.ends_with("...}"))) {
                node.rest.get_or_insert_with(|| pattern.into());
                return;
            }
            node = match segment {
                // Go's mark for "exactly this path with its slash".
                "{$}" if last => node.literals.entry("".into()).or_default(),
                _ if segment.starts_with('{') && segment.ends_with('}') => &mut **node.wildcard.get_or_insert_default(),
                _ => node.literals.entry(segment.into()).or_default(),
            };
        }
        node.exact.get_or_insert_with(|| pattern.into());
    }

    /// The most specific pattern for a path that starts with `/`.
    pub(super) fn find(&self, path: &str) -> Option<&str> {
        self.root.find(Some(&path[1..]))
    }
}

impl Node {
    /// `path` is what follows this node's slash; `None` when the path ended without one. The latter is
    /// also taken by a pattern that ends in a slash, where Go would redirect to it.
    fn find(&self, path: Option<&str>) -> Option<&str> {
        let Some(path) = path else {
            return self.exact.as_deref().or(self.rest.as_deref());
        };
        let (segment, after) = match path.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (path, None),
        };
        let literal = self.literals.get(segment).and_then(|node| node.find(after));
        let wildcard = || self.wildcard.as_ref().filter(|_| !segment.is_empty())?.find(after);
        literal.or_else(wildcard).or(self.rest.as_deref())
    }
}
