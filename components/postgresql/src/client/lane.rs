//! One connection that many calls use at once.
//!
//! Calls write their messages and wait for their own answers; the server works through them in order. A transaction
//! writes `BEGIN`, its statements and `COMMIT` in one go, so nothing of another call gets between and no round trip is
//! waited for inside: [`Lane::turn`] sees to that. A dropped call changes nothing of this, since everything it will
//! ever send was sent at once.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use std::task::{Context, Poll};

use futures_util::TryStreamExt as _;
use tokio::sync::OnceCell;
use tokio_postgres::{Error, Row, RowStream, Statement as Prepared};

use super::command::{Command, SLOTS};
use super::connector::Connection;

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A shared connection.
pub(super) struct Lane {
    connection: Connection,
    prepared: [OnceCell<Prepared>; SLOTS],
    prepares: bool,
    /// Held for reading while a single statement is written, for writing while a transaction is.
    turn: RwLock<()>,
    in_flight: AtomicUsize,
    retired: AtomicBool,
    /// Whether there was a call since the last look of the pool's keeper.
    used: AtomicBool,
}

impl Lane {
    pub(super) fn new(connection: Connection, prepares: bool) -> Self {
        Self {
            connection,
            prepared: std::array::from_fn(|_| OnceCell::new()),
            prepares,
            turn: RwLock::new(()),
            in_flight: AtomicUsize::new(0),
            retired: AtomicBool::new(false),
            used: AtomicBool::new(true),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        !self.retired.load(Ordering::Relaxed) && !self.connection.client.is_closed()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    pub(super) fn enter(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        if !self.used.load(Ordering::Relaxed) {
            self.used.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn leave(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// Whether nothing happened since the last time this was asked.
    pub(super) fn was_idle(&self) -> bool {
        !self.used.swap(false, Ordering::Relaxed) && self.in_flight() == 0
    }

    /// Takes no more calls; those under way may end.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// The connection itself, to end it.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Runs a statement and returns its rows.
    pub(super) async fn query(&self, command: &Command<'_>) -> Result<Vec<Row>, Error> {
        match self.prepare(command).await? {
            Some(prepared) => self.in_turn(async { self.start(command, prepared).await?.try_collect().await }).await,
            None => self.in_turn(async { self.start_unnamed(command).await?.try_collect().await }).await,
        }
    }

    /// Runs a statement and returns how many rows it changed.
    pub(super) async fn execute(&self, command: &Command<'_>) -> Result<u64, Error> {
        let client = &self.connection.client;
        match self.prepare(command).await? {
            Some(prepared) => self.in_turn(client.execute_raw(prepared, &command.params)).await,
            None => self.in_turn(async { changed(self.start_unnamed(command).await?).await }).await,
        }
    }

    /// Runs all statements or none; a statement that fails fails the transaction.
    pub(super) async fn transact(&self, commands: &[Command<'_>]) -> Result<(), Error> {
        let mut prepared = Vec::with_capacity(commands.len());
        for command in commands {
            prepared.push(self.prepare(command).await?);
        }
        let mut steps: Vec<Answer<'_, ()>> = Vec::with_capacity(commands.len() + 1);
        steps.push(Box::pin(self.connection.client.batch_execute("BEGIN")));
        for (command, prepared) in commands.iter().zip(prepared) {
            steps.push(Box::pin(self.step(command, prepared)));
        }
        self.all_in_turn(steps).await
    }

    async fn step(&self, command: &Command<'_>, prepared: Option<&Prepared>) -> Result<(), Error> {
        let stream = match prepared {
            Some(prepared) => self.start(command, prepared).await?,
            None => self.start_unnamed(command).await?,
        };
        changed(stream).await.map(drop)
    }

    /// An empty statement: the server answers.
    pub(super) async fn ping(&self) -> Result<(), Error> {
        self.in_turn(self.connection.client.check_connection()).await
    }

    async fn start(&self, command: &Command<'_>, prepared: &Prepared) -> Result<RowStream, Error> {
        self.connection.client.query_raw(prepared, &command.params).await
    }

    async fn start_unnamed(&self, command: &Command<'_>) -> Result<RowStream, Error> {
        self.connection.client.query_typed_raw(&command.statement.text, command.typed()).await
    }

    async fn prepare(&self, command: &Command<'_>) -> Result<Option<&Prepared>, Error> {
        let Some(slot) = command.statement.slot.filter(|_| self.prepares) else { return Ok(None) };
        let statement = command.statement;
        let client = &self.connection.client;
        let prepare = || self.in_turn(client.prepare_typed(&statement.text, &statement.types));
        self.prepared[slot].get_or_try_init(prepare).await.map(Some)
    }

    /// Lets `call` write its messages while no transaction does, and waits for its answer.
    ///
    /// The driver writes everything at the first poll; later polls only read.
    async fn in_turn<T>(&self, call: impl Future<Output = T>) -> T {
        let mut call = pin!(call);
        let first = poll_fn(|context| {
            let _turn = self.turn.read().unwrap_or_else(PoisonError::into_inner);
            Poll::Ready(call.as_mut().poll(context))
        });
        match first.await {
            Poll::Ready(answer) => answer,
            Poll::Pending => call.await,
        }
    }

    /// Lets all steps write their messages back to back, with `COMMIT` behind them, and waits for their answers.
    ///
    /// A step that fails on the server turns `COMMIT` into a rollback; one that could not even be written makes us
    /// send `ROLLBACK`.
    async fn all_in_turn<'a>(&'a self, mut steps: Vec<Answer<'a, ()>>) -> Result<(), Error> {
        let mut answers = poll_fn(|context| Poll::Ready(self.write_all(&mut steps, context))).await;
        let mut failure = None;
        for (step, answer) in steps.iter_mut().zip(&mut answers) {
            let result = match answer.take() {
                Some(result) => result,
                None => step.await,
            };
            if let Err(error) = result {
                failure.get_or_insert(error);
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Polls each step once and appends the end of the transaction, all in one turn.
    fn write_all<'a>(
        &'a self,
        steps: &mut Vec<Answer<'a, ()>>,
        context: &mut Context<'_>,
    ) -> Vec<Option<Result<(), Error>>> {
        let _turn = self.turn.write().unwrap_or_else(PoisonError::into_inner);
        let mut answers: Vec<_> = steps.iter_mut().map(|step| polled(step, context)).collect();
        let failed = answers.iter().any(|answer| matches!(answer, Some(Err(_))));
        let end = if failed { "ROLLBACK" } else { "COMMIT" };
        let mut end: Answer<'a, ()> = Box::pin(self.connection.client.batch_execute(end));
        answers.push(polled(&mut end, context));
        steps.push(end);
        answers
    }
}

fn polled<T>(call: &mut Answer<'_, T>, context: &mut Context<'_>) -> Option<Result<T, Error>> {
    match call.as_mut().poll(context) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// Reads a statement's answer to its end.
async fn changed(stream: RowStream) -> Result<u64, Error> {
    let mut stream = pin!(stream);
    while stream.try_next().await?.is_some() {}
    Ok(stream.rows_affected().unwrap_or_default())
}
