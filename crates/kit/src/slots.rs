//! Values by name, each ready or not yet.
//!
//! A read takes no lock: it looks into a snapshot, which a change replaces.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

/// A table of names; cheap to read, copied whole by a change.
pub struct Slots<T>(ArcSwap<HashMap<String, Slot<T>>>);

#[derive(Clone)]
enum Slot<T> {
    Ready(T),
    Unready(Arc<str>),
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// A value.
    Ready(T),
    /// A value that is still being made, or could not be; the text says which and why.
    Unready(Arc<str>),
    /// Nothing, though other names stand for something.
    Unknown,
    /// Nothing, and there is no other name either.
    Empty,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self(ArcSwap::default())
    }
}

impl<T: Clone> Slots<T> {
    /// Adds or replaces a value.
    pub fn insert(&self, name: &str, value: T) {
        self.change(|slots| drop(slots.insert(name.to_owned(), Slot::Ready(value.clone()))));
    }

    /// Notes that a name has no value now, and why.
    pub fn set_unready(&self, name: &str, why: &str) {
        self.change(|slots| drop(slots.insert(name.to_owned(), Slot::Unready(why.into()))));
    }

    /// Forgets a name.
    pub fn remove(&self, name: &str) {
        self.change(|slots| drop(slots.remove(name)));
    }

    fn change(&self, edit: impl Fn(&mut HashMap<String, Slot<T>>)) {
        self.0.rcu(|slots| {
            let mut slots = HashMap::clone(slots);
            edit(&mut slots);
            slots
        });
    }

    /// Whether any name has a value.
    pub fn any_ready(&self) -> bool {
        self.0.load().values().any(|slot| matches!(slot, Slot::Ready(_)))
    }

    /// Looks a name up.
    pub fn find(&self, name: &str) -> Found<T> {
        let slots = self.0.load();
        match slots.get(name) {
            Some(Slot::Ready(value)) => Found::Ready(value.clone()),
            Some(Slot::Unready(why)) => Found::Unready(why.clone()),
            None if slots.is_empty() => Found::Empty,
            None => Found::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_from_unknown_to_unready_to_ready_and_away() {
        let slots = Slots::default();
        assert_eq!(slots.find("a"), Found::Empty);
        slots.set_unready("a", "starting");
        assert!(!slots.any_ready());
        assert_eq!(slots.find("a"), Found::Unready("starting".into()));
        assert_eq!(slots.find("b"), Found::Unknown);
        slots.insert("a", 1);
        assert!(slots.any_ready());
        assert_eq!(slots.find("a"), Found::Ready(1));
        slots.remove("a");
        assert_eq!(slots.find("a"), Found::Empty);
    }
}
