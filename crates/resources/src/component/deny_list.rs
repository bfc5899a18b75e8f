//! `spec.components.deny` of a Configuration: component types that must not be loaded.

use crate::Component;

/// Entries `type` or `type/version`. The comparison is with the text as written, case and all;
/// `v0` and `v1` are different here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DenyList {
    entries: Vec<(String, Option<String>)>,
    given: bool,
}

impl DenyList {
    /// Reads the entries; those that are empty or have more than one slash never match.
    pub fn new<S: AsRef<str>>(entries: &[S]) -> Self {
        Self { entries: entries.iter().filter_map(|entry| parse(entry.as_ref())).collect(), given: !entries.is_empty() }
    }

    /// Whether a component may be loaded. While there is a list, a component without a type or
    /// a version may not, since the list could not be applied to it.
    pub fn allows(&self, component: &Component) -> bool {
        let (kind, version) = (&component.spec.component_type, &component.spec.version);
        if !self.given {
            return true;
        }
        !kind.is_empty()
            && !version.is_empty()
            && !self.entries.iter().any(|(k, v)| k == kind && v.as_ref().is_none_or(|v| v == version))
    }
}

fn parse(entry: &str) -> Option<(String, Option<String>)> {
    match entry.split_once('/') {
        None if entry.is_empty() => None,
        None => Some((entry.to_owned(), None)),
        Some((_, version)) if version.contains('/') => None,
        Some((kind, "")) => Some((kind.to_owned(), None)),
        Some((kind, version)) => Some((kind.to_owned(), Some(version.to_owned()))),
    }
}
