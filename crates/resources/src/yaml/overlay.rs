//! One configuration file over another.

use std::collections::HashMap;
use std::sync::Arc;

use super::node::{Content, Mapping, Node};

/// Lays `over` on `base`: mappings are joined key by key, everything else is replaced. A null
/// empties a list or mapping and leaves a scalar as it was. Values at the dotted paths in
/// `whole` are replaced and never joined.
pub fn overlay(base: Node, over: Node, whole: &[&str]) -> Node {
    join(base, over, whole, "")
}

fn join(base: Node, over: Node, whole: &[&str], path: &str) -> Node {
    if whole.contains(&path) {
        return over;
    }
    match (base.content, over.content) {
        (Content::Mapping(below), Content::Mapping(above)) => {
            let content = Content::Mapping(join_mappings(below, above, whole, path));
            Node {
                content,
                position: over.position,
                size: base.size.saturating_add(over.size),
                height: base.height.max(over.height),
            }
        }
        (Content::Scalar(below), Content::Scalar(above)) if above.plain && is_null(&above.text) => {
            Node { content: Content::Scalar(below), position: base.position, size: base.size, height: base.height }
        }
        (_, content) => Node { content, position: over.position, size: over.size, height: over.height },
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn join_mappings(mut below: Mapping, above: Mapping, whole: &[&str], path: &str) -> Mapping {
    let known: HashMap<String, usize> =
        below.entries.iter().enumerate().map(|(index, entry)| (entry.key.clone(), index)).collect();
    for entry in above.entries {
        let inner = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
        match known.get(&entry.key).map(|index| &mut below.entries[*index]) {
            Some(known) => {
                let base = Arc::unwrap_or_clone(Arc::clone(&known.value));
                known.value = Arc::new(join(base, Arc::unwrap_or_clone(entry.value), whole, &inner));
                known.key_position = entry.key_position;
            }
            None => below.entries.push(entry),
        }
    }
    below
}
