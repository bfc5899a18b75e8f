//! Where log lines go.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

/// A destination of whole lines.
pub enum Output {
    /// Standard output of the process.
    Stdout,
    /// A file open for appending: each line is one write, so several processes may share it.
    File(File),
    /// Anything else; tests capture lines with it.
    Writer(Mutex<Box<dyn Write + Send>>),
}

impl Output {
    /// Opens `path` for appending, creating it if needed.
    pub fn append(path: &Path) -> io::Result<Self> {
        OpenOptions::new().append(true).create(true).open(path).map(Output::File)
    }

    /// Wraps any writer.
    pub fn writer(writer: impl Write + Send + 'static) -> Self {
        Output::Writer(Mutex::new(Box::new(writer)))
    }

    /// Writes one line, newline included. A failed write is dropped: there is nowhere left to report it.
    pub(super) fn write_line(&self, line: &[u8]) {
        let _ = match self {
            Output::Stdout => io::stdout().lock().write_all(line),
            Output::File(file) => (&mut &*file).write_all(line),
            Output::Writer(writer) => match writer.lock() {
                Ok(mut writer) => writer.write_all(line),
                Err(_) => Ok(()),
            },
        };
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Output::Stdout => "Stdout",
            Output::File(_) => "File",
            Output::Writer(_) => "Writer",
        })
    }
}
