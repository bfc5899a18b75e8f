//! The output of child processes: whole lines, prefixed, to the console and to log files.

mod tail;

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use anyhow::{Context as _, Result, bail};

pub(crate) use self::tail::Tail;
use crate::say;

/// Log files of one app and one second.
const MOST_OF_A_NAME: usize = 1000;

/// A line longer than this is written in pieces, so that a child that never ends its line
/// cannot fill our memory.
const LONGEST: u64 = 256 * 1024;

/// Where the lines of one child go. Clones share the file and the last lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sink {
    /// `None`: not to the console.
    pub(crate) console: Option<Console>,
    pub(crate) file: Option<LogFile>,
    /// `None`: nobody will ask for the last lines.
    pub(crate) tail: Option<Tail>,
}

/// How lines look on the console.
#[derive(Clone, Debug, Default)]
pub(crate) struct Console {
    /// Put before every line; empty for a sidecar that runs alone.
    pub(crate) prefix: String,
    /// The number of the ANSI colour of the prefix; `None` on what is no terminal.
    pub(crate) colour: Option<u8>,
}

/// A log file. Clones write to the same.
#[derive(Clone, Debug)]
pub(crate) struct LogFile {
    pub(crate) path: PathBuf,
    file: Arc<Mutex<File>>,
}

impl Sink {
    /// Writes one line without its end.
    pub(crate) fn write(&self, line: &[u8]) {
        if let Some(console) = &self.console {
            console.write(line);
        }
        if self.file.is_none() && self.tail.is_none() {
            return;
        }
        let mut text = without_colour(line);
        if let Some(tail) = &self.tail {
            tail.push(&text);
        }
        if let Some(log) = &self.file {
            text.push(b'\n');
            // A full disk must not stop the application; the console still has the line.
            let _ = log.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&text);
        }
    }
}

impl Console {
    fn write(&self, line: &[u8]) {
        say::to_stdout(&self.decorate(&String::from_utf8_lossy(line)));
    }

    fn decorate(&self, line: &str) -> String {
        match (self.prefix.as_str(), self.colour) {
            ("", _) => format!("{line}\n"),
            (prefix, None) => format!("{prefix}{line}\n"),
            // The prefix only: the line keeps the colours that the app gave it.
            (prefix, Some(colour)) => format!("\u{1b}[1;{colour}m{prefix}\u{1b}[0m{line}\n"),
        }
    }
}

impl LogFile {
    /// Creates `<name>.log` in `folder`, with another name when that is there: two apps with one id
    /// may start in the same second.
    ///
    /// # Errors
    /// The folder or the file cannot be created.
    pub(crate) fn create(folder: &Path, name: &str) -> Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        for number in 1..=MOST_OF_A_NAME {
            let suffix = if number == 1 { String::new() } else { format!("_{number}") };
            let path = folder.join(format!("{name}{suffix}.log"));
            match File::create_new(&path) {
                Ok(file) => return Ok(Self::of(path, file)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| format!("cannot create {}", path.display())),
            }
        }
        bail!("there are already {MOST_OF_A_NAME} log files {name} in {}", folder.display())
    }

    /// Begins the file at `path` anew.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn replace(path: PathBuf) -> Result<Self> {
        let file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self::of(path, file))
    }

    fn of(path: PathBuf, file: File) -> Self {
        Self { path, file: Arc::new(Mutex::new(file)) }
    }
}

/// Copies `output` to `sink` line by line, on a thread of its own: a console that blocks (a
/// paused terminal) must not keep us from hearing signals.
pub(crate) fn follow(output: impl Read + Send + 'static, sink: Sink) -> JoinHandle<()> {
    std::thread::spawn(move || copy(output, &sink))
}

fn copy(output: impl Read, sink: &Sink) {
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    while next_line(&mut reader, &mut line) {
        sink.write(&line);
    }
}

/// Reads the next line without its end into `line`; false at the end of the stream.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> bool {
    line.clear();
    match reader.take(LONGEST).read_until(b'\n', line) {
        Ok(0) | Err(_) => return false,
        Ok(_) => {}
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    true
}

/// `line` without its ANSI colour sequences (`ESC [ digits m`): log files are read by programs.
fn without_colour(line: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(line.len() + 1);
    let mut rest = line;
    while let Some((&first, tail)) = rest.split_first() {
        match colour_length(rest) {
            Some(length) => rest = &rest[length..],
            None => {
                plain.push(first);
                rest = tail;
            }
        }
    }
    plain
}

fn colour_length(text: &[u8]) -> Option<usize> {
    let body = text.strip_prefix(b"\x1b[")?;
    let end = body.iter().position(|byte| !byte.is_ascii_digit() && *byte != b';')?;
    (body[end] == b'm').then_some(end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<Vec<u8>> {
        let (mut reader, mut line, mut all) = (BufReader::new(text), Vec::new(), Vec::new());
        while next_line(&mut reader, &mut line) {
            all.push(line.clone());
        }
        all
    }

    #[test]
    fn lines_lose_only_their_ends() {
        assert_eq!(lines(b"a\r\n\nb"), [b"a".to_vec(), b"".to_vec(), b"b".to_vec()]);
    }

    #[test]
    fn an_endless_line_comes_in_pieces() {
        let text = vec![b'x'; LONGEST as usize + 10];
        assert_eq!(lines(&text).iter().map(Vec::len).collect::<Vec<_>>(), [LONGEST as usize, 10]);
    }

    #[test]
    fn the_prefix_stands_before_every_line_and_colours_only_on_a_terminal() {
        let mut console = Console { prefix: "== APP == ".to_owned(), ..Console::default() };
        assert_eq!(console.decorate("hi"), "== APP == hi\n");
        console.colour = Some(94);
        assert_eq!(console.decorate("hi"), "\u{1b}[1;94m== APP == \u{1b}[0mhi\n");
        assert_eq!(Console::default().decorate("hi"), "hi\n");
    }

    #[test]
    fn files_and_last_lines_have_no_colours() {
        let folder = tempfile::tempdir().unwrap();
        let file = LogFile::create(&folder.path().join("logs"), "a_app_1").unwrap();
        let sink = Sink { console: None, file: Some(file.clone()), tail: Some(Tail::default()) };
        copy(&b"\x1b[1;31mred\x1b[0m [x]\nend"[..], &sink);
        assert_eq!(std::fs::read_to_string(&file.path).unwrap(), "red [x]\nend\n");
        assert_eq!(sink.tail.unwrap().last(5), ["red [x]", "end"]);
    }

    #[test]
    fn apps_with_one_name_get_files_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..3)
            .map(|_| LogFile::create(folder.path(), "a_app_1").unwrap())
            .map(|file| file.path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["a_app_1.log", "a_app_1_2.log", "a_app_1_3.log"]);
    }
}
