//! `nameresolution.local`: the sidecars of one user on one machine, as files in a directory.
//!
//! No daemon, no network, no multicast. Each sidecar has one small file and holds its lock for as long as it lives, so
//! whoever finds a file without a lock knows that its owner is gone, and removes it.

mod directory;
mod entry;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::task::{self, Task};
use dapr_spi::name_resolver::{Instance, NameResolver, Query};
use dapr_spi::{Context, Error, Factory, Metadata, Result};

use directory::Directory;
use entry::Published;

/// How often a sidecar looks whether its file is still there; cleaners of `/tmp` are not asked for permission.
const LOOK_AFTER: Duration = Duration::from_secs(60);
/// An answer is cheap, and a restarted app should be found at once.
const LIFETIME: Duration = Duration::from_secs(1);

/// Fields of `nameresolution.local`.
#[derive(Clone, Debug, Metadata)]
pub struct LocalMetadata {
    /// Directory that the sidecars share; made for its owner alone when it is missing, and never one that everybody can
    /// write to. If not given, `/tmp/dapr-apps-<user id>`, whatever `TMPDIR` and `XDG_RUNTIME_DIR` say.
    pub directory: Option<String>,
}

/// Makes `nameresolution.local`.
pub struct LocalNames;

#[async_trait]
impl Factory for LocalNames {
    type Metadata = LocalMetadata;
    type Valid = Option<PathBuf>;
    type Component = dyn NameResolver;

    fn validate(metadata: LocalMetadata) -> Result<Option<PathBuf>> {
        let path = metadata.directory.filter(|text| !text.is_empty()).map(PathBuf::from);
        if let Some(path) = &path
            && !path.is_absolute()
        {
            return Err(Error::invalid(format!(
                "field `directory`: expected an absolute path, since sidecars start in different directories; found `{}`",
                path.display()
            )));
        }
        Ok(path)
    }

    async fn init(path: Option<PathBuf>, _: Context) -> Result<Arc<dyn NameResolver>> {
        let directory = blocking(move || Directory::open(path)).await??;
        Ok(Arc::new(Resolver { directory: Arc::new(directory), own: Arc::default(), looking_after: Mutex::default() }))
    }
}

/// What this process has published.
type Own = Arc<Mutex<Vec<Published>>>;

struct Resolver {
    directory: Arc<Directory>,
    own: Own,
    looking_after: Mutex<Option<Task<()>>>,
}

#[async_trait]
impl NameResolver for Resolver {
    async fn register(&self, instance: &Instance) -> Result<()> {
        let (directory, own, instance) = (self.directory.clone(), self.own.clone(), instance.clone());
        blocking(move || {
            directory.ensure()?;
            entry::sweep(&directory);
            let published = Published::new(&directory, &instance)?;
            let mut own = lock(&own);
            own.retain(|other| !other.is_of(&instance));
            own.push(published);
            Ok::<_, Error>(())
        })
        .await??;
        lock(&self.looking_after).get_or_insert_with(|| look_after(self.directory.clone(), self.own.clone()));
        Ok(())
    }

    async fn resolve(&self, query: &Query) -> Result<Vec<String>> {
        let (directory, query) = (self.directory.clone(), query.clone());
        blocking(move || entry::find(&directory, &query)).await?
    }

    fn lifetime(&self) -> Duration {
        LIFETIME
    }

    fn same_machine(&self) -> bool {
        true
    }

    fn hint(&self) -> &'static str {
        "check that its sidecar runs on this machine, as the same user and with the same name resolution; sidecars of \
         other machines, and those of the Go implementation, are found by `nameresolution.mdns`"
    }

    async fn close(&self) {
        lock(&self.looking_after).take();
        let own = self.own.clone();
        let _ = blocking(move || lock(&own).drain(..).for_each(Published::remove)).await;
    }
}

/// Puts files back that somebody removed, and keeps them from looking old.
fn look_after(directory: Arc<Directory>, own: Own) -> Task<()> {
    task::spawn("nameresolution.local files", async move {
        loop {
            tokio::time::sleep(LOOK_AFTER).await;
            let (directory, own) = (directory.clone(), own.clone());
            let _ = blocking(move || restore(&directory, &own)).await;
        }
    })
}

fn restore(directory: &Directory, own: &Own) {
    for published in lock(own).iter_mut() {
        if published.is_in_place() {
            published.touch();
            continue;
        }
        let again = directory.ensure().and_then(|()| Published::new(directory, published.instance()));
        match again {
            Ok(again) => *published = again,
            Err(error) => tracing::error!("nameresolution.local: this sidecar cannot be found any more: {error}"),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::failed(error.to_string()))
}

#[cfg(test)]
mod tests;
