//! Words for an app or a sidecar of a run file that ended as it should not: how, what it said
//! last, where the rest is, what may help.

use crate::guard::Exit;
use crate::log_lines::Sink;

/// So many of the last lines are shown.
const LINES: usize = 8;
const KILLED: i32 = 9;

/// Which of the two ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    App,
    Sidecar,
}

impl Who {
    /// The sentence is the incumbent's, since scripts look for it.
    pub(super) fn sentence(self, exit: Exit) -> String {
        let name = match self {
            Self::App => "App",
            Self::Sidecar => "daprd",
        };
        match exit {
            Exit::Code(code) => format!("The {name} process exited with error code: {code}"),
            Exit::Signal(signal) => format!("The {name} process was terminated by signal: {signal}"),
        }
    }
}

/// Everything worth saying, on several lines.
pub(super) fn explain(who: Who, exit: Exit, sink: &Sink, others: usize) -> String {
    let mut text = who.sentence(exit);
    let tail = sink.tail.as_ref();
    let last = match who {
        Who::App => tail.map(|tail| tail.last(LINES)),
        Who::Sidecar => tail.map(|tail| tail.last_errors(LINES)),
    };
    match last.unwrap_or_default().as_slice() {
        [] => text += "\n   It printed nothing.",
        lines => {
            text += "\n   Its last lines:";
            text.extend(lines.iter().map(|line| format!("\n     | {line}")));
        }
    }
    if let Some(file) = &sink.file {
        text += &format!("\n   Its log: {}", file.path.display());
    }
    if let Some(hint) = hint(exit) {
        text += &format!("\n   {hint}");
    }
    match others {
        0 => {}
        1 => text += "\n   The other app goes on; Ctrl-C ends it.",
        others => text += &format!("\n   The other {others} apps go on; Ctrl-C ends them all."),
    }
    text
}

/// What the way of ending usually means.
fn hint(exit: Exit) -> Option<&'static str> {
    match exit {
        Exit::Code(126) => Some("126 is what a shell says when it may not execute a program."),
        Exit::Code(127) => {
            Some("127 is what a shell says when it does not find a program: is it installed, and on PATH?")
        }
        Exit::Signal(KILLED) => Some("It was killed from outside; when the system runs out of memory, it does that."),
        Exit::Signal(11 | 6 | 7 | 4) => Some("It crashed."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::log_lines::{LogFile, Tail, follow};

    fn sink(text: &'static str) -> (tempfile::TempDir, Sink) {
        let folder = tempfile::tempdir().unwrap();
        let file = LogFile::create(folder.path(), "a").unwrap();
        let sink = Sink { console: None, file: Some(file), tail: Some(Tail::default()) };
        follow(Cursor::new(text), sink.clone()).join().unwrap();
        (folder, sink)
    }

    #[test]
    fn an_app_is_quoted_with_its_log_and_what_may_help() {
        let (folder, sink) = sink("starting\nsh: 1: nod: not found\n");
        let text = explain(Who::App, Exit::Code(127), &sink, 2);
        let log = folder.path().join("a.log");
        assert_eq!(
            text,
            format!(
                "The App process exited with error code: 127\n   Its last lines:\n     | starting\n     | sh: 1: nod: not found\n   \
                 Its log: {}\n   127 is what a shell says when it does not find a program: is it installed, and on PATH?\n   \
                 The other 2 apps go on; Ctrl-C ends them all.",
                log.display()
            )
        );
    }

    #[test]
    fn of_a_sidecar_the_errors_are_quoted() {
        let (_folder, sink) = sink("level=info msg=x\nlevel=fatal msg=\"no port\"\nlevel=info msg=y\n");
        let text = explain(Who::Sidecar, Exit::Code(1), &sink, 0);
        assert!(
            text.starts_with("The daprd process exited with error code: 1\n   Its last lines:\n     | level=fatal"),
            "{text}"
        );
        assert!(!text.contains("msg=y") && !text.contains("go on"), "{text}");
        assert!(explain(Who::App, Exit::Signal(9), &Sink::default(), 1).contains("It printed nothing."));
    }
}
