//! The operations of one policy, as a tree of path segments.
//!
//! How names match is the incumbent's (`pkg/config/acl_trie.go`), quirks included: children are tried in the order in
//! which they were written, the first that fits is followed, and an operation covers all paths below it, unless its
//! last segment is `*`, which stands for exactly one segment.

use crate::method_path::clean;

/// All operations.
#[derive(Debug, Default)]
pub(super) struct Operations {
    root: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    segment: Box<str>,
    operation: Option<Operation>,
    children: Vec<Node>,
}

#[derive(Debug)]
pub(super) struct Operation {
    name: Box<str>,
    verbs: Box<[Box<str>]>,
    pub(super) allowed: bool,
}

impl Operation {
    pub(super) fn is_for(&self, verb: &str) -> bool {
        self.verbs.iter().any(|own| **own == *verb || **own == *"*")
    }
}

/// The operation that a path falls under.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) operation: &'a Operation,
    /// Whether its name is the path, letter for letter.
    pub(super) is_exact: bool,
}

impl Operations {
    /// Adds an operation. Of two with one name the first counts. The name is cleaned as paths are, so `/a/` is `/a`.
    pub(super) fn add(&mut self, name: &str, verbs: &[String], allowed: bool) {
        let name = &*clean(name);
        let mut children = &mut self.root;
        let mut segments = name.split('/').skip(1).peekable();
        while let Some(segment) = segments.next() {
            let at = children.iter().position(|node| *node.segment == *segment).unwrap_or_else(|| {
                children.push(Node { segment: segment.into(), operation: None, children: Vec::new() });
                children.len() - 1
            });
            let node = &mut children[at];
            if segments.peek().is_none() && node.operation.is_none() {
                let verbs = verbs.iter().map(|verb| verb.as_str().into()).collect();
                node.operation = Some(Operation { name: name.into(), verbs, allowed });
            }
            children = &mut node.children;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.root.is_empty()
    }

    /// The operation that a canonical path falls under.
    pub(super) fn find(&self, path: &str) -> Option<Found<'_>> {
        let found = |operation| Found { operation, is_exact: *operation.name == *path && !path.contains('*') };
        let mut children = &self.root;
        let mut segments = path.split('/').skip(1).peekable();
        while let Some(segment) = segments.next() {
            let is_last = segments.peek().is_none();
            let node = child(children, segment, is_last)?;
            match &node.operation {
                Some(operation) if is_last || *node.segment != *"*" => return Some(found(operation)),
                None if is_last => return child(&node.children, "*", true)?.operation.as_ref().map(found),
                _ => children = &node.children,
            }
        }
        None
    }
}

fn child<'a>(nodes: &'a [Node], segment: &str, is_last: bool) -> Option<&'a Node> {
    nodes.iter().find(|node| match &*node.segment {
        own if own == segment => true,
        "*" => is_last,
        "**" => true,
        own => own.contains('*') && matches(own.as_bytes(), segment.as_bytes()),
    })
}

/// Whether a pattern, in which `*` stands for any bytes or none, is all of a text.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut in_pattern) = (0, 0);
    let mut star = None;
    while at < text.len() {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                star = Some((in_pattern, at));
                in_pattern += 1;
            }
            Some(byte) if *byte == text[at] => {
                at += 1;
                in_pattern += 1;
            }
            // The last star takes one byte more.
            _ => match &mut star {
                Some((star, taken)) => {
                    *taken += 1;
                    (in_pattern, at) = (*star + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[in_pattern..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(names: &[&str]) -> Operations {
        let mut operations = Operations::default();
        for name in names {
            operations.add(name, &[], true);
        }
        operations
    }

    fn found<'a>(operations: &'a Operations, path: &str) -> Option<&'a str> {
        operations.find(path).map(|found| &*found.operation.name)
    }

    #[test]
    fn names_cover_what_is_below_them() {
        let operations = of(&["/op6", "/op7/a/b/*", "/op7/a/b/c/f", "/op7/a/b*", "/op7/c/**", "op3/a/*", "/tail/"]);
        for (path, name) in [
            ("/op6", Some("/op6")),
            ("/op6/more/and/more", Some("/op6")),
            ("/op66", None),
            ("/op7", None),
            ("/op7/a/b", Some("/op7/a/b/*")),
            ("/op7/a/b/c", Some("/op7/a/b/*")),
            ("/op7/a/b/c/d", None),
            ("/op7/a/b/c/f", Some("/op7/a/b/c/f")),
            ("/op7/a/bc", Some("/op7/a/b*")),
            ("/op7/a/bc/d/e", Some("/op7/a/b*")),
            ("/op7/c/d/e", Some("/op7/c/**")),
            ("/op7/c", Some("/op7/c/**")),
            ("/op3/a/x", Some("/op3/a/*")),
            ("/op3/a/x/y", None),
            ("/tail", Some("/tail")),
            ("/", None),
        ] {
            assert_eq!(found(&operations, path), name, "{path}");
        }
        assert_eq!(found(&of(&["/"]), "/"), Some("/"));
        assert_eq!(found(&of(&["/**"]), "/a/b"), Some("/**"));
        assert_eq!(found(&of(&["/*"]), "/a/b"), None);
    }

    #[test]
    fn the_first_that_fits_counts() {
        assert_eq!(found(&of(&["/*", "/a"]), "/a"), Some("/*"));
        assert_eq!(found(&of(&["/a", "/*"]), "/a"), Some("/a"));
        assert_eq!(found(&of(&["/a*", "/ab/c"]), "/ab/c"), Some("/a*"));
    }

    proptest! {
        #[test]
        fn patterns_match_as_regular_expressions_do(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            // A table of prefixes, which is the plain way to say it.
            let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
            let mut row: Vec<bool> = (0..=text.len()).map(|length| length == 0).collect();
            for byte in pattern {
                let mut next = vec![false; text.len() + 1];
                for length in 0..=text.len() {
                    next[length] = match byte {
                        b'*' => row[length] || (length > 0 && next[length - 1]),
                        byte => length > 0 && row[length - 1] && text[length - 1] == *byte,
                    };
                }
                row = next;
            }
            prop_assert_eq!(matches(pattern, text), row[text.len()]);
        }
    }
}
