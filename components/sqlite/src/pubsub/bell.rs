//! Tells subscriptions, also those of other processes, that there may be something for them.
//!
//! After a commit the time stamp of the database file is set, which the other processes watch. It can be missed (a process
//! may end between the commit and the ring), so subscriptions look by themselves once a while, too.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dapr_kit::task::{self, Task};
use tokio::sync::{Notify, watch};

/// Between two rings for other processes.
const RING_INTERVAL: Duration = Duration::from_millis(1);
/// How often a subscription looks by itself while others can ring.
const WATCHED: Duration = Duration::from_secs(1);
/// The same where files cannot be watched.
const UNWATCHED: Duration = Duration::from_millis(50);

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Bell {
    rings: watch::Sender<()>,
    far: Arc<Notify>,
    /// How often a subscription looks by itself.
    pub(super) look: Duration,
}

/// Rings on behalf of other processes, and for them, as long as it lives.
pub(super) struct Ringing {
    _tasks: Vec<Task<()>>,
}

impl Bell {
    /// A bell for the processes that share the file; without one it rings in this process only.
    pub(super) fn new(file: Option<PathBuf>) -> (Self, Ringing) {
        let mut bell = Self { rings: watch::Sender::new(()), far: Arc::default(), look: WATCHED };
        let mut tasks = Vec::new();
        if let Some(file) = file {
            match watching::watch(&file, bell.rings.clone()) {
                Ok(task) => tasks.push(task),
                Err(error) => {
                    tracing::debug!("pubsub.sqlite: cannot watch `{}`: {error}; it is polled", file.display());
                    bell.look = UNWATCHED;
                }
            }
            tasks.push(task::spawn("pubsub.sqlite bell", ring_far(file, bell.far.clone())));
        }
        (bell, Ringing { _tasks: tasks })
    }

    /// There is something new.
    pub(super) fn ring(&self) {
        self.rings.send_replace(());
        self.far.notify_one();
    }

    /// Hears every ring from now on.
    pub(super) fn listen(&self) -> watch::Receiver<()> {
        self.rings.subscribe()
    }
}

async fn ring_far(file: PathBuf, far: Arc<Notify>) {
    loop {
        far.notified().await;
        if let Err(error) = touch(&file) {
            tracing::debug!("pubsub.sqlite: cannot set the time of `{}`: {error}", file.display());
        }
        tokio::time::sleep(RING_INTERVAL).await;
    }
}

/// Sets the file's time without opening it: closing it again would drop SQLite's locks.
fn touch(file: &std::path::Path) -> rustix::io::Result<()> {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    utimensat(CWD, file, &Timestamps { last_access: now, last_modification: now }, AtFlags::empty())
}

#[cfg(target_os = "linux")]
mod watching {
    //! Watches a file's attributes by inotify.

    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use dapr_kit::task::{self, Task};
    use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;
    use tokio::sync::watch;

    /// Rings each time the file's attributes change.
    pub(super) fn watch(file: &Path, rings: watch::Sender<()>) -> io::Result<Task<()>> {
        let queue = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        add_watch(&queue, file, WatchFlags::ATTRIB)?;
        let queue = register(queue)?;
        Ok(task::spawn("pubsub.sqlite watch", ring(queue, rings)))
    }

    #[expect(unsafe_code, reason = "the queue is owned: it stays open, and the same, as long as it is registered")]
    fn register(queue: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
        Ok(unsafe { AsyncFd::register_with_interest(queue, Interest::READABLE) }?)
    }

    async fn ring(queue: AsyncFd<OwnedFd>, rings: watch::Sender<()>) {
        while let Ok(mut ready) = queue.readable().await {
            let drained = ready.try_io(|queue| drain(queue.get_ref()));
            if !matches!(drained, Err(_) | Ok(Ok(()))) {
                return;
            }
            rings.send_replace(());
        }
    }

    /// Reads all events; ends with `WouldBlock`.
    fn drain(queue: &OwnedFd) -> io::Result<()> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(queue, &mut buffer);
        loop {
            events.next()?;
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod watching {
    //! Nothing is watched here.

    use std::io;
    use std::path::Path;

    use dapr_kit::task::Task;
    use tokio::sync::watch;

    pub(super) fn watch(_: &Path, _: watch::Sender<()>) -> io::Result<Task<()>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
