//! HTTP/1.1 and HTTP/2 connections and the bodies that stream over them. Not one Dapr word.
//!
//! [`http1::Pool`] and [`http2::Client`] call one origin each; both give back a
//! [`Body`] that streams, and say of a failure whether the request can have
//! reached the peer. [`corked`] saves system calls on HTTP/2 connections.

pub mod body;
pub mod corked;
pub mod dial;
pub mod error;
pub mod fetch;
pub mod headers;
pub mod http1;
pub mod http2;
pub mod tls;

pub use body::{Body, BoxError};
pub use dial::{Origin, Tls};
pub use error::SendError;
