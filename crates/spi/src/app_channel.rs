//! The way to the application, as engines see it.

use async_trait::async_trait;
use bytes::Bytes;
use dapr_net::Body;
use http::HeaderMap;

/// A call of one of the application's methods.
#[derive(Debug)]
pub struct Invoke {
    /// The verb, the path (escaped, begins with `/`) and the query; the headers (from gRPC callers: the metadata), among
    /// them `content-type`, which is that of the body; the body. A gRPC caller that gave no verb has [`NO_VERB`].
    pub request: http::Request<Body>,
    /// Type of the message in the body; empty when it is not known.
    pub type_url: String,
    /// Whether the headers are the metadata of a gRPC call: HTTP headers get other names on their way to a gRPC
    /// application, metadata do not.
    pub from_grpc: bool,
}

/// The verb of a call that has none. HTTP applications refuse it.
pub const NO_VERB: &str = "NONE";

/// What the application answered.
#[derive(Debug)]
pub enum Answer {
    /// An HTTP application, whatever the status.
    Http(http::Response<Body>),
    /// A gRPC application; `content_type` and `type_url` describe `data`.
    Grpc {
        /// Its response headers.
        metadata: HeaderMap,
        /// Its trailers, without the status.
        trailers: HeaderMap,
        /// The message.
        data: Bytes,
        /// Type of the message.
        type_url: String,
        /// What the application says its data is.
        content_type: String,
    },
}

/// Why the application gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// It is not healthy, so it was not called.
    #[error("app is not in a healthy state")]
    Unhealthy,
    /// It could not be reached, or the connection broke before an answer began; the text says why.
    #[error("{0}")]
    Unreachable(String),
    /// The request makes no sense for this application: a verb it cannot take, a body that is too long.
    #[error("{0}")]
    Invalid(String),
    /// A gRPC application refused.
    #[error("{message}")]
    Status {
        /// gRPC code.
        code: i32,
        /// What it said.
        message: String,
        /// An encoded `google.rpc.Status`, or empty.
        details: Bytes,
        /// Its response headers and trailers, without the status.
        metadata: Box<HeaderMap>,
    },
}

/// Calls the application. One call at a time may be many: `app-max-concurrency` is kept here, and so are the
/// application's token, its health, and its middleware.
#[async_trait]
pub trait AppChannel: Send + Sync {
    /// Calls a method.
    ///
    /// # Errors
    /// The application gave no answer.
    async fn invoke(&self, call: Invoke) -> Result<Answer, CallError>;

    /// Passes a gRPC call on untouched: any service, any codec, streaming both ways.
    ///
    /// # Errors
    /// The application speaks no gRPC, or gave no answer.
    async fn proxy(&self, request: http::Request<Body>) -> Result<http::Response<Body>, CallError>;

    /// Calls a unary method of a gRPC application, whatever its health, and returns its encoded answer. `path` is
    /// `/package.Service/Method`, `message` is encoded; `metadata` go with the call.
    ///
    /// # Errors
    /// The application gave no answer or refused, or it speaks HTTP.
    async fn call_unary(&self, path: &str, message: Bytes, metadata: HeaderMap) -> Result<Bytes, CallError>;

    /// Whether the application speaks gRPC.
    fn is_grpc(&self) -> bool;
}
