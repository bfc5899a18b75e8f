//! From a request's path to the label `path`: bounded where the configuration asks for it, with ids
//! replaced otherwise.

use std::borrow::Cow;

mod ids;
mod pattern;

#[cfg(test)]
mod tests;

use super::config::HttpMetricsConfig;
use pattern::PatternTree;

/// Paths that the application serves for the runtime; always kept.
const STATIC: [&str; 4] = ["/dapr/config", "/dapr/metrics", "/dapr/subscribe", "/healthz"];

/// The path rules of one runtime.
pub(super) struct PathLabels {
    increased_cardinality: bool,
    patterns: Option<PatternTree>,
}

impl PathLabels {
    pub(super) fn new(config: &HttpMetricsConfig) -> Self {
        PathLabels {
            increased_cardinality: config.increased_cardinality,
            patterns: (!config.path_matching.is_empty()).then(|| pattern_tree(&config.path_matching)),
        }
    }

    /// The label of a request to the sidecar.
    pub(super) fn of_request<'p>(&'p self, path: &'p str) -> Cow<'p, str> {
        if !self.increased_cardinality && self.patterns.is_none() {
            return Cow::Borrowed("");
        }
        self.of_call(path)
    }

    /// The label of a call to the application: as for a request, but static paths are always kept.
    pub(super) fn of_call<'p>(&'p self, path: &'p str) -> Cow<'p, str> {
        if STATIC.contains(&path) {
            return Cow::Borrowed(path);
        }
        if let Some(matched) = self.matched(path) {
            return Cow::Borrowed(matched);
        }
        if self.increased_cardinality { ids::replaced(path) } else { Cow::Borrowed("") }
    }

    /// The user's pattern for `path`, or else for the path with its ids replaced; `/` does not count
    /// for the latter.
    fn matched(&self, path: &str) -> Option<&str> {
        let patterns = self.patterns.as_ref()?;
        if let Some(pattern) = patterns.find(&normalized(path)) {
            return Some(pattern);
        }
        let replaced = ids::replaced(path);
        patterns.find(&normalized(&replaced)).filter(|pattern| *pattern != "/")
    }
}

/// Each pattern also holds for a service invocation of an app that serves it.
fn pattern_tree(patterns: &[String]) -> PatternTree {
    let mut tree = PatternTree::default();
    for pattern in patterns {
        let pattern = normalized(pattern);
        if !pattern.starts_with("/v1.0/invoke/") {
            tree.insert(&format!("/v1.0/invoke/{{app_id}}/method{pattern}"));
        }
        tree.insert(&pattern);
    }
    tree
}

/// One leading slash, no doubled ones.
fn normalized(path: &str) -> Cow<'_, str> {
    if path.starts_with('/') && !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let mut out = String::with_capacity(path.len() + 1);
    out.push('/');
    for c in path.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    Cow::Owned(out)
}
