//! Why a request got no answer.

use crate::BoxError;

/// Why a request got no answer, and whether the peer can have seen it.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No connection could be made; the peer has not seen the request.
    #[error("{0}")]
    Connect(std::io::Error),
    /// The connection went away before the request was on it; the peer has not seen it, or says that it did nothing.
    #[error("the connection was closed before the request was sent: {0}")]
    Unsent(BoxError),
    /// The connection broke after the request, or a part of it, was sent.
    #[error("the connection broke before the answer: {0}")]
    Broken(BoxError),
}

impl SendError {
    /// The peer did nothing for this request: it may be sent again.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Unsent(_))
    }
}
