//! One error that happened: a row, its message and its details.

use std::borrow::Cow;
use std::fmt::{self, Display};

use crate::Standardized;
use crate::row::{Code, Row, Shape};

/// An error for the application that called.
///
/// Small on purpose (two pointers and a vector live behind one box), since it travels in every `Result`.
pub struct Error(Box<Inner>);

struct Inner {
    row: &'static Row,
    message: String,
    metadata: Vec<(Cow<'static, str>, String)>,
    details: Vec<Detail>,
    standardized: Option<Standardized>,
}

/// A detail beside `ErrorInfo`; the names are those of `google.rpc`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// `google.rpc.ResourceInfo`.
    Resource {
        /// Kind of resource: `state`, `pubsub`.
        kind: &'static str,
        /// Name of the component.
        name: String,
        /// What happened to it; may be empty.
        description: String,
    },
    /// `google.rpc.BadRequest` with one violation.
    Field {
        /// The field or key.
        field: String,
        /// What is wrong with it.
        description: String,
    },
    /// `google.rpc.Help` with one link.
    Help {
        /// Where to read on.
        url: &'static str,
        /// What is found there.
        description: &'static str,
    },
}

impl Error {
    /// An error of `row`, whose template takes `arguments` in order.
    pub fn new(row: &'static Row, arguments: &[&dyn Display]) -> Self {
        let message = fill(row.template, arguments);
        Self(Box::new(Inner { row, message, metadata: Vec::new(), details: Vec::new(), standardized: None }))
    }

    /// Adds an entry to the metadata of `ErrorInfo`.
    #[must_use]
    pub fn with_metadata(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.0.metadata.push((key.into(), value.into()));
        self
    }

    /// Adds a detail; details are sent in the order they were added, before `ErrorInfo`.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        self.0.details.push(detail);
        self
    }

    /// Takes codes from the component that failed; the message stays the row's, for the answers that quote.
    #[must_use]
    pub fn with_standardized(mut self, standardized: Standardized) -> Self {
        self.0.standardized = Some(standardized);
        self
    }

    /// What the component worded itself.
    pub fn standardized(&self) -> Option<&Standardized> {
        self.0.standardized.as_ref()
    }

    /// The component's error where it stands in place of the row's in JSON, rather than being quoted.
    pub(crate) fn replacement(&self) -> Option<&Standardized> {
        self.standardized().filter(|_| self.0.row.shape == Shape::Standard)
    }

    /// Code and category, as the metric `error_code/total` labels them.
    pub fn labels(&self) -> (&str, &'static str) {
        match self.replacement() {
            Some(standardized) => (&standardized.code, "pluggable-component"),
            None => (self.0.row.code, self.0.row.category.label()),
        }
    }

    /// The row of the table.
    pub fn row(&self) -> &'static Row {
        self.0.row
    }

    /// HTTP status.
    pub fn http_status(&self) -> u16 {
        self.standardized().map_or(self.0.row.http, |standardized| standardized.http)
    }

    /// gRPC status.
    pub fn grpc_code(&self) -> Code {
        self.standardized().map_or(self.0.row.grpc, |standardized| standardized.grpc)
    }

    /// The sentence for the reader.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Metadata of `ErrorInfo`.
    pub fn metadata(&self) -> &[(Cow<'static, str>, String)] {
        &self.0.metadata
    }

    /// Details beside `ErrorInfo`; empty unless the row is [`Shape::Standard`].
    pub fn details(&self) -> &[Detail] {
        if self.0.row.shape == Shape::Standard { &self.0.details } else { &[] }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.row.name, self.0.message)
    }
}

impl std::error::Error for Error {}

/// Replaces each `{name}` of `template` by the next argument.
fn fill(template: &str, arguments: &[&dyn Display]) -> String {
    use fmt::Write as _;
    let mut message = String::with_capacity(template.len() + 32);
    let mut rest = template;
    let mut arguments = arguments.iter();
    while let Some((before, after)) = rest.split_once('{') {
        message.push_str(before);
        let Some((_, after)) = after.split_once('}') else { break };
        if let Some(argument) = arguments.next() {
            let _ = write!(message, "{argument}");
        }
        rest = after;
    }
    message.push_str(rest);
    debug_assert!(arguments.next().is_none(), "more arguments than placeholders in `{template}`");
    message
}
