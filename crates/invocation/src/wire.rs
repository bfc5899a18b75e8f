//! The leading messages of a call between sidecars, and the pieces of bodies that follow them
//! (`proto/dapr/proto/internals/v1/service_invocation.proto`).
//!
//! Written by hand from header maps to bytes and back, since these messages are on the path of every call: the
//! generated types would allocate a map, a list and two strings for each header.

mod read;
#[cfg(test)]
mod tests;
mod write;

use bytes::Bytes;
use http::HeaderMap;

pub(crate) use read::{ReadError, request, response};
pub(crate) use write::{entries, payload_prefix, put_request, put_response};

/// The head of a call.
#[derive(Debug, Default)]
pub(crate) struct RequestHead {
    /// Headers or metadata.
    pub(crate) metadata: HeaderMap,
    pub(crate) method: String,
    pub(crate) content_type: String,
    pub(crate) type_url: String,
    /// `HTTPExtension.verb`; none when the message has no extension.
    pub(crate) verb: Option<i32>,
    pub(crate) query: String,
    /// What the sidecar says of itself: entries of the metadata, encoded by [`entries`].
    pub(crate) own: Bytes,
    /// The app that is called; empty to say nothing of it.
    pub(crate) callee: String,
    /// The headers are those of an HTTP request: their names are written in HTTP's own case, by which a Go receiver
    /// tells them from metadata.
    pub(crate) from_http: bool,
}

/// The head of an answer.
#[derive(Debug, Default)]
pub(crate) struct ResponseHead {
    /// HTTP status, or gRPC code when below 100.
    pub(crate) code: i32,
    pub(crate) message: String,
    /// Encoded `google.protobuf.Any`s.
    pub(crate) details: Vec<Bytes>,
    pub(crate) headers: HeaderMap,
    pub(crate) trailers: HeaderMap,
    pub(crate) content_type: String,
    pub(crate) type_url: String,
    pub(crate) from_http: bool,
}

/// A message of a stream, taken apart.
#[derive(Debug)]
pub(crate) struct Message<H> {
    /// In the first message only.
    pub(crate) head: Option<H>,
    /// A piece of the body and its number.
    pub(crate) payload: Option<(Bytes, u64)>,
}

/// Verbs by their number in `HTTPExtension.Verb`; 0 is no verb.
pub(crate) const VERBS: [&str; 10] =
    ["NONE", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];
