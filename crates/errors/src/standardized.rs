//! An error that a component worded itself, codes and all.

use std::fmt::{self, Display};

use crate::Code;

/// What a pluggable component wants the application to see in place of the sidecar's own row.
///
/// gRPC answers carry it whole. HTTP answers take its status; those of a [`crate::Shape::Standard`] row take its code,
/// message and `ErrorInfo` too, the others keep theirs and quote it as the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standardized {
    /// gRPC status.
    pub grpc: Code,
    /// HTTP status.
    pub http: u16,
    /// `errorCode` of the JSON body.
    pub code: String,
    /// The sentence for the reader.
    pub message: String,
    /// `reason` of `google.rpc.ErrorInfo`.
    pub reason: String,
    /// `domain` of `google.rpc.ErrorInfo`.
    pub domain: String,
}

/// The text is interface: applications find it in the message of an HTTP answer.
impl Display for Standardized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "api error: code = {} desc = {}", self.grpc, self.message)
    }
}
