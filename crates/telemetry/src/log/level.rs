//! The level names of `--log-level` and what each lets through.

use std::fmt;
use std::str::FromStr;

/// A log level as Dapr names it, most talkative first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything.
    Debug,
    /// The default.
    #[default]
    Info,
    /// Flag value `warn`, printed `warning`.
    Warning,
    /// Errors and fatal errors.
    Error,
    /// Only what ends the process ([`crate::fatal!`]).
    Fatal,
}

/// The text of a level that does not exist.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid value for --log-level: {0}")]
pub struct InvalidLevel(pub String);

impl Level {
    /// As printed after `level=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
            Level::Fatal => "fatal",
        }
    }

    /// The most talkative `tracing` level this one lets through.
    pub(super) fn filter(self) -> tracing::level_filters::LevelFilter {
        use tracing::level_filters::LevelFilter;
        match self {
            Level::Debug => LevelFilter::DEBUG,
            Level::Info => LevelFilter::INFO,
            Level::Warning => LevelFilter::WARN,
            Level::Error | Level::Fatal => LevelFilter::ERROR,
        }
    }
}

impl From<&tracing::Level> for Level {
    fn from(level: &tracing::Level) -> Self {
        match *level {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warning,
            tracing::Level::INFO => Level::Info,
            _ => Level::Debug,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = InvalidLevel;

    fn from_str(text: &str) -> Result<Self, InvalidLevel> {
        match text.to_ascii_lowercase().as_str() {
            "debug" => Ok(Level::Debug),
            "info" => Ok(Level::Info),
            "warn" | "warning" => Ok(Level::Warning),
            "error" => Ok(Level::Error),
            "fatal" => Ok(Level::Fatal),
            _ => Err(InvalidLevel(text.to_owned())),
        }
    }
}
