//! How the apps of a run file are doing: a table below the log on a terminal, elsewhere a line for
//! every change.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::plan::Plan;
use crate::footer::{self, Line};
use crate::guard::Exit;
use crate::say::Say;
use crate::table;

/// What an app of a run file and its sidecar are doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The sidecar comes up.
    Starting,
    /// The sidecar answers; the app is not there yet.
    Ready,
    /// The app is there too: it runs and, if it has a port, listens.
    Running,
    /// The app ended and will be started again.
    Restarting,
    /// Both were asked to end.
    Stopping,
    /// Both have ended as they should.
    Stopped,
    /// They have ended, and not as they should.
    Failed(Failure),
}

/// Why an app of a run file ended too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// One of the two could not be started.
    Start,
    App(Exit),
    Sidecar(Exit),
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Failed(_) => "failed",
        }
    }

    fn has_ended(self) -> bool {
        matches!(self, Self::Stopped | Self::Failed(_))
    }

    /// As people read it, with the reason of a failure.
    fn sentence(self) -> String {
        let exit = |exit| match exit {
            Exit::Code(code) => format!("exit code {code}"),
            Exit::Signal(signal) => format!("signal {signal}"),
        };
        match self {
            Self::Failed(Failure::Start) => "failed (not started)".to_owned(),
            Self::Failed(Failure::App(end)) => format!("failed ({})", exit(end)),
            Self::Failed(Failure::Sidecar(end)) => format!("failed (sidecar, {})", exit(end)),
            other => other.name().to_owned(),
        }
    }

    fn colour(self) -> Option<u8> {
        match self {
            Self::Running => Some(32),
            Self::Starting | Self::Ready | Self::Restarting | Self::Stopping => Some(33),
            Self::Failed(_) => Some(31),
            Self::Stopped => None,
        }
    }
}

/// One app. The keys are ours, in the spelling of `dapr list -o json`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    app_id: String,
    #[serde(serialize_with = "name_of")]
    state: State,
    /// Of the app, or of the sidecar when that is what failed; 128 and more stand for a signal.
    exit_code: Option<u8>,
    restarts: u32,
    http_port: u16,
    grpc_port: u16,
    metrics_port: u16,
    /// 0 without one.
    app_port: u16,
}

fn name_of<S: serde::Serializer>(state: &State, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(state.name())
}

const COLUMNS: [&str; 7] = ["APP ID", "STATE", "RESTARTS", "HTTP PORT", "GRPC PORT", "METRICS PORT", "APP PORT"];

impl Row {
    fn of(plan: &Plan) -> Self {
        Self {
            app_id: plan.settings.app_id.clone(),
            state: State::Starting,
            exit_code: None,
            restarts: 0,
            http_port: plan.http_port,
            grpc_port: plan.grpc_port,
            metrics_port: plan.metrics_port,
            app_port: u16::try_from(plan.settings.app_port.max(0)).unwrap_or_default(),
        }
    }

    fn cells(&self) -> Vec<String> {
        let port = |port: u16| if port == 0 { "-".to_owned() } else { port.to_string() };
        vec![
            self.app_id.clone(),
            self.state.sentence(),
            self.restarts.to_string(),
            port(self.http_port),
            port(self.grpc_port),
            port(self.metrics_port),
            port(self.app_port),
        ]
    }

    fn sentence(&self) -> String {
        let state = self.state.sentence();
        match self.restarts {
            0 => format!("{}: {state}", self.app_id),
            restarts => format!("{}: {state}, restarts: {restarts}", self.app_id),
        }
    }
}

/// The apps of one run file.
#[derive(Debug)]
pub(crate) struct Board {
    say: Say,
    rows: Mutex<Vec<Row>>,
}

impl Board {
    pub(crate) fn new<'a>(say: Say, plans: impl IntoIterator<Item = &'a Plan>) -> Arc<Self> {
        let board = Self { say, rows: Mutex::new(plans.into_iter().map(Row::of).collect()) };
        board.draw(&board.rows());
        Arc::new(board)
    }

    /// The handle by which the app at `index` tells its state.
    pub(crate) fn progress(self: &Arc<Self>, index: usize) -> Progress {
        Progress { board: Some(Arc::clone(self)), index }
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, index: usize, change: impl FnOnce(&mut Row)) {
        let mut rows = self.rows();
        let Some(row) = rows.get_mut(index) else { return };
        let before = (row.state, row.restarts);
        change(row);
        let row = row.clone();
        if before != (row.state, row.restarts) && !self.draw(&rows) {
            self.say.app_news(&row.sentence(), serde_json::to_value(&row).unwrap_or_default());
        }
    }

    /// Draws the table where there is a terminal with room for it.
    fn draw(&self, rows: &[Row]) -> bool {
        if self.say.is_json() {
            return false;
        }
        let table = table::aligned(&COLUMNS, rows.iter().map(Row::cells));
        let colours = std::iter::once(None).chain(rows.iter().map(|row| row.state.colour()));
        footer::show(table.lines().zip(colours).map(|(text, colour)| Line { text: text.to_owned(), colour }).collect())
    }
}

/// Tells the board about one app. A run of a single app has no board: then nothing is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    board: Option<Arc<Board>>,
    index: usize,
}

impl Progress {
    pub(crate) fn is_shown(&self) -> bool {
        self.board.is_some()
    }

    pub(crate) fn set(&self, state: State) {
        self.change(|row| {
            row.state = state;
            row.exit_code = match state {
                State::Failed(Failure::App(exit) | Failure::Sidecar(exit)) => Some(exit.code()),
                _ => None,
            };
        });
    }

    /// The app was started once more.
    pub(crate) fn restarted(&self) {
        self.change(|row| row.restarts = row.restarts.saturating_add(1));
    }

    /// How many other apps have not ended.
    pub(crate) fn others(&self) -> usize {
        let Some(board) = &self.board else { return 0 };
        let rows = board.rows();
        rows.iter().enumerate().filter(|(index, row)| *index != self.index && !row.state.has_ended()).count()
    }

    fn change(&self, change: impl FnOnce(&mut Row)) {
        if let Some(board) = &self.board {
            board.change(self.index, change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: State) -> Row {
        Row {
            app_id: "shop".to_owned(),
            state,
            exit_code: None,
            restarts: 0,
            http_port: 3500,
            grpc_port: 50002,
            metrics_port: 9091,
            app_port: 0,
        }
    }

    fn board(states: &[State]) -> Arc<Board> {
        Arc::new(Board { say: Say::new(true), rows: Mutex::new(states.iter().map(|state| row(*state)).collect()) })
    }

    #[test]
    fn a_failure_says_whose_and_how() {
        let sentences = [
            (State::Failed(Failure::App(Exit::Code(3))), "failed (exit code 3)"),
            (State::Failed(Failure::Sidecar(Exit::Signal(9))), "failed (sidecar, signal 9)"),
            (State::Failed(Failure::Start), "failed (not started)"),
            (State::Running, "running"),
        ];
        for (state, sentence) in sentences {
            assert_eq!(state.sentence(), sentence);
        }
    }

    #[test]
    fn the_table_and_the_json_of_an_app() {
        let board = board(&[State::Starting, State::Running]);
        let progress = board.progress(0);
        progress.restarted();
        progress.set(State::Failed(Failure::App(Exit::Signal(15))));
        let row = board.rows()[0].clone();
        assert_eq!(row.cells(), ["shop", "failed (signal 15)", "1", "3500", "50002", "9091", "-"]);
        assert_eq!(row.sentence(), "shop: failed (signal 15), restarts: 1");
        assert_eq!(
            serde_json::to_value(&row).unwrap(),
            serde_json::json!({"appId": "shop", "state": "failed", "exitCode": 143, "restarts": 1, "httpPort": 3500,
                "grpcPort": 50002, "metricsPort": 9091, "appPort": 0})
        );
        progress.set(State::Running);
        assert_eq!(board.rows()[0].exit_code, None);
    }

    #[test]
    fn the_others_are_those_that_have_not_ended() {
        let board = board(&[State::Running, State::Stopped, State::Ready, State::Failed(Failure::Start)]);
        assert_eq!((board.progress(0).others(), board.progress(1).others()), (1, 2));
        assert_eq!(Progress::default().others(), 0);
    }
}
