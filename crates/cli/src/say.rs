//! Status lines for people (`✅  …`), or one JSON object a line with `--log-as-json`.
//!
//! Every line leaves in one write under the lock of its stream, so that status lines and the log
//! lines of child processes never tear each other.

use std::io::{self, IsTerminal};

use serde::Serialize;

use crate::footer;

/// Where and how this invocation of the CLI reports what it does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Say {
    json: bool,
}

/// What a status line is about; the sign in front of it and its `status` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Success,
    Failure,
    Warning,
    Info,
    Pending,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    status: &'static str,
    msg: &'a str,
    /// The news of one app of a run file. Ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<serde_json::Value>,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Pending => "pending",
        }
    }

    /// The signs are interface: scripts grep for them.
    fn sign(self) -> &'static str {
        match self {
            Self::Success => "✅",
            Self::Failure => "❌",
            Self::Warning => "⚠",
            Self::Info => "ℹ️",
            Self::Pending => "⌛",
        }
    }
}

impl Say {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether `--log-as-json` was given.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    pub(crate) fn success(self, message: &str) {
        to_stdout(&self.line(Status::Success, message));
    }

    /// The only status that goes to standard error.
    pub(crate) fn failure(self, message: &str) {
        to_stderr(&self.line(Status::Failure, message));
    }

    pub(crate) fn warning(self, message: &str) {
        to_stdout(&self.line(Status::Warning, message));
    }

    pub(crate) fn info(self, message: &str) {
        to_stdout(&self.line(Status::Info, message));
    }

    pub(crate) fn pending(self, message: &str) {
        to_stdout(&self.line(Status::Pending, message));
    }

    /// News of one app; `details` stand in the line for machines only.
    pub(crate) fn app_news(self, message: &str, details: serde_json::Value) {
        to_stdout(&self.line_with(Status::Info, message, Some(details)));
    }

    /// The whole line, newline included.
    pub(crate) fn line(self, status: Status, message: &str) -> String {
        self.line_with(status, message, None)
    }

    fn line_with(self, status: Status, message: &str, app: Option<serde_json::Value>) -> String {
        if !self.json {
            return format!("{}  {message}\n", status.sign());
        }
        let line = Line { time: jiff::Timestamp::now().to_string(), status: status.name(), msg: message.trim(), app };
        serde_json::to_string(&line).map_or_else(|_| format!("{message}\n"), |json| json + "\n")
    }
}

/// Writes to standard output in one piece. A reader that went away is not our error.
pub(crate) fn to_stdout(text: &str) {
    bytes_to_stdout(text.as_bytes());
}

/// As [`to_stdout`], for what need not be text.
pub(crate) fn bytes_to_stdout(bytes: &[u8]) {
    footer::write(&mut io::stdout(), bytes);
}

/// Writes to standard error in one piece.
pub(crate) fn to_stderr(text: &str) {
    footer::write(&mut io::stderr(), text.as_bytes());
}

/// Whether standard output may carry colours.
pub(crate) fn stdout_takes_colour() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_a_sign_and_two_spaces() {
        assert_eq!(Say::new(false).line(Status::Success, "done"), "✅  done\n");
        assert_eq!(Say::new(false).line(Status::Info, "x"), "ℹ️  x\n");
    }

    #[test]
    fn machines_see_one_object_a_line() {
        let line = Say::new(true).line(Status::Failure, "\nno \"luck\"");
        let value: serde_json::Value = serde_json::from_str(line.trim_end()).unwrap();
        assert_eq!(value["status"], "failure");
        assert_eq!(value["msg"], "no \"luck\"");
        assert!(value["time"].as_str().unwrap().ends_with('Z'));
    }
}
