//! What a source wants to be loaded, and how that differs from what is.
//!
//! The core of hot reload: no file, no clock, no connection. A source tells all resources of a kind at once, as a
//! directory does, or one change after the other, as the operator does; either way [`Desired`] has what it wants by now,
//! and [`Difference`] says what is to be done about it.

use std::collections::{HashMap, HashSet};

use crate::Resource;

#[cfg(test)]
mod tests;

/// The resources of one kind, as their source wants them by now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired<R>(Vec<R>);

impl<R: Resource> Desired<R> {
    /// Begins with what was there at the start.
    pub fn new(resources: Vec<R>) -> Self {
        Self(resources)
    }

    /// All of them, in the order of their source.
    pub fn all(&self) -> &[R] {
        &self.0
    }

    /// The source has these now. One that was there and is not among them is gone, unless `is_unreadable` says that it
    /// may only be hidden: in a file that is broken for the moment.
    pub fn replace(&mut self, resources: Vec<R>, is_unreadable: impl Fn(&R) -> bool) {
        let before = std::mem::replace(&mut self.0, resources);
        let named: HashSet<String> = self.0.iter().map(|resource| resource.metadata().name.clone()).collect();
        let hidden = before.into_iter().filter(|old| !named.contains(&old.metadata().name) && is_unreadable(old));
        self.0.extend(hidden);
    }

    /// The source has this one, new or changed. One that is older than what is known, by its generation, is passed over:
    /// events may overtake a list.
    pub fn put(&mut self, resource: R) {
        match self.0.iter_mut().find(|known| known.metadata().name == resource.metadata().name) {
            Some(known) if resource.metadata().generation < known.metadata().generation => {}
            Some(known) => *known = resource,
            None => self.0.push(resource),
        }
    }

    /// The source has none of that name any more.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|known| known.metadata().name != name);
    }
}

/// How what is wanted differs from what is loaded. To be done in this order: what is gone may hold what comes.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference<R> {
    /// Loaded, and wanted no more.
    pub removed: Vec<R>,
    /// Loaded under that name, and wanted otherwise: as it shall be.
    pub changed: Vec<R>,
    /// Not loaded yet.
    pub added: Vec<R>,
}

impl<R: Resource> Difference<R> {
    /// Compares by name. Names are unique in either list.
    pub fn between(loaded: &[R], wanted: &[R]) -> Self {
        let known: HashMap<&str, &R> = by_name(loaded);
        let asked: HashMap<&str, &R> = by_name(wanted);
        let mut difference = Self { removed: Vec::new(), changed: Vec::new(), added: Vec::new() };
        difference.removed = loaded.iter().filter(|old| !asked.contains_key(name(*old))).cloned().collect();
        for resource in wanted {
            match known.get(name(resource)) {
                Some(old) if *old == resource => {}
                Some(_) => difference.changed.push(resource.clone()),
                None => difference.added.push(resource.clone()),
            }
        }
        difference
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.changed.is_empty() && self.added.is_empty()
    }
}

fn name<R: Resource>(resource: &R) -> &str {
    &resource.metadata().name
}

fn by_name<R: Resource>(resources: &[R]) -> HashMap<&str, &R> {
    resources.iter().map(|resource| (name(resource), resource)).collect()
}
