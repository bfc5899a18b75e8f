//! Threads for SQLite's blocking calls: one that writes with group commit, a few that read.
//!
//! All writes that arrive while a commit waits for the disk are the next batch: one transaction, one commit. Each is
//! acknowledged after that commit only. If the batch as a whole fails, its writes are tried one by one.

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use dapr_spi::{Error, Result};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::failure::{self, Sql};
use crate::metadata::Settings;

/// Work that waits; a caller waits (until its timeout) when there is more.
const QUEUE: usize = 4_096;
/// A batch ends here, so that its first write does not wait too long for its last.
const BATCH_WRITES: usize = 512;
const BATCH_BYTES: usize = 8 << 20;

/// A write. It runs inside a transaction of the thread, perhaps twice: a first run may be rolled back.
pub(crate) trait Write: Send + 'static {
    /// Changes the database, and says what the caller gets once that is committed. An inner error must have changed nothing.
    ///
    /// # Errors
    /// SQLite's; the transaction is then rolled back.
    fn run(&self, connection: &Connection) -> Sql<Result<u64>>;

    /// About how much it writes.
    fn bytes(&self) -> usize;

    /// Whether it must outlive a failure of the power. What need not is not waited for the disk with.
    fn durable(&self) -> bool {
        true
    }
}

type Read = Box<dyn FnOnce(&Connection) + Send>;

enum Job {
    Write(Box<dyn Write>, oneshot::Sender<Result<u64>>),
    Read(Read),
    Stop,
}

/// Hands work to the threads.
pub(crate) struct Threads {
    writer: mpsc::Sender<Job>,
    /// The writer's queue, too, where the database lives in one connection.
    readers: mpsc::Sender<Job>,
    path: String,
    /// The writer's is the last.
    handles: Mutex<Vec<JoinHandle<()>>>,
}

impl Threads {
    /// Starts one thread per connection. Without readers, the writer reads.
    pub(crate) fn start(settings: &Settings, writer: Connection, readers: Vec<Connection>) -> Result<Self> {
        let (write_queue, writes) = mpsc::channel(QUEUE);
        let mut read_queue = write_queue.clone();
        let mut handles = Vec::new();
        if !readers.is_empty() {
            let (queue, reads) = mpsc::channel(QUEUE);
            read_queue = queue;
            let reads = Arc::new(Mutex::new(reads));
            for connection in readers {
                let reads = reads.clone();
                handles.push(thread("sqlite-read", move || read_loop(&connection, &reads))?);
            }
        }
        let path = settings.target.path.clone();
        let begin = format!("BEGIN {}", settings.target.begin);
        let pace = Pace::of(&writer, settings);
        let committer = Committer { connection: writer, begin, path: path.clone(), pace };
        handles.push(thread("sqlite-write", move || committer.run(writes))?);
        Ok(Self { writer: write_queue, readers: read_queue, path, handles: Mutex::new(handles) })
    }

    /// Returns after the commit.
    pub(crate) async fn write(&self, write: impl Write) -> Result<u64> {
        let (sender, answer) = oneshot::channel();
        self.writer.send(Job::Write(Box::new(write), sender)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Runs `read` on one of the reading connections.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Sql<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, answer) = oneshot::channel();
        let job = move |connection: &Connection| {
            if !sender.is_closed() {
                let _ = sender.send(read(connection));
            }
        };
        self.readers.send(Job::Read(Box::new(job))).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?.map_err(|error| failure::of(error, &self.path))
    }

    /// Finishes the work that was given, and closes the connections. The writer's comes last, alone: it then merges the
    /// write-ahead log into the file.
    pub(crate) async fn stop(&self) {
        let mut handles = std::mem::take(&mut *self.handles.lock().unwrap_or_else(PoisonError::into_inner));
        let writer = handles.pop();
        for _ in &handles {
            let _ = self.readers.send(Job::Stop).await;
        }
        join(handles).await;
        let _ = self.writer.send(Job::Stop).await;
        join(writer).await;
    }
}

async fn join(handles: impl IntoIterator<Item = JoinHandle<()>> + Send + 'static) {
    let join = || handles.into_iter().for_each(|handle| drop(handle.join()));
    let _ = tokio::task::spawn_blocking(join).await;
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map_err(|error| Error::failed(format!("cannot start a thread: {error}")))
}

fn closed() -> Error {
    Error::unavailable("the database is closed")
}

/// The thread that waits holds the lock of the queue, the others wait for the lock.
fn read_loop(connection: &Connection, reads: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let job = reads.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(Job::Read(read)) = job else { return };
        read(connection);
    }
}

type Waiting = (Box<dyn Write>, oneshot::Sender<Result<u64>>);

struct Committer {
    connection: Connection,
    begin: String,
    path: String,
    pace: Pace,
}

/// Whether a commit waits for the disk.
enum Pace {
    /// As the database is set, always.
    Fixed,
    /// Only where a write must be durable; the last commit did, or did not.
    Chosen(Cell<bool>),
}

impl Pace {
    /// Without a write-ahead log, a commit that does not wait could damage the file.
    fn of(connection: &Connection, settings: &Settings) -> Self {
        let full =
            connection.query_row("PRAGMA synchronous", [], |row| row.get::<_, u32>(0)).is_ok_and(|mode| mode == 2);
        if full && settings.wal { Self::Chosen(Cell::new(true)) } else { Self::Fixed }
    }

    fn set(&self, connection: &Connection, durable: bool) -> Sql<()> {
        match self {
            Self::Chosen(waits) if waits.get() != durable => {
                connection.execute_batch(if durable {
                    "PRAGMA synchronous=FULL"
                } else {
                    "PRAGMA synchronous=NORMAL"
                })?;
                waits.set(durable);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Committer {
    fn run(self, mut jobs: mpsc::Receiver<Job>) {
        while let Some(job) = jobs.blocking_recv() {
            let mut next = Some(job);
            while let Some(job) = next.take() {
                match job {
                    Job::Stop => return,
                    Job::Read(read) => read(&self.connection),
                    Job::Write(write, answer) => {
                        let (batch, rest) = collect((write, answer), &mut jobs);
                        next = rest;
                        self.commit(batch);
                    }
                }
            }
        }
    }

    fn commit(&self, batch: Vec<Waiting>) {
        // Nobody waits any more: the caller gave up before the write began, so it never happens.
        let batch: Vec<Waiting> = batch.into_iter().filter(|(_, answer)| !answer.is_closed()).collect();
        match self.transaction(&batch) {
            Ok(results) => batch.into_iter().zip(results).for_each(|((_, answer), result)| drop(answer.send(result))),
            Err(error) if batch.len() == 1 || failure::hits_everybody(&error) => {
                let shared = failure::of(error, &self.path);
                for (_, answer) in batch {
                    let _ = answer.send(Err(Error::new(shared.kind(), shared.to_string())));
                }
            }
            Err(_) => batch.into_iter().for_each(|waiting| self.commit(vec![waiting])),
        }
    }

    /// All writes in one transaction; an error has rolled back all of them.
    fn transaction(&self, batch: &[Waiting]) -> Sql<Vec<Result<u64>>> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        self.pace.set(&self.connection, batch.iter().any(|(write, _)| write.durable()))?;
        self.execute(&self.begin)?;
        let run = || {
            let results = batch.iter().map(|(write, _)| write.run(&self.connection)).collect::<Sql<Vec<_>>>()?;
            self.execute("COMMIT")?;
            Ok(results)
        };
        run().inspect_err(|_| self.roll_back())
    }

    /// SQLite has rolled back some failures (a full disk) by itself.
    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK")
        {
            tracing::error!("SQLite database `{}`: rollback failed: {error}", self.path);
        }
    }

    fn execute(&self, sql: &str) -> Sql<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(|_| ())
    }
}

/// Takes the writes that wait already; a job of another kind ends the batch and is returned.
fn collect(first: Waiting, jobs: &mut mpsc::Receiver<Job>) -> (Vec<Waiting>, Option<Job>) {
    let mut bytes = first.0.bytes();
    let mut batch = vec![first];
    while batch.len() < BATCH_WRITES && bytes < BATCH_BYTES {
        match jobs.try_recv() {
            Ok(Job::Write(write, answer)) => {
                bytes += write.bytes();
                batch.push((write, answer));
            }
            Ok(other) => return (batch, Some(other)),
            Err(_) => break,
        }
    }
    (batch, None)
}
