//! `nameresolution.sqlite`: sidecars in one table of a file that they share, also with those of the Go implementation.
//!
//! A row is alive for `updateInterval` after its last renewal (components-contrib v1.18.4, nameresolution/sqlite). The
//! time is SQLite's, so all who share the file share a clock.

mod hosts;
mod settings;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use dapr_kit::task::{self, Task};
use dapr_spi::name_resolver::{Instance, NameResolver, Query};
use dapr_spi::{Context, Error, Factory, Result};
use tokio::time::{Instant, sleep};

use crate::database::{HOSTS, open_writer};
use crate::threads::Threads;
use hosts::Hosts;
pub use settings::{SqliteNamesMetadata, SqliteNamesSettings};

/// Between two attempts of a renewal that found the file locked.
const RETRY: Duration = Duration::from_millis(50);

/// Makes `nameresolution.sqlite`.
pub struct SqliteNames;

#[async_trait]
impl Factory for SqliteNames {
    type Metadata = SqliteNamesMetadata;
    type Valid = SqliteNamesSettings;
    type Component = dyn NameResolver;

    fn validate(metadata: SqliteNamesMetadata) -> Result<SqliteNamesSettings> {
        SqliteNamesSettings::new(metadata)
    }

    async fn init(settings: SqliteNamesSettings, _: Context) -> Result<Arc<dyn NameResolver>> {
        if settings.file.target.in_memory {
            tracing::warn!("nameresolution.sqlite: a database in memory is this sidecar's alone; it finds no other");
        }
        let opening = tokio::task::spawn_blocking(move || {
            let writer = open_writer(&settings.file, HOSTS)?;
            Ok::<_, Error>((Threads::start(&settings.file, writer, Vec::new())?, settings))
        });
        let (threads, settings) = opening.await.map_err(|error| Error::failed(error.to_string()))??;
        let table = Arc::new(Table { threads, hosts: Hosts::new(&settings), settings });
        let cleanup = clean_up(&table);
        Ok(Arc::new(Resolver { table, own: Mutex::default(), _cleanup: cleanup }))
    }
}

struct Table {
    threads: Threads,
    hosts: Hosts,
    settings: SqliteNamesSettings,
}

impl Table {
    async fn bounded<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let timeout = self.settings.file.timeout;
        let late = |_| Error::unavailable(format!("no answer from SQLite within {timeout:?}"));
        tokio::time::timeout(timeout, work).await.map_err(late)?
    }

    /// Renews a row; whoever removed it or took its address (a cleanup during a pause of this machine, the incumbent's at
    /// any time) is overruled.
    async fn renew(&self, row: &Row) -> Result<()> {
        if self.threads.write(self.hosts.renew(row)).await? == 0 {
            tracing::warn!("nameresolution.sqlite: the row of `{}` was gone, and is made again", row.address);
            self.threads.write(self.hosts.put(row)).await?;
        }
        Ok(())
    }

    /// Tries again while somebody else holds the file, until the timeout.
    async fn renew_in_time(&self, row: &Row) -> Result<()> {
        let end = Instant::now() + self.settings.file.timeout;
        loop {
            match self.bounded(self.renew(row)).await {
                Err(_) if Instant::now() < end => sleep(RETRY).await,
                result => return result,
            }
        }
    }
}

/// A sidecar's row.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    id: String,
    address: String,
    app_id: String,
    namespace: String,
}

impl Row {
    fn of(instance: &Instance) -> Self {
        let (host, port) = (&instance.address, instance.port);
        let bare = host.contains(':') && !host.starts_with('[');
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            address: if bare { format!("[{host}]:{port}") } else { format!("{host}:{port}") },
            app_id: instance.app_id.clone(),
            namespace: instance.namespace.clone(),
        }
    }
}

struct Resolver {
    table: Arc<Table>,
    /// Our rows, each with the task that renews it.
    own: Mutex<Vec<(Row, Task<()>)>>,
    _cleanup: Option<Task<()>>,
}

#[async_trait]
impl NameResolver for Resolver {
    async fn register(&self, instance: &Instance) -> Result<()> {
        let row = Row::of(instance);
        self.table.bounded(self.table.threads.write(self.table.hosts.put(&row))).await?;
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|(other, _)| other.address != row.address);
        own.push((row.clone(), keep(self.table.clone(), row)));
        Ok(())
    }

    async fn resolve(&self, query: &Query) -> Result<Vec<String>> {
        let find = self.table.hosts.find(query);
        self.table.bounded(self.table.threads.read(find)).await
    }

    fn lifetime(&self) -> Duration {
        self.table.settings.update_interval
    }

    fn hint(&self) -> &'static str {
        "check that its sidecar runs, and uses the same SQLite file and table for name resolution; a sidecar that did not \
         renew its row within `updateInterval` is left out"
    }

    async fn close(&self) {
        let own = std::mem::take(&mut *self.own.lock().unwrap_or_else(PoisonError::into_inner));
        for (row, renewing) in own {
            drop(renewing);
            if let Err(error) = self.table.bounded(self.table.threads.write(self.table.hosts.remove(&row))).await {
                tracing::warn!("nameresolution.sqlite: cannot remove the row of `{}`: {error}", row.address);
            }
        }
        self.table.threads.stop().await;
    }
}

/// Renews in time: a renewal may take as long as the timeout.
fn keep(table: Arc<Table>, row: Row) -> Task<()> {
    let interval = table.settings.update_interval - table.settings.file.timeout;
    task::spawn("nameresolution.sqlite renewal", async move {
        loop {
            sleep(interval).await;
            if let Err(error) = table.renew_in_time(&row).await {
                tracing::error!("nameresolution.sqlite: cannot renew the row of `{}`: {error}", row.address);
            }
        }
    })
}

/// Removes rows that nobody renews, by one of the sidecars that share the file at a time.
fn clean_up(table: &Arc<Table>) -> Option<Task<()>> {
    let interval = table.settings.file.cleanup_interval;
    let table = table.clone();
    (!interval.is_zero() && !table.settings.file.target.in_memory).then(|| {
        task::spawn("nameresolution.sqlite cleanup", async move {
            loop {
                sleep(interval).await;
                let cleaned = async {
                    if table.threads.write(table.hosts.take_turn()).await? == 0 {
                        return Ok(0);
                    }
                    table.threads.write(table.hosts.remove_dead()).await
                };
                match table.bounded(cleaned).await {
                    Ok(0) => {}
                    Ok(rows) => tracing::debug!("nameresolution.sqlite: removed {rows} rows of dead sidecars"),
                    Err(error) => tracing::warn!("nameresolution.sqlite: cannot remove rows of dead sidecars: {error}"),
                }
            }
        })
    })
}
