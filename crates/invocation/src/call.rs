//! A call on its way to an app, and what comes back.

use bytes::Bytes;
use dapr_net::Body;
use dapr_telemetry::trace::Span;
use http::HeaderMap;

use crate::MethodPath;

/// A call of an app's method, from either edge.
#[derive(Debug)]
pub struct Call {
    /// `app`, `app.namespace`, the name of an HTTPEndpoint, or a URL.
    pub target: String,
    /// The method.
    pub path: MethodPath,
    /// Verb in upper case; `NONE` when a gRPC caller gave none.
    pub verb: String,
    /// What stands after `?`, as it came.
    pub query: String,
    /// Headers, or the metadata of a gRPC call.
    pub headers: HeaderMap,
    /// Which of the two they are.
    pub from_grpc: bool,
    /// Media type of the body; empty when not told.
    pub content_type: String,
    /// Type of the message in the body; empty when not told.
    pub type_url: String,
    /// The body.
    pub body: Body,
    /// The span that the call belongs to.
    pub span: Span,
}

/// What an app answered.
#[derive(Debug)]
pub struct Answer {
    /// How the call went.
    pub status: AnswerStatus,
    /// Headers, or the metadata of a gRPC app.
    pub headers: HeaderMap,
    /// Trailers of a gRPC app.
    pub trailers: HeaderMap,
    /// Media type of the body; empty when not told.
    pub content_type: String,
    /// Type of the message in the body; empty when not told.
    pub type_url: String,
    /// The body.
    pub body: Body,
}

/// How a call went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerStatus {
    /// The app speaks HTTP.
    Http(u16),
    /// The app speaks gRPC.
    Grpc {
        /// gRPC code.
        code: i32,
        /// What the app said.
        message: String,
        /// Encoded `google.protobuf.Any`s.
        details: Vec<Bytes>,
    },
}

impl AnswerStatus {
    /// HTTP statuses from 400 on and gRPC codes other than 0 are failures of the app; 1xx and 2xx to 3xx are not.
    pub fn is_success(&self) -> bool {
        match self {
            Self::Http(status) => (200..400).contains(status),
            Self::Grpc { code, .. } => *code == 0,
        }
    }

    /// Whether the app speaks HTTP.
    pub fn is_http(&self) -> bool {
        matches!(self, Self::Http(_))
    }

    /// The number that policies match and metrics show.
    pub fn code(&self) -> i32 {
        match self {
            Self::Http(status) => i32::from(*status),
            Self::Grpc { code, .. } => *code,
        }
    }
}
