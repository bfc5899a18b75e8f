//! A tiny process of our own between `dapr run` and each child, so that nothing the child
//! started outlives the run, however the run ends (`kill -9` included).
//!
//! `dapr run` starts `dapr __guard … -- command`, with one end of a socket pair as the guard's
//! standard input: the lifeline. The guard starts the command in a process group of its own and
//! is its subreaper, so that even a grandchild that left the group stays findable. When the
//! lifeline closes, the guard ends them all. When the guard itself is killed, the kernel kills
//! the command (`PR_SET_PDEATHSIG`).
//!
//! On the lifeline, down: one byte, [`ASK`] or [`INSIST`]. Up: lines, see [`Event`].

mod child;
mod handle;

pub(crate) use child::{Order, run};
pub(crate) use handle::{Command, Guarded};

use crate::processes::{self, Process};

/// Sent to the guard: ask the child's group to end (SIGTERM).
const ASK: u8 = b't';
/// Sent to the guard: kill everything now.
const INSIST: u8 = b'k';
/// The hidden first argument that makes `dapr` a guard.
const MARKER: &str = "__guard";

/// Makes orphaned descendants children of this process instead of `init`. Guards are reapers,
/// and so is `dapr run`, for the case that a guard is killed.
pub(crate) fn become_reaper() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// The `dapr run` of a process whose parent is a guard.
pub(crate) fn runner_of(process: &Process) -> Option<i32> {
    let guard = processes::read(process.parent)?;
    (guard.command_line().get(1)? == MARKER).then_some(guard.parent)
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Code(i32),
    Signal(i32),
}

impl Exit {
    pub(crate) fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// As a shell reports it: a signal is 128 and its number.
    pub(crate) fn code(self) -> u8 {
        let code = match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128 + signal,
        };
        u8::try_from(code).unwrap_or(1)
    }
}

/// What a guard reports.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Event {
    /// The command runs; its process group has the same number.
    Started(i32),
    /// The command could not be started.
    Failed(String),
    /// The command ended. What it left behind is being ended.
    Ended(Exit),
}

impl Event {
    fn line(&self) -> String {
        match self {
            Self::Started(pid) => format!("started {pid}\n"),
            Self::Failed(why) => format!("failed {}\n", why.replace('\n', " ")),
            Self::Ended(Exit::Code(code)) => format!("code {code}\n"),
            Self::Ended(Exit::Signal(signal)) => format!("signal {signal}\n"),
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let (word, rest) = line.split_once(' ')?;
        match word {
            "started" => Some(Self::Started(rest.parse().ok()?)),
            "failed" => Some(Self::Failed(rest.to_owned())),
            "code" => Some(Self::Ended(Exit::Code(rest.parse().ok()?))),
            "signal" => Some(Self::Ended(Exit::Signal(rest.parse().ok()?))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_survive_the_lifeline() {
        let events = [
            Event::Started(42),
            Event::Failed("no such file".to_owned()),
            Event::Ended(Exit::Code(3)),
            Event::Ended(Exit::Signal(9)),
        ];
        for event in events {
            assert_eq!(Event::parse(event.line().trim_end()), Some(event));
        }
        assert_eq!(Event::parse("nonsense"), None);
    }

    #[test]
    fn exit_codes_are_those_of_a_shell() {
        assert_eq!([Exit::Code(3).code(), Exit::Signal(15).code(), Exit::Code(-1).code()], [3, 143, 1]);
    }
}
