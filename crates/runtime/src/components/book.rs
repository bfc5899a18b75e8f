//! Which components there are, and what became of each.

use dapr_kit::task::Task;
use dapr_resources::Component;
use dapr_spi::registry::Component as Opened;

use super::secrets::Fingerprint;

/// Tells the latest start under a name from earlier ones, which have no effect any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version(u64);

/// All components, in the order in which they came.
#[derive(Default)]
pub(super) struct Book {
    entries: Vec<Entry>,
    counter: u64,
}

/// A component by its name.
pub(super) struct Entry {
    /// As it shall be.
    pub(super) component: Component,
    /// As it is; absent while it starts for the first time, and when it has failed.
    pub(super) open: Option<Kept>,
    /// Whether it is not there for want of a secret store.
    pub(super) waits: bool,
    version: Version,
    /// Tries again in the background.
    retry: Option<Task<()>>,
}

/// An opened component.
pub(super) struct Kept {
    pub(super) opened: Opened,
    /// Of the secrets that it took.
    pub(super) secrets: Option<Fingerprint>,
    /// Asks it for signs of life.
    pub(super) watch: Option<Task<()>>,
}

impl Book {
    /// Notes what a component shall be; what was tried before under its name is given up. One that is open stays so.
    pub(super) fn begin(&mut self, component: &Component) -> Version {
        let version = self.next();
        match self.find_mut(&component.metadata.name) {
            Some(entry) => {
                entry.component = component.clone();
                (entry.version, entry.retry, entry.waits) = (version, None, false);
            }
            None => self.entries.push(Entry {
                component: component.clone(),
                open: None,
                waits: false,
                version,
                retry: None,
            }),
        }
        version
    }

    fn next(&mut self) -> Version {
        self.counter += 1;
        Version(self.counter)
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.component.metadata.name == name)
    }

    /// The entry of that name, if nothing newer was begun.
    pub(super) fn current(&mut self, name: &str, version: Version) -> Option<&mut Entry> {
        self.find_mut(name).filter(|entry| entry.version == version)
    }

    /// Takes the open component of a name out, and leaves its entry.
    pub(super) fn take_open(&mut self, name: &str) -> Option<Kept> {
        self.find_mut(name)?.open.take()
    }

    /// Whether a component of that name is open.
    pub(super) fn is_open(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.component.metadata.name == name && entry.open.is_some())
    }

    /// Forgets a component.
    pub(super) fn remove(&mut self, name: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.component.metadata.name == name)?;
        Some(self.entries.remove(index))
    }

    /// All of them, in order.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Forgets all of them.
    pub(super) fn drain(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }
}

impl Entry {
    /// Keeps the task that tries again for as long as nothing newer is begun.
    pub(super) fn retry_with(&mut self, retry: Task<()>) {
        self.retry = Some(retry);
    }
}
