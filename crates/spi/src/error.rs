//! Why a component could not do what it was asked.

use dapr_errors::{Code, Standardized};

/// Result of a component's operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What engines need to know about a failure; everything else is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The given ETag is not the stored one.
    EtagMismatch,
    /// The given text cannot be an ETag of this store.
    EtagInvalid,
    /// The caller's fault: a bad option, TTL, key or value.
    Invalid,
    /// The component cannot do this at all.
    Unsupported,
    /// There is no such item.
    NotFound,
    /// The backend cannot be reached, or is not ready yet; a retry may help.
    Unavailable,
    /// The backend refused, or broke.
    Failed,
}

/// A component's failure: a kind for the engine, a sentence for the reader.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    standardized: Option<Box<Standardized>>,
    code: Option<Code>,
}

impl Error {
    /// A failure of `kind`; `message` is a lowercase fragment without final period.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None, standardized: None, code: None }
    }

    /// A failure that the backend's client reported; its text, with the texts of its causes, is appended to `what`.
    pub fn from_source(kind: ErrorKind, what: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        let mut message = format!("{what}: {source}");
        let mut cause = source.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = error.source();
        }
        Self { kind, message, source: Some(Box::new(source)), standardized: None, code: None }
    }

    /// A failure that the component words for the application itself, as only pluggable ones do.
    pub fn from_standardized(error: Standardized) -> Self {
        let (kind, message, code) = (ErrorKind::Failed, error.to_string(), Some(error.grpc));
        Self { kind, message, source: None, standardized: Some(Box::new(error)), code }
    }

    /// The caller's fault.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// The backend refused, or broke.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Failed, message)
    }

    /// The backend cannot be reached.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// The component cannot do this.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// The given ETag is not the stored one. The text is interface: SDK users match on it.
    pub fn etag_mismatch() -> Self {
        Self::new(
            ErrorKind::EtagMismatch,
            "possible etag mismatch. error from state store: the item was changed by someone else",
        )
    }

    /// The given text cannot be an ETag of this store. The text is interface: SDK users match on it.
    pub fn etag_invalid(why: impl std::fmt::Display) -> Self {
        Self::new(ErrorKind::EtagInvalid, format!("invalid etag value: {why}"))
    }

    /// What the engine looks at.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the component wants the application to see.
    pub fn standardized(&self) -> Option<&Standardized> {
        self.standardized.as_deref()
    }

    /// The gRPC status that the component answered with, as only pluggable ones do.
    pub fn code(&self) -> Option<Code> {
        self.code
    }

    /// Sets the gRPC status.
    #[must_use]
    pub fn with_code(mut self, code: Option<Code>) -> Self {
        self.code = code;
        self
    }

    /// Puts `context` before the message.
    #[must_use]
    pub fn context(mut self, context: &str) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }
}
