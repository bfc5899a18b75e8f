//! The last lines of a process, kept to explain its end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// So many lines are kept, each cut at so many bytes.
const LINES: usize = 60;
const LONGEST: usize = 400;

/// Clones share the lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    pub(super) fn push(&self, line: &[u8]) {
        let end = line.len().min(LONGEST);
        let text = String::from_utf8_lossy(&line[..end]);
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        // Nothing that a program prints shall move the cursor when we repeat it.
        lines.push_back(text.chars().filter(|c| !c.is_control() || *c == '\t').collect());
    }

    /// The last `count` lines that are not empty.
    pub(crate) fn last(&self, count: usize) -> Vec<String> {
        self.last_that(count, |_| true)
    }

    /// The last `count` lines that tell of an error in the log of a sidecar; without such lines,
    /// the last of any kind.
    pub(crate) fn last_errors(&self, count: usize) -> Vec<String> {
        const SIGNS: [&str; 5] = ["level=fatal", "level=error", "\"level\":\"fatal\"", "\"level\":\"error\"", "❌"];
        let found = self.last_that(count, |line| SIGNS.iter().any(|sign| line.contains(sign)));
        if found.is_empty() { self.last(count) } else { found }
    }

    fn last_that(&self, count: usize, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<String> =
            lines.iter().rev().filter(|line| !line.trim().is_empty() && wanted(line)).take(count).cloned().collect();
        found.reverse();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_lines_are_kept_and_none_is_long() {
        let tail = Tail::default();
        for number in 0..200 {
            tail.push(format!("line {number}").as_bytes());
        }
        tail.push(b" \t");
        tail.push(&[b'x'; 5000]);
        assert_eq!(tail.last(3), ["line 198".to_owned(), "line 199".to_owned(), "x".repeat(LONGEST)]);
        assert_eq!(tail.last(1000).len(), LINES - 1);
    }

    #[test]
    fn errors_come_before_what_a_sidecar_said_last() {
        let tail = Tail::default();
        tail.push(b"level=info msg=one");
        assert_eq!(tail.last_errors(2), ["level=info msg=one"]);
        tail.push(b"time=1 level=fatal msg=\"port 80 is taken\"");
        tail.push(b"level=info msg=two");
        assert_eq!(tail.last_errors(2), ["time=1 level=fatal msg=\"port 80 is taken\""]);
    }

    #[test]
    fn no_line_can_move_the_cursor() {
        let tail = Tail::default();
        tail.push(b"\x1b[2Jcleared\r\x07");
        assert_eq!(tail.last(1), ["[2Jcleared"]);
    }
}
