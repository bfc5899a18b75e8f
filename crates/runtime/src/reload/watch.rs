//! Noticing that files have changed: written, renamed into place, swapped by a link.
//!
//! The system tells; nothing is read over and over. What it tells is only a hint that a look is due: what has changed is
//! found out by reading. Links are followed one step, and where they end: a mounted ConfigMap swaps a link beside the
//! files, an editor renames a new file over the old one, and `dapr run` may be given a link to a directory.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

#[cfg(test)]
mod tests;

/// Changes have to stop for this long: a file is written in several steps, and several are replaced one after the other.
const QUIET: Duration = Duration::from_millis(200);
/// Files that never come to rest are looked at all the same.
const LONGEST: Duration = Duration::from_secs(2);
/// Links of a directory whose ends are watched, too.
const MAX_LINKS: usize = 256;

/// Watches directories, with what is directly in them, and single files.
pub(crate) struct Watcher {
    directories: Vec<PathBuf>,
    files: Vec<PathBuf>,
    told: Arc<Notify>,
    /// Of changes that have not come to rest: the first one and the last one.
    pending: Option<(Instant, Instant)>,
    /// Absent where the system watches nothing.
    _watching: Option<RecommendedWatcher>,
}

impl Watcher {
    /// Watches from now on.
    pub(crate) fn new(directories: Vec<PathBuf>, files: Vec<PathBuf>) -> Self {
        let told = Arc::new(Notify::new());
        let _watching = start(&directories, &files, &told);
        Self { directories, files, told, pending: None, _watching }
    }

    /// Ends when something has changed and come to rest. May be dropped and called again without loss.
    pub(crate) async fn changed(&mut self) {
        loop {
            let rest = self.pending.map(|(first, last)| (last + QUIET).min(first + LONGEST));
            tokio::select! {
                () = self.told.notified() => {
                    let now = Instant::now();
                    self.pending = Some((self.pending.map_or(now, |(first, _)| first), now));
                }
                () = async { sleep_until(rest.unwrap_or_else(Instant::now)).await }, if rest.is_some() => {
                    self.pending = None;
                    return;
                }
            }
        }
    }

    /// Watches what is there by now: a directory that was replaced is another one. To be called before the files are
    /// read, so that no change is missed.
    pub(crate) fn renew(&mut self) {
        // The new one begins before the old one ends.
        let watching = start(&self.directories, &self.files, &self.told);
        self._watching = watching;
    }

    /// Watches these files from now on instead of those before.
    pub(crate) fn set_files(&mut self, files: Vec<PathBuf>) {
        if self.files != files {
            self.files = files;
            self.renew();
        }
    }
}

fn start(directories: &[PathBuf], files: &[PathBuf], told: &Arc<Notify>) -> Option<RecommendedWatcher> {
    let places = Places::of(directories, files);
    let roots = places.roots();
    if roots.is_empty() {
        return None;
    }
    let told = told.clone();
    let look = move |event: notify::Result<Event>| {
        // An error means that something may have been missed.
        if event.as_ref().map_or(true, |event| places.concern(event)) {
            told.notify_one();
        }
    };
    let failed = |error: &notify::Error| {
        tracing::warn!(
            target: "dapr.runtime.hotreload",
            "Files are not watched: {error}; changes are found by looking from time to time"
        );
    };
    let mut watcher = notify::recommended_watcher(look).inspect_err(failed).ok()?;
    for root in roots {
        if let Err(error) = watcher.watch(&root, RecursiveMode::NonRecursive) {
            tracing::debug!(target: "dapr.runtime.hotreload", "{} is not watched: {error}", root.display());
        }
    }
    Some(watcher)
}

/// What is of interest.
struct Places {
    /// All that happens directly in these.
    directories: BTreeSet<PathBuf>,
    /// These paths and no others of their directories.
    spots: BTreeSet<PathBuf>,
}

impl Places {
    fn of(directories: &[PathBuf], files: &[PathBuf]) -> Self {
        let mut places = Self { directories: BTreeSet::new(), spots: BTreeSet::new() };
        for directory in directories {
            let directory = absolute(directory);
            places.spot(&directory);
            for entry in links_in(&directory) {
                places.end_of(&entry);
            }
            places.directories.insert(directory);
        }
        for file in files {
            let file = absolute(file);
            places.spot(&file);
            // Beside the file is the link that a mounted Secret swaps.
            if file.is_symlink()
                && let Some(parent) = file.parent()
            {
                places.directories.insert(parent.to_owned());
            }
        }
        places
    }

    fn spot(&mut self, path: &Path) {
        self.spots.insert(path.to_owned());
        self.end_of(path);
    }

    /// Where a path leads through all links.
    fn end_of(&mut self, path: &Path) {
        if let Ok(end) = path.canonicalize()
            && end != path
        {
            self.spots.insert(end);
        }
    }

    /// The directories to watch.
    fn roots(&self) -> BTreeSet<PathBuf> {
        let parents = self.spots.iter().filter_map(|spot| spot.parent()).map(Path::to_owned);
        self.directories.iter().cloned().chain(parents).collect()
    }

    fn concern(&self, event: &Event) -> bool {
        let is_change = match event.kind {
            EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
            _ => true,
        };
        let is_ours = |path: &PathBuf| {
            self.spots.contains(path) || path.parent().is_some_and(|parent| self.directories.contains(parent))
        };
        event.need_rescan() || is_change && event.paths.iter().any(is_ours)
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn links_in(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = directory.read_dir() else { return Vec::new() };
    let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    paths.filter(|path| path.is_symlink()).take(MAX_LINKS).collect()
}
