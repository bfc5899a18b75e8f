//! Looks after a running Sentry: changed files, its own certificate, certificates that expire.
//!
//! Files are looked at once a second instead of through notifications: that works on every file system, costs a few
//! system calls, and sees the swapped links by which Kubernetes replaces mounted Secrets.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use crate::core::Core;

const LOOK: Duration = Duration::from_secs(1);
/// Files have to stay as they are for this long: several are replaced one after the other.
const SETTLE: Duration = Duration::from_secs(2);
/// Files that never come to rest are read anyway.
const LONGEST: Duration = Duration::from_secs(30);
const REMIND: Duration = Duration::from_secs(24 * 60 * 60);

/// What tells a file's content from what it was: times, size, and the file itself.
pub(crate) type Marks = Vec<Option<(i64, i64, u64, u64)>>;

pub(crate) fn marks(paths: &[PathBuf]) -> Marks {
    let mark = |path: &Path| {
        let meta = path.metadata().ok()?;
        Some((meta.mtime(), meta.mtime_nsec(), meta.size(), meta.ino()))
    };
    paths.iter().map(|path| mark(path)).collect()
}

/// Runs until it is dropped. `known` are the marks from before the files were last read.
pub(crate) async fn look_after(core: Arc<Core>, paths: Vec<PathBuf>, known: Marks, changed: impl Fn()) {
    let mut known = known;
    // Of a change that has not settled: when it was first seen, and last.
    let mut pending: Option<(Instant, Instant)> = None;
    let mut remind_at = Instant::now() + REMIND;
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let (now, seen) = (Instant::now(), marks(&paths));
        if seen != known {
            known = seen;
            let first = pending.map_or(now, |(first, _)| first);
            pending = Some((first, now));
        }
        if let Some((first, last)) = pending
            && (now - last >= SETTLE || now - first >= LONGEST)
        {
            pending = None;
            core.reload().await;
            changed();
        }
        core.renew_if_due();
        if now >= remind_at {
            remind_at = now + REMIND;
            core.remind();
        }
    }
}
