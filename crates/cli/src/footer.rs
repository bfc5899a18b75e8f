//! Lines that stay below everything else on a terminal, such as the table of the running apps.
//!
//! Whoever writes to the terminal takes the footer away first and lets it be drawn again after;
//! [`write()`] does both. There is one terminal, hence one footer for the process.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A busy log redraws the footer no more often than this; a thread catches up.
const REDRAW: Duration = Duration::from_millis(80);

static FOOTER: Mutex<Footer> = Mutex::new(Footer { lines: Vec::new(), shown: 0, drawn: None, is_kept: false });

/// The wanted lines and what of them is on the screen.
#[derive(Debug)]
struct Footer {
    lines: Vec<Line>,
    /// So many lines stand right above the cursor.
    shown: usize,
    drawn: Option<Instant>,
    /// A thread sees to it that the footer comes back after a burst of lines.
    is_kept: bool,
}

/// One line, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// The number of an ANSI colour for the whole line.
    pub(crate) colour: Option<u8>,
}

/// Replaces the footer. False, and nothing shown, when there is no terminal or too little room on
/// it; then the caller must tell its news in another way.
pub(crate) fn show(lines: Vec<Line>) -> bool {
    let mut footer = lock();
    let fits = room().is_some_and(|(rows, _)| lines.len() * 2 <= rows);
    footer.lines = if fits { lines } else { Vec::new() };
    let mut out = io::stdout().lock();
    let _ = out.write_all((footer.erase() + &footer.draw()).as_bytes());
    let _ = out.flush();
    if fits && !footer.is_kept {
        footer.is_kept = std::thread::Builder::new().name("footer".to_owned()).spawn(keep).is_ok();
    }
    fits
}

/// Draws the footer when a busy log has kept it away, until there is none. Not a task: a terminal
/// that is paused must not keep the others from hearing signals.
fn keep() {
    loop {
        std::thread::sleep(REDRAW);
        let mut footer = lock();
        if footer.lines.is_empty() {
            footer.is_kept = false;
            return;
        }
        footer.put();
    }
}

/// Leaves the lines where they are; what is written next comes below them.
pub(crate) fn release() {
    let mut footer = lock();
    footer.put();
    footer.lines.clear();
    footer.shown = 0;
}

/// Writes `text` to `out`, a stream that may share the footer's terminal, in one piece and above
/// the footer. A reader that went away is not our error.
pub(crate) fn write(out: &mut impl Write, text: &[u8]) {
    let mut footer = lock();
    if footer.lines.is_empty() {
        let _ = out.write_all(text).and_then(|()| out.flush());
        return;
    }
    let gone = footer.erase();
    let _ = io::stdout().lock().write_all(gone.as_bytes());
    let _ = io::stdout().lock().flush();
    let _ = out.write_all(text).and_then(|()| out.flush());
    if footer.drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
        footer.put();
    }
}

fn lock() -> MutexGuard<'static, Footer> {
    FOOTER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Rows and columns of the terminal; `None` when standard output is none, or a dumb one.
fn room() -> Option<(usize, usize)> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    if dumb || !io::stdout().is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_row > 0 && size.ws_col > 0).then(|| (size.ws_row.into(), size.ws_col.into()))
}

impl Footer {
    /// What takes the shown lines off the screen.
    fn erase(&mut self) -> String {
        match std::mem::take(&mut self.shown) {
            0 => String::new(),
            lines => format!("\u{1b}[{lines}F\u{1b}[J"),
        }
    }

    /// Puts the lines on the screen if they are not there.
    fn put(&mut self) {
        if self.shown == 0 && !self.lines.is_empty() {
            let mut out = io::stdout().lock();
            let _ = out.write_all(self.draw().as_bytes());
            let _ = out.flush();
        }
    }

    fn draw(&mut self) -> String {
        let width = room().map_or(usize::MAX, |(_, columns)| columns);
        let colours = std::env::var_os("NO_COLOR").is_none();
        self.shown = self.lines.len();
        self.drawn = Some(Instant::now());
        self.lines.iter().map(|line| line.drawn(width, colours)).collect()
    }
}

impl Line {
    /// Cut to `width`: a line that wraps would count as two.
    fn drawn(&self, width: usize, colours: bool) -> String {
        let text: String = self.text.chars().take(width.saturating_sub(1)).collect();
        match self.colour.filter(|_| colours) {
            Some(colour) => format!("\u{1b}[{colour}m{text}\u{1b}[0m\n"),
            None => text + "\n",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, colour: Option<u8>) -> Line {
        Line { text: text.to_owned(), colour }
    }

    #[test]
    fn lines_never_wrap_and_keep_their_colour() {
        assert_eq!(line("abcdef", None).drawn(4, true), "abc\n");
        assert_eq!(line("abcdef", Some(31)).drawn(4, true), "\u{1b}[31mabc\u{1b}[0m\n");
        assert_eq!(line("abcdef", Some(31)).drawn(80, false), "abcdef\n");
    }

    #[test]
    fn what_was_drawn_is_erased_once() {
        let mut footer =
            Footer { lines: vec![line("a", None), line("b", None)], shown: 0, drawn: None, is_kept: false };
        assert_eq!(footer.erase(), "");
        assert_eq!(footer.draw(), "a\nb\n");
        assert_eq!(footer.erase(), "\u{1b}[2F\u{1b}[J");
        assert_eq!(footer.erase(), "");
    }

    #[test]
    fn without_a_terminal_there_is_no_footer() {
        // The output of a test is captured, hence no terminal.
        if !io::stdout().is_terminal() {
            assert!(!show(vec![line("a", None)]));
            let mut out = Vec::new();
            write(&mut out, b"text\n");
            assert_eq!(out, b"text\n");
        }
    }
}
