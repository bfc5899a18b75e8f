//! What is wrong with a run file, and where: every problem at once, each with its line and field.

use std::fmt;

use serde_saphyr::{Location, Spanned};

/// A value of a run file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// 0: no line of it is to blame.
    line: u64,
    /// The path to the field, as `apps[1].appPort`; empty for the file as a whole.
    field: String,
    message: String,
}

impl Problem {
    pub(super) fn new(location: Location, field: String, message: String) -> Self {
        Self { line: location.line(), field, message }
    }

    pub(super) fn at<T>(value: &Spanned<T>, field: String, message: String) -> Self {
        Self::new(value.referenced, field, message)
    }

    /// `file:line: field: message`, as compilers and editors write and read it.
    pub(super) fn sentence(&self, file: &str) -> String {
        let mut text = file.to_owned();
        if self.line > 0 {
            text += &format!(":{}", self.line);
        }
        if !self.field.is_empty() {
            text += &format!(": {}", self.field);
        }
        text + ": " + &self.message
    }
}

impl From<serde_saphyr::Error> for Problem {
    fn from(error: serde_saphyr::Error) -> Self {
        let location = error.location().unwrap_or(Location::UNKNOWN);
        // The parser draws the place over several lines; ours is one line with the place in front.
        let message = error.without_snippet().to_string();
        Self::new(location, String::new(), message.lines().next().unwrap_or_default().trim().to_owned())
    }
}

/// All problems of one file, a line each.
#[derive(Debug)]
pub(super) struct Problems {
    file: String,
    problems: Vec<Problem>,
}

impl Problems {
    /// In the order of their lines.
    pub(super) fn new(file: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.line);
        Self { file: file.to_owned(), problems }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.problems.iter().map(|problem| problem.sentence(&self.file)).collect();
        f.write_str(&lines.join("\n   "))
    }
}

impl std::error::Error for Problems {}
