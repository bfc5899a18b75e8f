//! Installs the process's log writer: a `tracing` subscriber that prints the line format of Dapr.
//!
//! Callers log with `tracing`'s macros; the target is the printed scope (`target: "dapr.runtime"`), further
//! fields of the event follow as `key=value`. Spans are not looked at, so they cost nothing.
//! Level, format and destination are fixed for the life of the process, which lets `tracing` cache per call
//! site that a level is off: a disabled line costs one load.

use std::path::PathBuf;

mod fields;
mod level;
mod line;
mod output;
mod subscriber;

#[cfg(test)]
mod tests;

pub use level::{InvalidLevel, Level};
pub use output::Output;
pub use subscriber::LogSubscriber;

/// What to log, how and where.
#[derive(Debug, Clone, Default)]
pub struct LogConfig {
    /// Lines below this level are dropped.
    pub level: Level,
    /// One JSON object a line instead of text.
    pub json: bool,
    /// Appended to, and created with mode 0644; standard output when absent.
    pub file: Option<PathBuf>,
    /// Printed as `app_id`; absent from the line when `None` (control plane).
    pub app_id: Option<String>,
    /// Printed as `ver`.
    pub version: String,
}

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `--log-file` cannot be opened for appending.
    #[error("failed to open log file {path}: {source}", path = path.display())]
    OpenFile {
        /// As given.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// [`init`] was called before, or another subscriber is installed.
    #[error("logging is already set up")]
    AlreadyInstalled,
}

/// Installs the log writer for the whole process. Call once, as soon as the flags are parsed.
pub fn init(config: LogConfig) -> Result<(), LogError> {
    let output = match &config.file {
        Some(path) => Output::append(path).map_err(|source| LogError::OpenFile { path: path.clone(), source })?,
        None => Output::Stdout,
    };
    tracing::subscriber::set_global_default(LogSubscriber::new(config, output)).map_err(|_| LogError::AlreadyInstalled)
}

/// Logs with `level=fatal`. It only logs: the caller decides how the process ends.
///
/// ```
/// dapr_telemetry::fatal!(target: "dapr.runtime", "Fatal error from runtime: {}", "no such file");
/// ```
#[macro_export]
macro_rules! fatal {
    (target: $target:expr, $($arg:tt)+) => {
        $crate::__tracing::error!(target: $target, fatal = true, $($arg)+)
    };
}
